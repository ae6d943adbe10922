package dev.gleaner.tracker.ledger;

import dev.gleaner.protocol.lease.FencingToken;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * What counted in a campaign and when, as a chain of hashes: whoever has kept one hash can tell later that nothing before it was
 * changed. Links are added some seconds after the results they tell of. Safe for any thread.
 */
public interface ResultChain {
    /** Adds links for what has none, some at a time. @return how many were added; 0 when all have one */
    CompletionStage<Integer> extend();

    /** @param after only links with a greater number */
    List<Link> links(String campaign, long after, int limit);

    /** The last link of a campaign's chain. */
    Optional<Link> head(String campaign);

    /** What became of a result. */
    enum Kind {
        ACCEPT,
        RETRACT,
        REINSTATE
    }

    /**
     * @param seq from 1, without a gap
     * @param token of the attempt
     * @param manifest SHA-256 of the manifest that was handed in, as the tracker keeps it
     * @param hash of the link before and of all else in this one, 64 hexadecimal digits
     */
    record Link(long seq, Kind kind, long job, FencingToken token, String manifest, Instant at, String hash) {
        /** The link that follows a hash. */
        public static Link after(
                String before, long seq, Kind kind, long job, FencingToken token, String manifest, Instant at) {
            return new Link(seq, kind, job, token, manifest, at, hash(before, seq, kind, job, token, manifest, at));
        }

        /** What the first link of a campaign's chain follows. */
        public static String root(String campaign) {
            return sha256("gleaner chain of " + campaign);
        }

        /** Whether this is what may follow that hash. */
        public boolean follows(String before) {
            return hash.equals(hash(before, seq, kind, job, token, manifest, at));
        }

        /** SHA-256 over the fields, a line each. */
        private static String hash(
                String before, long seq, Kind kind, long job, FencingToken token, String manifest, Instant at) {
            return sha256(String.join(
                    "\n",
                    before,
                    Long.toString(seq),
                    kind.name(),
                    Long.toString(job),
                    token.toString(),
                    manifest,
                    Long.toString(at.toEpochMilli())));
        }

        private static String sha256(String text) {
            try {
                return HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has SHA-256", e);
            }
        }
    }
}
