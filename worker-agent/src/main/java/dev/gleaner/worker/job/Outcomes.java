package dev.gleaner.worker.job;

import dev.gleaner.protocol.result.Counts;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.shard.BatchWriter;
import dev.gleaner.worker.shard.PreparedPicture;
import dev.gleaner.worker.shard.Shard;
import dev.gleaner.worker.shard.ShardWriter;
import dev.gleaner.worker.spool.Outcome;
import dev.gleaner.worker.spool.Spool;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where every candidate of a job ends: spooled, counted, and written to a shard if it is kept. Those of an earlier run are
 * taken from the spool, in the order in which they came, so that the same shards come of them. Safe for any thread.
 */
final class Outcomes implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Outcomes.class);

    private final Spool spool;
    private final ShardWriter writer;
    private final BatchWriter batches;
    private final PairTally tally = new PairTally();
    /** Which links of which member were settled by an earlier run. */
    private final Map<Long, BitSet> before = new HashMap<>();

    Outcomes(Spool spool, ShardWriter writer, BatchWriter batches) {
        this.spool = spool;
        this.writer = writer;
        this.batches = batches;
    }

    /** Counts what an earlier stage dropped, in another job; call before any other. */
    synchronized void takeOver(Counts earlier) {
        earlier.pairDrops().forEach((reason, count) -> tally.drop(reason, count));
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

    /** Keeps a picture for those who score. Not spooled, for its size: a job that is killed fetches it again. */
    synchronized void pack(PreparedPicture picture) throws IOException {
        tally.fetched(picture.imageBytes());
        batches.add(picture);
        tally.keep();
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

    /** Writes the last shard or batch; gives all. */
    synchronized List<Shard> finish() throws IOException {
        List<Shard> all = new ArrayList<>(writer.finish());
        all.addAll(batches.finish());
        return all;
    }

    /** Leaves what is not finished. */
    @Override
    public synchronized void close() {
        try {
            batches.close();
        } catch (IOException e) {
            log.debug("an unfinished batch cannot be ended", e); // Its file goes with the job's folder.
        }
    }
}
