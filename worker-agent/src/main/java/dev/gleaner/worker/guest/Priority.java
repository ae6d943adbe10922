package dev.gleaner.worker.guest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Steps back behind everything else that runs on the machine. Processes started afterwards inherit it. */
public final class Priority {
    private static final Logger log = LoggerFactory.getLogger(Priority.class);
    private static final int SECONDS = 10;

    private Priority() {}

    /** @param nice 1 to 19; Windows knows only below normal and idle */
    public static void lower(int nice) {
        long pid = ProcessHandle.current().pid();
        List<String> command;
        if (System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("win")) {
            String priority = nice < 15 ? "BelowNormal" : "Idle";
            command = List.of(
                    "powershell",
                    "-NoProfile",
                    "-Command",
                    "(Get-Process -Id " + pid + ").PriorityClass='" + priority + "'");
        } else if (now().orElse(0) >= nice) {
            return; // A service manager has seen to it, and raising it again is not permitted.
        } else {
            command = new ArrayList<>(List.of("renice", "-n", Integer.toString(nice), "-p"));
            command.addAll(threads(pid));
        }
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            } else if (process.exitValue() != 0) {
                log.info("The priority could not be lowered: {} ended with {}", command.get(0), process.exitValue());
            }
        } catch (IOException e) {
            log.info("The priority could not be lowered: cause={}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** This process's nice value on Linux, -20 to 19: the 19th field of proc_pid_stat(5), the second of which may hold anything. */
    static OptionalInt now() {
        try {
            String stat = Files.readString(Path.of("/proc/self/stat"), StandardCharsets.ISO_8859_1);
            String[] fromThird = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return OptionalInt.of(Integer.parseInt(fromThird[19 - 3]));
        } catch (IOException | RuntimeException e) {
            return OptionalInt.empty();
        }
    }

    /** On Linux each thread has a priority of its own, which those it starts inherit. */
    private static List<String> threads(long pid) {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            List<String> ids = tasks.map(task -> task.getFileName().toString()).toList();
            return ids.isEmpty() ? List.of(Long.toString(pid)) : ids;
        } catch (IOException e) {
            return List.of(Long.toString(pid));
        }
    }
}
