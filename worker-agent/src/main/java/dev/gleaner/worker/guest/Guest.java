package dev.gleaner.worker.guest;

import java.nio.file.Path;
import java.time.LocalTime;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Whether the machine's owner wants work done now, and if not, why not. Safe for any thread. */
public final class Guest {
    private final Machine machine;
    private volatile Wishes wishes;
    private volatile boolean paused;

    /**
     * What the owner wishes.
     *
     * @param battery whether to work while the machine runs on its battery
     * @param onlyIdle whether to rest while other programs use the machine
     * @param diskBytes that the worker's folder may take; 0: no limit
     */
    public record Wishes(Hours hours, boolean battery, boolean onlyIdle, long diskBytes) {
        public static final Wishes NONE = new Wishes(Hours.ALWAYS, false, false, 0);
    }

    /** What is looked at. */
    record Machine(Supplier<LocalTime> clock, BooleanSupplier onBattery, BooleanSupplier othersBusy, Disk disk) {}

    Guest(Wishes wishes, Machine machine) {
        this.wishes = wishes;
        this.machine = machine;
    }

    /** @param home the worker's folder; exists */
    public static Guest onThisMachine(Wishes wishes, Path home) {
        return new Guest(
                wishes,
                new Machine(
                        LocalTime::now,
                        Battery.ofThisMachine()::isUsed,
                        Others.onThisMachine()::areBusy,
                        new Disk(home)));
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
        } else if (!now.hours().hold(machine.clock.get())) {
            return Optional.of("it is not within its hours");
        } else if (!now.battery() && machine.onBattery.getAsBoolean()) {
            return Optional.of("the machine runs on its battery");
        } else if (now.onlyIdle() && machine.othersBusy.getAsBoolean()) {
            return Optional.of("other programs use the machine");
        }
        return Optional.empty();
    }

    /** Why not to begin a job; empty when it is fine. */
    public Optional<String> objectionToAJob() {
        return objection().or(() -> machine.disk.objection(wishes.diskBytes()));
    }
}
