package dev.gleaner.worker.job;

import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.shard.BatchReader;
import dev.gleaner.worker.shard.BatchWriter;
import dev.gleaner.worker.shard.PreparedPicture;
import dev.gleaner.worker.shard.Shard;
import dev.gleaner.worker.shard.ShardWriter;
import dev.gleaner.worker.spool.Outcome;
import dev.gleaner.worker.spool.Spool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where every candidate of a job ends: spooled, counted, and written to a shard if it is kept. Those of an earlier run are
 * taken from the spool, in the order in which they came, so that the same shards come of them. Safe for any thread.
 */
final class Outcomes implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Outcomes.class);

    private final Spool spool;
    private final Supplier<ShardWriter> writers;
    private final Function<Path, BatchWriter> batchWriters;
    private final Path folder;
    private final ShardWriter writer;
    private final BatchWriter batches;
    private final PairTally tally = new PairTally();
    /** Which links of which member were settled by an earlier run. */
    private final Map<Long, BitSet> before = new HashMap<>();
    /** Of all that is kept, in the order in which it came. */
    private final List<ImageHashes> pictures = new ArrayList<>();

    /**
     * @param batchWriters by the folder that they write to
     * @param folder of the job
     */
    Outcomes(Spool spool, Supplier<ShardWriter> writers, Function<Path, BatchWriter> batchWriters, Path folder) {
        this.spool = spool;
        this.writers = writers;
        this.batchWriters = batchWriters;
        this.folder = folder;
        this.writer = writers.get();
        this.batches = batchWriters.apply(folder);
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
        pictures.add(picture.hashes());
        tally.keep();
    }

    private void count(Outcome outcome) throws IOException {
        tally.fetched(outcome.bytes());
        if (outcome instanceof Outcome.Kept kept) {
            writer.add(kept.pair());
            pictures.add(kept.pair().hashes());
            tally.keep();
        } else if (outcome instanceof Outcome.Dropped dropped) {
            tally.drop(dropped.reason());
        }
    }

    PairTally tally() {
        return tally;
    }

    /** All kept pictures. */
    synchronized List<ImageHashes> pictures() {
        return List.copyOf(pictures);
    }

    /**
     * Writes the last shard or batch; gives all.
     *
     * @param unwanted places in {@link #pictures} of those that must not leave this machine: everything is written again without
     */
    synchronized List<Shard> finish(BitSet unwanted) throws IOException, InterruptedException {
        List<Shard> shards = writer.finish();
        List<Shard> packed = batches.finish();
        if (!unwanted.isEmpty()) {
            tally.leaveOut(unwanted.cardinality());
            shards = shards.isEmpty() ? shards : shardsWithout(unwanted);
            packed = packed.isEmpty() ? packed : batchesWithout(packed, unwanted);
        }
        List<Shard> all = new ArrayList<>(shards);
        all.addAll(packed);
        return all;
    }

    private List<Shard> shardsWithout(BitSet unwanted) throws IOException {
        ShardWriter again = writers.get();
        int[] place = {0};
        spool.replayAll(outcome -> {
            if (outcome instanceof Outcome.Kept kept && !unwanted.get(place[0]++)) {
                again.add(kept.pair());
            }
        });
        return again.finish();
    }

    private List<Shard> batchesWithout(List<Shard> packed, BitSet unwanted) throws IOException, InterruptedException {
        int[] place = {0};
        try (BatchWriter again = batchWriters.apply(Files.createDirectories(folder.resolve("screened")))) {
            for (Shard batch : packed) {
                BatchReader.read(batch.file(), picture -> {
                    if (!unwanted.get(place[0]++)) {
                        again.add(picture);
                    }
                });
            }
            return again.finish();
        }
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
