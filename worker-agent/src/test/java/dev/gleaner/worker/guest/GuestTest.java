package dev.gleaner.worker.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalTime;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GuestTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "22-07|21:59|false",
                "22-07|22:00|true",
                "22-07|00:00|true",
                "22-07|06:59|true",
                "22-07|07:00|false",
                "9-17|12:00|true",
                "9-17|08:59|false",
                "12:30-13:15,20-06|13:14|true",
                "12:30-13:15,20-06|13:15|false",
                "12:30-13:15,20-06|05:00|true",
                "18-24|23:30|true",
                "18-24|00:30|false",
                "8-8|03:00|true",
                "always|03:00|true",
            })
    void hoursHold(String hours, String time, boolean holds) {
        assertEquals(holds, Hours.parse(hours).hold(LocalTime.parse(time)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "22", "22-", "22-7-9", "22:60-07", "never", "-1-5", "22-07,"})
    void whatAreNoHoursIsSaid(String text) {
        assertThrows(IllegalArgumentException.class, () -> Hours.parse(text));
    }

    @Test
    void theOwnersWordCountsBeforeTheHours() {
        AtomicReference<LocalTime> time = new AtomicReference<>(LocalTime.NOON);
        AtomicBoolean onBattery = new AtomicBoolean();
        AtomicBoolean busy = new AtomicBoolean(true);
        Guest guest = new Guest(
                new Guest.Wishes(Hours.parse("22-07"), false, false, 0),
                new Guest.Machine(time::get, onBattery::get, busy::get, new Disk(folder)));
        assertEquals(Optional.of("it is not within its hours"), guest.objection());
        time.set(LocalTime.MIDNIGHT);
        assertEquals(Optional.empty(), guest.objection());
        guest.pause();
        assertEquals(Optional.of("its owner paused it"), guest.objection());
        guest.resume();
        onBattery.set(true);
        assertEquals(Optional.of("the machine runs on its battery"), guest.objection());
        guest.wish(new Guest.Wishes(Hours.ALWAYS, true, false, 0));
        time.set(LocalTime.NOON);
        assertEquals(Optional.empty(), guest.objection());
        guest.wish(new Guest.Wishes(Hours.ALWAYS, true, true, 0));
        assertEquals(Optional.of("other programs use the machine"), guest.objection());
        busy.set(false);
        assertEquals(Optional.empty(), guest.objection());
    }

    private void supply(String name, String type, String scope, String status) throws IOException {
        Path supply = Files.createDirectories(folder.resolve(name));
        Files.writeString(supply.resolve("type"), type + "\n");
        Files.writeString(supply.resolve("status"), status + "\n");
        if (!scope.isEmpty()) {
            Files.writeString(supply.resolve("scope"), scope + "\n");
        }
    }

    @Test
    void onlyTheMachinesOwnBatteryCounts() throws IOException {
        Battery battery = new Battery(folder, false);
        assertFalse(battery.isUsed());
        assertFalse(new Battery(folder.resolve("none"), false).isUsed());
        supply("AC", "Mains", "", "");
        supply("hidpp_battery_0", "Battery", "Device", "Discharging");
        assertFalse(battery.isUsed());
        supply("BAT0", "Battery", "", "Charging");
        assertFalse(battery.isUsed());
        supply("BAT0", "Battery", "", "Discharging");
        assertTrue(battery.isUsed());
    }

    @Test
    void aWordIsHeardAndAnsweredAndADeadOnesSocketIsNoHindrance() throws IOException {
        assumeTrue(
                folder.resolve("ctl.sock").toString().length() < 100,
                "a socket's path has at most 108 bytes (unix(7)), and this folder's leaves too few");
        Files.writeString(folder.resolve("ctl.sock"), "left behind");
        try (Control control = Control.listen(folder, word -> "heard " + word).orElseThrow()) {
            assertEquals("heard status", Control.say(folder, "status"));
            assertEquals("heard pause", Control.say(folder, "pause"));
        }
        assertThrows(IOException.class, () -> Control.say(folder, "status"));
    }

    @Test
    void aFullShareOfTheDiskIsAnObjectionToAnotherJobOnly() throws IOException {
        Guest guest = new Guest(
                new Guest.Wishes(Hours.ALWAYS, false, false, Disk.JOB + 1_000),
                new Guest.Machine(() -> LocalTime.NOON, () -> false, () -> false, new Disk(folder)));
        assertEquals(Optional.empty(), guest.objectionToAJob());
        Files.createDirectories(folder.resolve("bundles/x"));
        Files.write(folder.resolve("bundles/x/weights"), new byte[2_000]);
        assertTrue(guest.objectionToAJob().orElseThrow().contains("--disk"));
        assertEquals(Optional.empty(), guest.objection());
        guest.wish(Guest.Wishes.NONE);
        assertEquals(Optional.empty(), guest.objectionToAJob());
    }

    /** Seconds pass; others take so much of the machine, and this worker so much. */
    private static final class World {
        private long now;
        private double own;
        private double machineNow;
        private final Others others = new Others(() -> machineNow, () -> own, () -> now);

        boolean after(int seconds, double othersTake, double weTake) {
            boolean busy = false;
            for (int i = 0; i < seconds; i++) {
                now += 1_000_000_000L;
                own += weTake;
                machineNow = othersTake + weTake;
                busy = others.areBusy();
            }
            return busy;
        }
    }

    @Test
    void othersAreBusyWhenTheyTakeAThirdOfAProcessorForSomeTime() {
        World world = new World();
        assertFalse(world.after(120, 0.02, 3.9), "what this worker takes is not others'");
        assertFalse(world.after(3, 1, 3), "a moment is nothing");
        assertTrue(world.after(60, 1, 3));
        assertTrue(world.after(30, 0.02, 0), "they may be back at once");
        assertFalse(world.after(120, 0.02, 0));
        assertTrue(world.after(30, 2, 0));
    }
}
