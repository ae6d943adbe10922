package dev.gleaner.worker.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.fetch.Fetched;
import dev.gleaner.worker.pipeline.Channel;
import dev.gleaner.worker.pipeline.Line;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

class FetchStageTest {
    private static final Fetched PICTURE = new Fetched.Body(new byte[9], 0, 200, "image/png", Instant.EPOCH);
    private static final Fetched NOBODY = new Fetched.Dropped(PairDrop.CONNECT, 0, "no route", false);
    private static final Fetched MISSING = new Fetched.Dropped(PairDrop.HTTP_STATUS, 404, "404", false);

    /** A web that is reached, or not, by the number of the request. */
    private static final class World implements FetchStage.Web, Connection {
        private final IntPredicate dead;
        private final Map<Integer, Integer> requests = new HashMap<>();
        private final List<Integer> dropped = Collections.synchronizedList(new ArrayList<>());
        private final List<Integer> answered = Collections.synchronizedList(new ArrayList<>());
        /** The line is cut from this request on, and mended when the stage has waited this often. */
        private final int cutAt;

        private int waitsLeft;
        private int count;
        private int checks;
        private int released;
        private int forgotten;

        World(IntPredicate dead, int cutAt, int waits) {
            this.dead = dead;
            this.cutAt = cutAt;
            this.waitsLeft = waits;
        }

        private boolean isCut() {
            return count > cutAt && waitsLeft > 0;
        }

        @Override
        public CompletionStage<Fetched> fetch(Candidate candidate) {
            count++;
            requests.merge(candidate.index(), 1, Integer::sum);
            Fetched answer =
                    isCut() || dead.test(candidate.index()) ? NOBODY : candidate.index() % 10 == 0 ? MISSING : PICTURE;
            return CompletableFuture.completedFuture(answer);
        }

        @Override
        public void release() {
            released++;
        }

        @Override
        public void forgetFailures() {
            forgotten++;
        }

        @Override
        public boolean isUp() {
            checks++;
            return !isCut();
        }

        void run(int candidates) throws Exception {
            Line line = new Line("test");
            Channel<Candidate> in = line.channel(10);
            Channel<FetchStage.Answer> out = line.channel(100_000);
            FetchStage stage = new FetchStage(in, out, this, this, (c, reason) -> dropped.add(c.index()), millis -> {
                assertTrue(millis >= 5_000 && millis <= 60_000);
                waitsLeft--;
            });
            line.stage(
                    "extract",
                    1,
                    () -> {
                        for (int i = 0; i < candidates; i++) {
                            in.put(new Candidate("https://h" + i + ".example/", "t", "p", null, null, 0, i));
                        }
                    },
                    in);
            line.stage("fetch", 1, stage::run, out);
            line.stage("decode", 1, () -> {
                for (FetchStage.Answer a = out.take(); a != null; a = out.take()) {
                    answered.add(a.candidate().index());
                }
            });
            line.run();
            assertEquals(candidates, dropped.size() + answered.size(), "each ends once");
            assertEquals(candidates, List.copyOf(new java.util.HashSet<>(all())).size());
        }

        private List<Integer> all() {
            List<Integer> all = new ArrayList<>(dropped);
            all.addAll(answered);
            return all;
        }
    }

    @Test
    void aDeadSiteAmongLivingOnesIsDroppedWithoutAsking() throws Exception {
        World world = new World(i -> i % 3 == 1, Integer.MAX_VALUE, 0);
        world.run(1_000);
        assertEquals(333, world.dropped.size());
        assertEquals(0, world.checks);
        assertEquals(333, world.released);
    }

    @Test
    void manyDeadSitesInARowAreDroppedWhenTheNetworkIsThere() throws Exception {
        World world = new World(i -> true, Integer.MAX_VALUE, 0);
        world.run(1_000);
        assertEquals(1_000, world.dropped.size());
        assertTrue(world.checks >= 15 && world.checks <= 17, "asked " + world.checks + " times");
    }

    @Test
    void whatFailedWhileTheNetworkWasGoneIsFetchedAgainAndLosesNothing() throws Exception {
        World world = new World(i -> i % 50 == 7, 400, 30);
        world.run(1_000);
        assertEquals(20, world.dropped.size(), "only the dead ones");
        assertEquals(980, world.answered.size());
        assertEquals(1, world.forgotten);
        assertTrue(world.requests.values().stream().allMatch(n -> n <= 2));
        assertEquals(0, world.waitsLeft);
    }

    @Test
    void aNetworkThatGoesAtTheVeryEndIsNoticed() throws Exception {
        World world = new World(i -> false, 990, 3);
        world.run(1_000);
        assertEquals(0, world.dropped.size());
        assertEquals(1_000, world.answered.size());
    }
}
