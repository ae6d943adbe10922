package dev.gleaner.protocol.result;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.regex.Pattern;

/**
 * The order-independent digest of a set of candidates: the sum modulo 2^128 of the first 16 bytes of SHA-256 over {@code
 * address "\n" text}. Digests of slices add up to the digest of the whole.
 *
 * <p>Mutable; one thread at a time.
 */
public final class CandidateDigest {
    private static final Pattern WIRE = Pattern.compile("[0-9a-f]{32}");
    private final MessageDigest sha256 = sha256();
    private long high;
    private long low;

    public void add(String url, String text) {
        sha256.update(url.getBytes(StandardCharsets.UTF_8));
        sha256.update((byte) '\n');
        ByteBuffer hash = ByteBuffer.wrap(sha256.digest(text.getBytes(StandardCharsets.UTF_8)));
        plus(hash.getLong(), hash.getLong());
    }

    /** Adds the digest of another, disjoint set. */
    public void add(CandidateDigest other) {
        plus(other.high, other.low);
    }

    private void plus(long addHigh, long addLow) {
        long sum = low + addLow;
        high += addHigh + (Long.compareUnsigned(sum, low) < 0 ? 1 : 0);
        low = sum;
    }

    /** 32 lower-case hexadecimal digits. */
    public String hex() {
        return String.format("%016x%016x", high, low);
    }

    /** Whether the text is a digest in the wire form. */
    public static boolean isValid(String hex) {
        return WIRE.matcher(hex).matches();
    }

    /** The sum of two digests in the wire form. */
    public static String sum(String a, String b) {
        BigInteger total = new BigInteger(a, 16).add(new BigInteger(b, 16));
        return String.format("%032x", total.mod(BigInteger.ONE.shiftLeft(128)));
    }

    /** What is left of a sum without a part that was added before. */
    public static String minus(String sum, String part) {
        BigInteger rest = new BigInteger(sum, 16).subtract(new BigInteger(part, 16));
        return String.format("%032x", rest.mod(BigInteger.ONE.shiftLeft(128)));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
