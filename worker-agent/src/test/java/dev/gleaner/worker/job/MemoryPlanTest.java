package dev.gleaner.worker.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.worker.image.Preprocessor;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
    private static final long MIB = 1L << 20;
    /** Of ViT-B/32 in fp32. */
    private static final long WEIGHTS = 605L * 1_000_000;

    @Test
    void withoutALimitEverythingFits() {
        assertEquals(Optional.empty(), new MemoryPlan(0, 64 << 30).objection(8L << 30));
    }

    @Test
    void aModelThatFitsIsLoadedAndOneThatDoesNotSaysWhatToDo() {
        assertEquals(Optional.empty(), new MemoryPlan(2_048 * MIB, 512 * MIB).objection(WEIGHTS));
        String smallerHeap =
                new MemoryPlan(2_048 * MIB, 6_000 * MIB).objection(WEIGHTS).orElseThrow();
        assertTrue(smallerHeap.contains("java -Xmx1142m -jar"), smallerHeap);
        assertEquals(Optional.empty(), new MemoryPlan(2_048 * MIB, 1_142 * MIB).objection(WEIGHTS), "and so it fits");
        String hopeless =
                new MemoryPlan(900 * MIB, 512 * MIB).objection(WEIGHTS).orElseThrow();
        assertTrue(hopeless.contains("--memory 1033M at least"), hopeless);
        assertEquals(Optional.empty(), new MemoryPlan(1_034 * MIB, 128 * MIB).objection(WEIGHTS));
    }

    @Test
    void theLineTakesNoMoreThanItsPartOfTheHeap() {
        for (int heap : new int[] {128, 256, 512, 1_024, 8_192}) {
            LineSettings line = LineSettings.forMachine(4, heap * MIB);
            long held = line.bodyBytes() + (long) line.window() * Preprocessor.BYTES;
            assertTrue(held <= heap * MIB / 2, heap + " MiB: " + line);
            assertTrue(line.window() >= 4 * line.batch());
        }
        assertEquals(256, LineSettings.forMachine(1, 512 * MIB).window());
        assertEquals(1_024, LineSettings.forMachine(64, 8_192 * MIB).fetches());
    }
}
