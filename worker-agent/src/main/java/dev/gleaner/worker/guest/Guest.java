package dev.gleaner.worker.guest;

import java.time.LocalTime;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Whether the machine's owner wants work done now, and if not, why not. Safe for any thread. */
public final class Guest {
    private final Supplier<LocalTime> clock;
    private final BooleanSupplier onBattery;
    private volatile Wishes wishes;
    private volatile boolean paused;

    /**
     * What the owner wishes.
     *
     * @param battery whether to work while the machine runs on its battery
     */
    public record Wishes(Hours hours, boolean battery) {}

    Guest(Wishes wishes, Supplier<LocalTime> clock, BooleanSupplier onBattery) {
        this.wishes = wishes;
        this.clock = clock;
        this.onBattery = onBattery;
    }

    public static Guest onThisMachine(Wishes wishes) {
        return new Guest(wishes, LocalTime::now, Battery.ofThisMachine()::isUsed);
    }

    /** Other wishes from now on. */
    public void wish(Wishes changed) {
        wishes = changed;
    }

    /** Stops work until {@link #resume}, whatever the hours. */
    public void pause() {
        paused = true;
    }

    public void resume() {
        paused = false;
    }

    /** Why not to work now; empty when it is fine. */
    public Optional<String> objection() {
        Wishes now = wishes;
        if (paused) {
            return Optional.of("its owner paused it");
        } else if (!now.hours().hold(clock.get())) {
            return Optional.of("it is not within its hours");
        } else if (!now.battery() && onBattery.getAsBoolean()) {
            return Optional.of("the machine runs on its battery");
        }
        return Optional.empty();
    }
}
