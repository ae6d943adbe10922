package dev.gleaner.tracker.simulation;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.fail;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
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

    private static Throwable run(long seed, Bug bug) {
        try {
            new Effort(seed, bug).run();
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
        LongStream.range(from, to).parallel().forEach(seed -> {
            Throwable broken = run(seed, Bug.NONE);
            if (broken != null) {
                fail("seed " + seed + " breaks a promise; replay it with -Dgleaner.simulation.seed=" + seed, broken);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(value = Bug.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void aPlantedBugIsFound(Bug bug) {
        Throwable found = null;
        for (long seed = 0; seed < 500 && found == null; seed++) {
            found = run(seed, bug);
        }
        assertNotNull(found, bug + " was not found in 500 seeds");
    }
}
