package dev.gleaner.worker.fetch.dns;

import java.net.InetSocketAddress;

/**
 * One recursive resolver that is asked: how fast and how reliably it answered of late, and how many queries a second it gets. A
 * resolver that loses most of what it is asked is asked less, and more again when it answers. One thread.
 */
final class Upstream {
    private static final double LEAST_RATE = 10;
    /** What may be saved up, and what comes in beside it: a twentieth is left for what the way there bunches together. */
    private static final double BURST_SECONDS = 0.15;

    private static final double SHARE = 0.8;
    private static final int REVIEWED = 50;
    private static final double TOO_LOSSY = 0.5;
    private static final double HEALTHY = 0.1;
    private static final double FIRST_GUESS_MILLIS = 100;

    private final InetSocketAddress address;
    private final double limit;
    private double rate;
    private double tokens;
    private long filledAt;
    private double millis = FIRST_GUESS_MILLIS;
    private double loss;
    private int reviewed;
    private int lostOfReviewed;
    private long asked;
    private long lost;

    /** @param limit most queries in any second */
    Upstream(InetSocketAddress address, double limit, long nanos) {
        this.address = address;
        this.limit = limit;
        this.rate = most();
        this.tokens = Math.max(1, limit * BURST_SECONDS);
        this.filledAt = nanos;
    }

    /** What is saved up and what comes in a second together stay below the limit. */
    private double most() {
        return limit * SHARE;
    }

    InetSocketAddress address() {
        return address;
    }

    /** Takes the right to one query, if there is one now. */
    boolean take(long nanos) {
        tokens = Math.min(Math.max(1, limit * BURST_SECONDS), tokens + (nanos - filledAt) / 1e9 * rate);
        filledAt = nanos;
        if (tokens < 1) {
            return false;
        }
        tokens--;
        asked++;
        return true;
    }

    /** Until the next query may go, in nanoseconds. */
    long nanosToNext(long nanos) {
        double now = tokens + (nanos - filledAt) / 1e9 * rate;
        return now >= 1 ? 0 : (long) Math.ceil((1 - now) / rate * 1e9);
    }

    void answered(double tookMillis) {
        millis += (tookMillis - millis) * 0.1;
        outcome(0);
    }

    void lost() {
        lost++;
        outcome(1);
    }

    private void outcome(int bad) {
        loss += (bad - loss) * 0.05;
        lostOfReviewed += bad;
        if (++reviewed < REVIEWED) {
            return;
        }
        double share = lostOfReviewed / (double) reviewed;
        if (share > TOO_LOSSY) {
            rate = Math.max(Math.min(LEAST_RATE, most()), rate / 2);
        } else if (share < HEALTHY) {
            rate = Math.min(most(), rate * 1.25);
        }
        reviewed = 0;
        lostOfReviewed = 0;
    }

    /** After how long an answer is late enough to ask again. */
    long hedgeMillis() {
        return (long) Math.max(100, Math.min(1_500, 4 * millis));
    }

    /** The lower, the sooner it is asked. */
    double score() {
        return millis * (1 + 10 * loss);
    }

    /** Queries a second that it gets at most now. */
    double rate() {
        return rate;
    }

    long asked() {
        return asked;
    }

    long lostCount() {
        return lost;
    }
}
