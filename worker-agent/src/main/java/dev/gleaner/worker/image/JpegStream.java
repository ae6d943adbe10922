package dev.gleaner.worker.image;

import dev.gleaner.protocol.result.PairDrop;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the parts of a JPEG file are that make its pixels (ITU-T T.81 Annex B).
 *
 * @param kept tables and frame header: from where, and how many bytes
 * @param scan where the first scan's data begins; further tables and scans may follow
 * @param jfif whether the file has a JFIF marker
 * @param adobeTransform the Adobe marker's transform, or -1 without one
 * @param componentIds of the frame, in order
 */
record JpegStream(
        byte[] file,
        List<Segment> kept,
        int scan,
        int width,
        int height,
        boolean jfif,
        int adobeTransform,
        List<Integer> componentIds) {
    record Segment(int from, int length) {}

    private static final int SOI = 0xD8;
    private static final int EOI = 0xD9;
    private static final int SOS = 0xDA;
    private static final int APP0 = 0xE0;
    private static final int APP14 = 0xEE;
    private static final int COM = 0xFE;

    static JpegStream scan(byte[] b) throws ImageRefusedException {
        List<Segment> kept = new ArrayList<>();
        boolean jfif = false;
        int adobe = -1;
        int width = 0;
        int height = 0;
        List<Integer> ids = List.of();
        int at = 2;
        while (true) {
            while (at < b.length && (b[at] & 255) != 0xFF) {
                at++;
            }
            while (at < b.length && (b[at] & 255) == 0xFF) {
                at++;
            }
            if (at >= b.length) {
                throw new ImageRefusedException(PairDrop.UNDECODABLE, "the JPEG ends before its picture begins");
            }
            int marker = b[at++] & 255;
            if (marker == 0 || marker == 1 || marker == SOI || (marker >= 0xD0 && marker <= 0xD7)) {
                continue;
            }
            if (marker == EOI) {
                throw new ImageRefusedException(PairDrop.UNDECODABLE, "the JPEG has no picture");
            }
            int length = at + 1 < b.length ? (b[at] & 255) << 8 | (b[at + 1] & 255) : 0;
            if (length < 2 || at + length > b.length) {
                throw new ImageRefusedException(PairDrop.UNDECODABLE, "a JPEG segment is cut off");
            }
            if (marker == APP0) {
                jfif |= length >= 7
                        && b[at + 2] == 'J'
                        && b[at + 3] == 'F'
                        && b[at + 4] == 'I'
                        && b[at + 5] == 'F'
                        && b[at + 6] == 0;
            } else if (marker == APP14) {
                if (length >= 14
                        && b[at + 2] == 'A'
                        && b[at + 3] == 'd'
                        && b[at + 4] == 'o'
                        && b[at + 5] == 'b'
                        && b[at + 6] == 'e') {
                    adobe = b[at + 13] & 255;
                }
            } else if ((marker < APP0 || marker > 0xEF) && marker != COM) {
                kept.add(new Segment(at - 2, length + 2));
                if (isFrame(marker)) {
                    if (width != 0) {
                        throw new ImageRefusedException(PairDrop.UNDECODABLE, "the JPEG has two frames");
                    }
                    if (length < 8 + 3 * (b[at + 7] & 255) || length < 11) {
                        throw new ImageRefusedException(PairDrop.UNDECODABLE, "the JPEG's frame header is cut off");
                    }
                    height = (b[at + 3] & 255) << 8 | (b[at + 4] & 255);
                    width = (b[at + 5] & 255) << 8 | (b[at + 6] & 255);
                    ids = new ArrayList<>();
                    for (int i = 0; i < (b[at + 7] & 255); i++) {
                        ids.add(b[at + 8 + 3 * i] & 255);
                    }
                }
            }
            at += length;
            if (marker == SOS) {
                if (width == 0) {
                    throw new ImageRefusedException(PairDrop.UNDECODABLE, "the JPEG has a scan before its frame");
                }
                return new JpegStream(b, kept, at, width, height == 0 ? definedLater(b, at) : height, jfif, adobe, ids);
            }
        }
    }

    /** The number of lines may come after the first scan, in a DNL segment (T.81 B.2.5). */
    private static int definedLater(byte[] b, int from) {
        for (int i = from; i + 5 < b.length; i++) {
            if ((b[i] & 255) == 0xFF && (b[i + 1] & 255) == 0xDC && b[i + 2] == 0 && b[i + 3] == 4) {
                return (b[i + 4] & 255) << 8 | (b[i + 5] & 255);
            }
        }
        return 0;
    }

    /** Whether an end marker comes at all: what is cut off has none. */
    boolean ends() {
        for (int i = file.length - 2; i >= scan; i--) {
            if ((file[i] & 255) == 0xFF && (file[i + 1] & 255) == EOI) {
                return true;
            }
        }
        return false;
    }

    /**
     * The file without the application segments that Java's decoder would stumble over: colour profiles, EXIF, thumbnails,
     * comments. Pillow ignores them for pixels, so do we.
     */
    byte[] stripped() {
        ByteArrayOutputStream out = new ByteArrayOutputStream(file.length);
        out.write(0xFF);
        out.write(SOI);
        for (Segment segment : kept) {
            out.write(file, segment.from, segment.length);
        }
        out.write(file, scan, file.length - scan);
        return out.toByteArray();
    }

    private static boolean isFrame(int marker) {
        return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    }

    /** How three components are to be read: as libjpeg decides it. */
    boolean isYcc() {
        if (jfif) {
            return true;
        }
        if (adobeTransform >= 0) {
            return adobeTransform != 0;
        }
        return !componentIds.equals(List.of((int) 'R', (int) 'G', (int) 'B'));
    }
}
