package dev.gleaner.tracker.screen;

import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.tracker.ledger.Ledger;
import java.io.IOException;

/** What workers were told to leave out, for those who judge what they hand in. May block; safe for any thread. */
public interface Screened {
    /** Nobody was told anything. */
    Screened NOTHING = new Screened() {
        @Override
        public boolean isLeftOut(String url, ImageHashes image) {
            return false;
        }

        @Override
        public long known(Ledger.ReadyJob job, FencingToken token) {
            return 0;
        }
    };

    /** Whether somebody asked to leave out a pair with this address or picture: one attempt may have been told so, another not. */
    boolean isLeftOut(String url, ImageHashes image);

    /**
     * How often an attempt was told that an address is known: it cannot have left out more for that reason.
     *
     * @throws IOException when the store cannot be read
     */
    long known(Ledger.ReadyJob job, FencingToken token) throws IOException;
}
