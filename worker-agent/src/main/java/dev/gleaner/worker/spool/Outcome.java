package dev.gleaner.worker.spool;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.shard.KeptPair;

/** What became of a candidate, for good. */
public sealed interface Outcome extends Entry {
    /** Where in the WAT the candidate's gzip member starts. */
    long offset();

    /** Of the link among the image links of its member. */
    int index();

    /** Of the picture's file, as far as it was read; 0 when nothing came. */
    int bytes();

    record Dropped(long offset, int index, int bytes, PairDrop reason) implements Outcome {}

    record Kept(KeptPair pair) implements Outcome {
        @Override
        @JsonIgnore
        public long offset() {
            return pair.watOffset();
        }

        @Override
        @JsonIgnore
        public int index() {
            return pair.index();
        }

        @Override
        @JsonIgnore
        public int bytes() {
            return pair.imageBytes();
        }
    }
}
