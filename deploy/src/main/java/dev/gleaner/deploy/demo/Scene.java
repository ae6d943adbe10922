package dev.gleaner.deploy.demo;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.geom.Area;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;

/**
 * A picture of the demo's toy world and what can be said of it: the same colours, shapes, counts and places that {@code
 * deploy/model/scenes.py} trained the demo model on, drawn here by Java 2D.
 *
 * @param count 0 for one, up to 3 for four
 * @param place 0 to 3 for a corner, -1 for the middle or, with several shapes, anywhere
 */
record Scene(int colour, int shape, int count, int place, int ground) {
    private static final String[] COLOURS = {"red", "green", "blue", "yellow", "purple", "orange"};
    private static final int[] COLOUR_VALUES = {0xd62828, 0x28a03c, 0x2850d2, 0xf0d228, 0x8232a0, 0xf5821e};
    private static final String[] SHAPES = {"circle", "square", "triangle", "star", "ring", "cross"};
    private static final String[] COUNTS = {"a", "two", "three", "four"};
    private static final String[] PLACES = {"top left", "top right", "bottom left", "bottom right"};
    private static final String[] GROUNDS = {"white", "black", "grey"};
    private static final int[] GROUND_VALUES = {0xfafafa, 0x101010, 0x969696};

    static Scene random(Random random) {
        int count = random.nextInt(2) == 0 ? 0 : 1 + random.nextInt(3);
        int place = count == 0 && random.nextInt(10) < 6 ? random.nextInt(4) : -1;
        return new Scene(random.nextInt(6), random.nextInt(6), count, place, random.nextInt(3));
    }

    /** A true caption. */
    String caption() {
        String colour = COLOURS[colour()];
        String shape = SHAPES[shape()];
        String words = count == 0
                ? ("aeiou".indexOf(colour.charAt(0)) >= 0 ? "an " : "a ") + colour + " " + shape
                : COUNTS[count] + " " + colour + " " + shape + (shape.equals("cross") ? "es" : "s");
        if (place >= 0) {
            words += " in the " + PLACES[place] + " corner";
        }
        return words + " on a " + GROUNDS[ground] + " background";
    }

    /** The same scene with another colour and shape: its caption is false of this picture. */
    Scene other(Random random) {
        return new Scene(
                (colour + 1 + random.nextInt(5)) % 6, (shape + 1 + random.nextInt(5)) % 6, count, place, ground);
    }

    /** Draws it. */
    byte[] file(Random random, int size, String format) {
        BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = image.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        pen.setColor(new Color(GROUND_VALUES[ground]));
        pen.fillRect(0, 0, size, size);
        pen.setColor(new Color(COLOUR_VALUES[colour]));
        for (double[] spot : spots(random)) {
            pen.fill(outline(spot[0] * size, spot[1] * size, spot[2] * size, (random.nextDouble() - 0.5) * 0.3));
        }
        pen.dispose();
        for (int i = 0; i < size * size; i++) {
            int x = i % size;
            int y = i / size;
            int grain = random.nextInt(9) - 4;
            int rgb = image.getRGB(x, y);
            image.setRGB(x, y, level(rgb >> 16, grain) << 16 | level(rgb >> 8, grain) << 8 | level(rgb, grain));
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, format, out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static int level(int value, int grain) {
        return Math.max(0, Math.min(255, (value & 255) + grain));
    }

    private List<double[]> spots(Random random) {
        if (count == 0 && place < 0) {
            return List.of(
                    new double[] {near(random, 0.5, 0.05), near(random, 0.5, 0.05), 0.18 + random.nextDouble() * 0.14});
        }
        if (count == 0) {
            double x = place % 2 == 0 ? 0.25 : 0.75;
            double y = place < 2 ? 0.25 : 0.75;
            return List.of(
                    new double[] {near(random, x, 0.04), near(random, y, 0.04), 0.12 + random.nextDouble() * 0.06});
        }
        List<double[]> cells = new ArrayList<>();
        double r = 0.08 + random.nextDouble() * 0.04;
        for (double x : new double[] {0.2, 0.5, 0.8}) {
            for (double y : new double[] {0.2, 0.5, 0.8}) {
                cells.add(new double[] {near(random, x, 0.025), near(random, y, 0.025), r});
            }
        }
        Collections.shuffle(cells, random);
        return cells.subList(0, count + 1);
    }

    private static double near(Random random, double middle, double by) {
        return middle + (random.nextDouble() * 2 - 1) * by;
    }

    private Shape outline(double x, double y, double r, double turn) {
        return switch (SHAPES[shape]) {
            case "circle" -> new Ellipse2D.Double(x - r, y - r, 2 * r, 2 * r);
            case "ring" -> {
                Area ring = new Area(new Ellipse2D.Double(x - r, y - r, 2 * r, 2 * r));
                ring.subtract(new Area(new Ellipse2D.Double(x - 0.55 * r, y - 0.55 * r, 1.1 * r, 1.1 * r)));
                yield ring;
            }
            case "square" -> polygon(x, y, r, r, 4, turn + Math.PI / 4);
            case "triangle" -> polygon(x, y, r, r, 3, turn - Math.PI / 2);
            case "star" -> polygon(x, y, r, 0.42 * r, 10, turn - Math.PI / 2);
            default -> {
                Area cross = new Area(bar(x, y, r, turn));
                cross.add(new Area(bar(x, y, r, turn + Math.PI / 2)));
                yield cross;
            }
        };
    }

    private static Path2D polygon(double x, double y, double outer, double inner, int corners, double turn) {
        Path2D path = new Path2D.Double();
        for (int i = 0; i < corners; i++) {
            double r = i % 2 == 0 ? outer : inner;
            double angle = turn + 2 * Math.PI * i / corners;
            if (i == 0) {
                path.moveTo(x + r * Math.cos(angle), y + r * Math.sin(angle));
            } else {
                path.lineTo(x + r * Math.cos(angle), y + r * Math.sin(angle));
            }
        }
        path.closePath();
        return path;
    }

    private static Path2D bar(double x, double y, double r, double angle) {
        double dx = Math.cos(angle) * r;
        double dy = Math.sin(angle) * r;
        double w = 0.3;
        Path2D path = new Path2D.Double();
        path.moveTo(x + dx - w * dy, y + dy + w * dx);
        path.lineTo(x + dx + w * dy, y + dy - w * dx);
        path.lineTo(x - dx + w * dy, y - dy - w * dx);
        path.lineTo(x - dx - w * dy, y - dy + w * dx);
        path.closePath();
        return path;
    }
}
