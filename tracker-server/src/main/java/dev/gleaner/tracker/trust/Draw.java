package dev.gleaner.tracker.trust;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Lots that nobody can know before a result is handed in, and that fall the same at every tracker and after every crash: HMAC-SHA256
 * over job, attempt and manifest under a secret of the ledger. Safe for any thread.
 */
public final class Draw {
    private final byte[] secret;

    public Draw(byte[] secret) {
        this.secret = secret.clone();
    }

    /**
     * A number from 0, inclusive, to 1, exclusive.
     *
     * @param fingerprint of the manifest that was handed in
     */
    public double lot(long job, int attempt, String fingerprint) {
        return lot(job + "/" + attempt + "/" + fingerprint);
    }

    /** The lot of a job, whoever does it. */
    public double lot(long job) {
        return lot("job " + job);
    }

    private double lot(String name) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            byte[] digest = mac.doFinal(name.getBytes(StandardCharsets.UTF_8));
            return (ByteBuffer.wrap(digest).getLong() >>> 11) * 0x1p-53;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }
}
