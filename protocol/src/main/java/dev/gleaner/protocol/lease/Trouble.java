package dev.gleaner.protocol.lease;

/**
 * What a worker finds wrong with its own network.
 *
 * @param percent of lookups, connections or pictures that it concerns, 0 to 100
 */
public record Trouble(Kind kind, int percent) {
    /** The most that one worker may tell of. */
    public static final int MAX = 8;

    /** What is in trouble. */
    public enum Kind {
        /** Lookups of names go unanswered. */
        RESOLVER,
        /** Connections fail. */
        CONNECTIONS,
        /** Pictures do not come in time. */
        LINK
    }

    /** @throws IllegalArgumentException when the share is none */
    public Trouble {
        if (percent < 0 || percent > 100) {
            throw new IllegalArgumentException("percent must be 0 to 100");
        }
    }
}
