package dev.gleaner.tracker.simulation;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * Runs whole campaigns under trouble, each from its seed alone: {@code -Dgleaner.simulation.seeds=N} of them that are the same at
 * every run, then for {@code -Dgleaner.simulation.seconds=T} such as no run had before. {@code -Dgleaner.simulation.seed=S} replays
 * one with all its log lines.
 */
@Tag("pure")
class SimulationTest {
    private static final Logger LOG = (Logger) LoggerFactory.getLogger("dev.gleaner.tracker");
    /** As many seeds are run between two looks at the time. */
    private static final long BATCH = 100;

    private static Level before;

    @BeforeAll
    static void quiet() {
        before = LOG.getLevel();
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void loud() {
        LOG.setLevel(before);
    }

    /** Adds to the counter how many jobs went to two workers at once. */
    private static Throwable run(long seed, Bug bug, LongAdder hedged) {
        Effort effort = new Effort(seed, bug);
        try {
            effort.run();
            hedged.add(effort.hedged());
            return null;
        } catch (RuntimeException e) {
            return e;
        }
    }

    /** Runs seeds side by side, each effort in one thread. */
    private static void runAll(LongStream seeds, LongAdder hedged) {
        seeds.parallel().forEach(seed -> {
            Throwable broken = run(seed, Bug.NONE, hedged);
            if (broken != null) {
                fail("seed " + seed + " breaks a promise; replay it with -Dgleaner.simulation.seed=" + seed, broken);
            }
        });
    }

    @Test
    void thePromisesHoldUnderEveryTroubleThatChanceThinksOf() {
        Long one = Long.getLong("gleaner.simulation.seed");
        if (one != null) {
            LOG.setLevel(Level.INFO);
            runAll(LongStream.of(one), new LongAdder());
            return;
        }
        LongAdder hedged = new LongAdder();
        long fixed = Long.getLong("gleaner.simulation.seeds", 1_000);
        runAll(LongStream.range(0, fixed), hedged);
        long first = System.currentTimeMillis() * BATCH;
        long next = first;
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.getLong("gleaner.simulation.seconds", 0));
        while (System.nanoTime() < until) {
            runAll(LongStream.range(next, next + BATCH), hedged);
            next += BATCH;
        }
        long efforts = fixed + next - first;
        System.out.println("simulation: " + efforts + " efforts, of them " + (next - first) + " from seed " + first
                + "; " + hedged + " jobs went to two workers");
        assertTrue(hedged.sum() > efforts / 10, "too few stragglers were hedged: " + hedged);
    }

    @ParameterizedTest
    @EnumSource(value = Bug.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void aPlantedBugIsFound(Bug bug) {
        Throwable found = null;
        for (long seed = 0; seed < 500 && found == null; seed++) {
            found = run(seed, bug, new LongAdder());
        }
        assertNotNull(found, bug + " was not found in 500 seeds");
    }
}
