package dev.gleaner.worker.job;

import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.shard.ShardWriter;
import dev.gleaner.worker.spool.Outcome;
import dev.gleaner.worker.spool.Spool;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where every candidate of a job ends: spooled, counted, and written to a shard if it is kept. Those of an earlier run are
 * taken from the spool, in the order in which they came, so that the same shards come of them. Safe for any thread.
 */
final class Outcomes {
    private final Spool spool;
    private final ShardWriter writer;
    private final PairTally tally = new PairTally();
    /** Which links of which member were settled by an earlier run. */
    private final Map<Long, BitSet> before = new HashMap<>();

    Outcomes(Spool spool, ShardWriter writer) {
        this.spool = spool;
        this.writer = writer;
    }

    /** Takes over what an earlier run came to; call before any other. */
    synchronized void recall() throws IOException {
        spool.replay(outcome -> {
            before.computeIfAbsent(outcome.offset(), o -> new BitSet()).set(outcome.index());
            count(outcome);
        });
    }

    synchronized boolean isSettled(Candidate candidate) {
        BitSet links = before.get(candidate.offset());
        return links != null && links.get(candidate.index());
    }

    /** @throws IOException when the disk is full or the folder unwritable */
    synchronized void settle(Outcome outcome) throws IOException {
        spool.append(outcome);
        count(outcome);
    }

    private void count(Outcome outcome) throws IOException {
        tally.fetched(outcome.bytes());
        if (outcome instanceof Outcome.Kept kept) {
            writer.add(kept.pair());
            tally.keep();
        } else if (outcome instanceof Outcome.Dropped dropped) {
            tally.drop(dropped.reason());
        }
    }

    PairTally tally() {
        return tally;
    }

    /** Writes the last shard; gives all. */
    synchronized List<ShardWriter.Shard> finish() throws IOException {
        return writer.finish();
    }
}
