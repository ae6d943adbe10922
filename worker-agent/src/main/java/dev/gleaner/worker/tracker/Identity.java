package dev.gleaner.worker.tracker;

import org.jspecify.annotations.Nullable;

/**
 * Who this machine is to one tracker.
 *
 * @param worker the public id
 * @param token the secret
 * @param heartbeatSeconds how often to beat
 * @param next the secret that is to follow, while the tracker may or may not have heard of it
 */
record Identity(
        String worker,
        String token,
        int heartbeatSeconds,
        @Nullable String next) {
    Identity willBe(String coming) {
        return new Identity(worker, token, heartbeatSeconds, coming);
    }

    /** With the secret that was to follow. */
    Identity became() {
        return next == null ? this : new Identity(worker, next, heartbeatSeconds, null);
    }

    @Override
    public String toString() {
        return "Identity[worker=" + worker + ", token=***]";
    }
}
