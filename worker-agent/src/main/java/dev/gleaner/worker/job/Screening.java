package dev.gleaner.worker.job;

import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.worker.extract.Candidate;
import java.io.IOException;
import java.util.BitSet;
import java.util.List;

/** Asks what shall be left out, in bulk. Safe for any thread. */
public interface Screening {
    /** For leases that need not ask. */
    Screening NONE = new Screening() {
        @Override
        public boolean isNeeded() {
            return false;
        }

        @Override
        public Links links(List<Candidate> candidates) {
            return new Links(new BitSet(), new BitSet());
        }

        @Override
        public BitSet pictures(List<ImageHashes> pictures) {
            return new BitSet();
        }
    };

    /**
     * Places in what was asked.
     *
     * @param leftOut somebody wants them left out
     * @param known an accepted job had their address
     */
    record Links(BitSet leftOut, BitSet known) {}

    /** Whether the lease says that the others must be asked. */
    boolean isNeeded();

    /** Which links are not to be fetched. */
    Links links(List<Candidate> candidates) throws IOException;

    /** Which pictures are not to be handed in. */
    BitSet pictures(List<ImageHashes> pictures) throws IOException;
}
