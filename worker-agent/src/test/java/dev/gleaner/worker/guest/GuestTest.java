package dev.gleaner.worker.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
        Guest guest = new Guest(new Guest.Wishes(Hours.parse("22-07"), false), time::get, onBattery::get);
        assertEquals(Optional.of("it is not within its hours"), guest.objection());
        time.set(LocalTime.MIDNIGHT);
        assertEquals(Optional.empty(), guest.objection());
        guest.pause();
        assertEquals(Optional.of("its owner paused it"), guest.objection());
        guest.resume();
        onBattery.set(true);
        assertEquals(Optional.of("the machine runs on its battery"), guest.objection());
        guest.wish(new Guest.Wishes(Hours.ALWAYS, true));
        time.set(LocalTime.NOON);
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
        Files.writeString(folder.resolve("ctl.sock"), "left behind");
        try (Control control = Control.listen(folder, word -> "heard " + word).orElseThrow()) {
            assertEquals("heard status", Control.say(folder, "status"));
            assertEquals("heard pause", Control.say(folder, "pause"));
        }
        assertThrows(IOException.class, () -> Control.say(folder, "status"));
    }
}
