package dev.gleaner.tracker.simulation;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * Thousands of efforts under trouble, each from its seed alone. {@code -Dgleaner.simulation.seeds=N} sets how many, {@code
 * -Dgleaner.simulation.seed=S} replays one with all its log lines.
 */
class SimulationTest {
    private static final Logger LOG = (Logger) LoggerFactory.getLogger("dev.gleaner.tracker");
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

    @Test
    void thePromisesHoldUnderEveryTroubleThatChanceThinksOf() {
        Long one = Long.getLong("gleaner.simulation.seed");
        if (one != null) {
            LOG.setLevel(Level.INFO);
        }
        long from = one == null ? 0 : one;
        long to = one == null ? Long.getLong("gleaner.simulation.seeds", 1_000) : one + 1;
        // Each effort runs in one thread; several run side by side.
        LongAdder hedged = new LongAdder();
        LongStream.range(from, to).parallel().forEach(seed -> {
            Throwable broken = run(seed, Bug.NONE, hedged);
            if (broken != null) {
                fail("seed " + seed + " breaks a promise; replay it with -Dgleaner.simulation.seed=" + seed, broken);
            }
        });
        System.out.println("simulation: " + (to - from) + " efforts, " + hedged + " jobs went to two workers");
        assertTrue(one != null || hedged.sum() > (to - from) / 10, "too few stragglers were hedged: " + hedged);
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
