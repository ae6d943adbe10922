package dev.gleaner.worker.guest;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * Whether other programs use the machine: what all programs take of its processors, less what this one and its children take,
 * over some twenty seconds. Busy above a third of a processor; idle again when it was below half of that for a minute. Safe for
 * any thread.
 */
final class Others {
    static final double BUSY = 0.33;
    static final Duration QUIET = Duration.ofMinutes(1);

    private static final double MEMORY_SECONDS = 20;
    private static final double LEAST_SECONDS = 0.5;

    private final DoubleSupplier machine;
    private final DoubleSupplier own;
    private final LongSupplier nanos;
    private long lookedAt;
    private double ownBefore;
    private double average;
    private long quietSince;
    private boolean busy;

    /**
     * @param machine processors in use since it was last asked, by all programs
     * @param own processor seconds this program has used, with its children
     */
    Others(DoubleSupplier machine, DoubleSupplier own, LongSupplier nanos) {
        this.machine = machine;
        this.own = own;
        this.nanos = nanos;
        this.lookedAt = nanos.getAsLong();
        this.quietSince = lookedAt;
        this.ownBefore = own.getAsDouble();
    }

    static Others onThisMachine() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return new Others(
                () -> Math.max(0, system.getCpuLoad()) * system.getAvailableProcessors(),
                () -> system.getProcessCpuTime() / 1e9
                        + ProcessHandle.current()
                                .descendants()
                                .mapToDouble(child -> child.info()
                                                .totalCpuDuration()
                                                .orElse(Duration.ZERO)
                                                .toMillis()
                                        / 1e3)
                                .sum(),
                System::nanoTime);
    }

    synchronized boolean areBusy() {
        long now = nanos.getAsLong();
        double seconds = (now - lookedAt) / 1e9;
        if (seconds < LEAST_SECONDS) {
            return busy;
        }
        lookedAt = now;
        double used = own.getAsDouble();
        // A child that ended takes its seconds with it.
        double ours = Math.max(0, used - ownBefore) / seconds;
        ownBefore = used;
        double others = Math.max(0, machine.getAsDouble() - ours);
        average += (others - average) * Math.min(1, seconds / MEMORY_SECONDS);
        if (average > BUSY) {
            busy = true;
        }
        if (average > BUSY / 2) {
            quietSince = now;
        } else if (now - quietSince >= QUIET.toNanos()) {
            busy = false;
        }
        return busy;
    }
}
