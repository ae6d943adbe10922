package dev.gleaner.worker.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class SlotsTest {
    private int started;

    private void ask(Slots slots, int times) {
        for (int i = 0; i < times; i++) {
            slots.acquire(() -> started++);
        }
    }

    @Test
    void moreSlotsServeWhoWaits() {
        Slots slots = new Slots(2, 100);
        ask(slots, 10);
        assertEquals(2, started);
        slots.resize(5);
        assertEquals(5, started);
        slots.release();
        assertEquals(6, started);
    }

    @Test
    void fewerSlotsStopNobodyAndServeNobodyUntilEnoughAreGivenBack() {
        Slots slots = new Slots(5, 100);
        ask(slots, 10);
        slots.resize(2);
        for (int i = 0; i < 3; i++) {
            slots.release();
            assertEquals(5, started);
        }
        slots.release();
        assertEquals(6, started);
    }

    @Test
    void aSlotGivenBackTwiceIsABug() {
        Slots slots = new Slots(2, 100);
        ask(slots, 2);
        slots.resize(4);
        slots.release();
        slots.release();
        assertThrows(IllegalStateException.class, slots::release);
    }
}
