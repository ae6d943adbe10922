package dev.gleaner.worker.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class RowMathTest {
    private static final long SEED = Long.getLong("gleaner.seed", 17);

    /** A picture of noise. */
    private record Noise(int width, int height, byte[] samples, boolean blueFirst) implements Picture {
        static Noise of(Random random, int width, int height, boolean blueFirst) {
            byte[] samples = new byte[width * height * 3];
            random.nextBytes(samples);
            return new Noise(width, height, samples, blueFirst);
        }

        @Override
        public void row(int y, byte[] colours) {
            System.arraycopy(samples, y * width * 3, colours, 0, width * 3);
        }
    }

    @Test
    void vectorsGiveTheSameBytesAsOneSampleAtATime() {
        RowMath fastest = RowMath.fastest();
        Assumptions.assumeFalse(
                fastest instanceof ScalarRowMath, "this Java or processor has no vectors of 256 bits to compare with");
        Random random = new Random(SEED);
        for (int i = 0; i < 60; i++) {
            Picture picture = Noise.of(random, 1 + random.nextInt(700), 1 + random.nextInt(700), false);
            assertArrayEquals(
                    Resizer.shorterSideThenCentre(picture, 224, new ScalarRowMath()),
                    Resizer.shorterSideThenCentre(picture, 224, fastest),
                    "seed " + SEED + ", " + picture.width() + "x" + picture.height());
        }
    }

    @Test
    void bluesFirstComeOutRedFirst() {
        Noise rgb = Noise.of(new Random(SEED), 300, 260, false);
        byte[] swapped = rgb.samples().clone();
        for (int i = 0; i < swapped.length; i += 3) {
            swapped[i] = rgb.samples()[i + 2];
            swapped[i + 2] = rgb.samples()[i];
        }
        assertArrayEquals(
                Resizer.shorterSideThenCentre(rgb, 224, RowMath.fastest()),
                Resizer.shorterSideThenCentre(new Noise(300, 260, swapped, true), 224, RowMath.fastest()));
    }

    @Test
    void theWeightsOfAPositionAddUpToOne() {
        for (int in : new int[] {1, 2, 223, 224, 225, 1000, 4000}) {
            Taps taps = Taps.of(in, 224, 0, 224);
            for (int[] weights : taps.weights()) {
                int sum = 0;
                for (int weight : weights) {
                    sum += weight;
                }
                assertEquals(1 << Taps.PRECISION, sum, weights.length, "from " + in);
            }
            assertEquals(in, taps.end(), "from " + in);
        }
    }
}
