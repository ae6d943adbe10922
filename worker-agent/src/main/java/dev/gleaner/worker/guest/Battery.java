package dev.gleaner.worker.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Whether the machine runs on its battery; where that cannot be found out, it does not. */
final class Battery {
    private final Path supplies;
    private final boolean mac;

    /** @param supplies {@code /sys/class/power_supply} */
    Battery(Path supplies, boolean mac) {
        this.supplies = supplies;
        this.mac = mac;
    }

    static Battery ofThisMachine() {
        return new Battery(
                Path.of("/sys/class/power_supply"),
                System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("mac"));
    }

    boolean isUsed() {
        return mac ? macUsesIt() : linuxUsesIt();
    }

    /** A battery of the machine itself discharges; those of mice and keyboards have a scope of their own. */
    private boolean linuxUsesIt() {
        if (!Files.isDirectory(supplies)) {
            return false;
        }
        try (Stream<Path> all = Files.list(supplies)) {
            return all.anyMatch(supply -> read(supply, "type").equals("Battery")
                    && !read(supply, "scope").equals("Device")
                    && read(supply, "status").equals("Discharging"));
        } catch (IOException e) {
            return false;
        }
    }

    private static String read(Path supply, String name) {
        try {
            return Files.readString(supply.resolve(name)).strip();
        } catch (IOException e) {
            return "";
        }
    }

    private static boolean macUsesIt() {
        try {
            Process process = new ProcessBuilder(List.of("pmset", "-g", "batt"))
                    .redirectErrorStream(true)
                    .start();
            String said =
                    new String(process.getInputStream().readNBytes(4_096), java.nio.charset.StandardCharsets.UTF_8);
            return process.waitFor(2, TimeUnit.SECONDS) && said.contains("'Battery Power'");
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
