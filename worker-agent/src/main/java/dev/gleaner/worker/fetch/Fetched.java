package dev.gleaner.worker.fetch;

import dev.gleaner.protocol.result.PairDrop;
import java.time.Instant;

/** What became of one address. */
public sealed interface Fetched {
    /**
     * The whole body of a 200 answer, within all limits.
     *
     * @param at when it was complete, by this machine's clock
     * @param reserved bytes taken of the {@link Slots} for it
     * @param contentType as the server says, empty when it says nothing; not to be believed
     * @param badCertificate whether a server on the way had a TLS certificate that does not verify
     */
    record Body(byte[] bytes, long reserved, int status, String contentType, Instant at, boolean badCertificate)
            implements Fetched {
        public Body(byte[] bytes, long reserved, int status, String contentType, Instant at) {
            this(bytes, reserved, status, contentType, at, false);
        }
    }

    /**
     * Nothing to use.
     *
     * @param status the last HTTP status seen, 0 when there was none
     * @param detail what happened, for people
     * @param broken whether the connection broke, so that another might not
     */
    record Dropped(PairDrop reason, int status, String detail, boolean broken) implements Fetched {
        Dropped(PairDrop reason, int status, String detail) {
            this(reason, status, detail, false);
        }
    }
}
