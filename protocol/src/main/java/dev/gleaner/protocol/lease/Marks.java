package dev.gleaner.protocol.lease;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Marks: the first eight bytes of a digest, by which two sides can tell whether they mean the same thing without naming it. On
 * the wire they stand one after another, big-endian. What is not among a million things has the mark of one of them with a chance
 * of 5 in 10^14.
 */
public final class Marks {
    private static final int HEX = 16;

    private Marks() {}

    /** The mark of a text in UTF-8. */
    public static long of(String algorithm, String text) {
        try {
            byte[] digest = MessageDigest.getInstance(algorithm).digest(text.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(digest).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + algorithm, e);
        }
    }

    /** The mark by SHA-256. */
    public static long of(String text) {
        return of("SHA-256", text);
    }

    /** The mark of a digest that somebody else made; at least 16 hexadecimal digits. */
    public static long ofDigest(String hex) {
        return Long.parseUnsignedLong(hex, 0, HEX, HEX);
    }

    public static byte[] bytes(long... marks) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(marks.length, Long.BYTES));
        bytes.asLongBuffer().put(marks);
        return bytes.array();
    }

    /** @throws IllegalArgumentException when the bytes are no whole groups of so many marks */
    public static long[] read(byte[] bytes, int group) {
        if (bytes.length % (group * Long.BYTES) != 0) {
            throw new IllegalArgumentException("marks come in groups of " + group * Long.BYTES + " bytes");
        }
        long[] marks = new long[bytes.length / Long.BYTES];
        ByteBuffer.wrap(bytes).asLongBuffer().get(marks);
        return marks;
    }
}
