package dev.gleaner.tracker.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    @Test
    void soManyComeInAndTheNextWhenOneHasLeft() {
        Admission door = new Admission(3, new Random(1));
        for (int i = 0; i < 3; i++) {
            assertEquals(OptionalInt.empty(), door.enter());
        }
        assertTrue(door.enter().isPresent());
        door.leave();
        assertEquals(OptionalInt.empty(), door.enter());
        assertTrue(door.enter().isPresent());
    }

    @Test
    void aCrowdIsSpreadOverTimeAndTheLargerTheCrowdTheLonger() {
        Admission door = new Admission(10, new Random(2));
        IntStream.range(0, 10).forEach(i -> assertEquals(OptionalInt.empty(), door.enter()));
        int[] few = IntStream.range(0, 10).map(i -> door.enter().orElseThrow()).toArray();
        int[] many =
                IntStream.range(0, 10_000).map(i -> door.enter().orElseThrow()).toArray();
        assertTrue(IntStream.of(few).max().orElseThrow() <= 20);
        assertTrue(IntStream.of(many).allMatch(s -> s >= 2 && s <= 120));
        assertTrue(IntStream.of(many).distinct().count() > 100, "spread over the whole time");
        assertTrue(IntStream.of(many).average().orElseThrow() > 50);
    }
}
