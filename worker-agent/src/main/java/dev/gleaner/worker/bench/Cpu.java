package dev.gleaner.worker.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Processor time: other work on the machine falsifies it least. */
final class Cpu {
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final double TICKS_PER_SECOND = 100;

    private Cpu() {}

    /** Seconds this process has used, on all its threads. */
    static double self() {
        return SYSTEM.getProcessCpuTime() / 1e9;
    }

    /** Seconds this process and its children, living and ended, have used (Linux: to 10 ms). */
    static double withChildren() {
        double living = ProcessHandle.current()
                .descendants()
                .mapToDouble(child ->
                        child.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3)
                .sum();
        return self() + living + ended();
    }

    /** The children's times in {@code /proc/self/stat} (proc(5), fields 16 and 17). */
    private static double ended() {
        try {
            String stat = Files.readString(Path.of("/proc/self/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return (Long.parseLong(fields[13]) + Long.parseLong(fields[14])) / TICKS_PER_SECOND;
        } catch (IOException e) {
            return 0;
        }
    }
}
