package dev.gleaner.worker.fetch;

import dev.gleaner.protocol.result.PairDrop;
import java.time.Duration;

/**
 * What is worth a second try: a connection that broke before it said anything, and a server that says it is in trouble. A time
 * that ran out is not, for it would run out again, nor is anything a server means.
 */
final class RetryRule {
    /** Between the end of the first try and the second. */
    static final long PAUSE_MILLIS = 2_000;

    private static final int TOO_MANY_REQUESTS = 429;
    private static final int UNAVAILABLE = 503;
    private static final Duration FIRST_REST = Duration.ofSeconds(5);

    private RetryRule() {}

    static boolean mayPass(Fetched.Dropped dropped) {
        return switch (dropped.reason()) {
            case PROTOCOL, TLS -> dropped.status() == 0 && dropped.broken();
            case HTTP_STATUS ->
                switch (dropped.status()) {
                    case TOO_MANY_REQUESTS, 500, 502, UNAVAILABLE, 504 -> true;
                    default -> false;
                };
            default -> false;
        };
    }

    /** Whether the whole site is to be left alone for a while. */
    static boolean wantsRest(Fetched.Dropped dropped) {
        return dropped.reason() == PairDrop.HTTP_STATUS
                && (dropped.status() == TOO_MANY_REQUESTS || dropped.status() == UNAVAILABLE);
    }

    /** Whether all workers should leave it alone: it asks for that in so many words, or says twice that it is overloaded. */
    static boolean wantsRestOfAll(Fetched.Dropped dropped, long retryAfterSeconds, boolean again) {
        return wantsRest(dropped) && (dropped.status() == TOO_MANY_REQUESTS || retryAfterSeconds >= 0 || again);
    }

    /**
     * For how long.
     *
     * @param retryAfterSeconds as the server says, or negative when it does not (RFC 9110, section 10.2.3)
     * @param again whether it said so to the second try, too
     */
    static Duration rest(long retryAfterSeconds, boolean again) {
        if (retryAfterSeconds >= 0) {
            return Duration.ofSeconds(Math.min(retryAfterSeconds, 86_400));
        }
        return again ? FIRST_REST.multipliedBy(12) : FIRST_REST;
    }
}
