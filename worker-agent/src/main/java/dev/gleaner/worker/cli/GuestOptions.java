package dev.gleaner.worker.cli;

import dev.gleaner.worker.guest.Guest;
import dev.gleaner.worker.guest.Hours;
import dev.gleaner.worker.guest.Term;
import dev.gleaner.worker.job.MemoryPlan;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** How much of the machine the worker may take, and when. */
final class GuestOptions {
    @Option(names = "--cpus", paramLabel = "N", description = "processors to use (default: all)")
    int cpus = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            defaultValue = "0",
            converter = ByteSize.class,
            description =
                    "memory to use at most, such as 2G; a model that does not fit is not loaded; 0: what Java and the model take (default)")
    long memory;

    @Option(
            names = "--disk",
            paramLabel = "SIZE",
            defaultValue = "0",
            converter = ByteSize.class,
            description = "disk that the home folder may take, such as 10G; 0: all but 1 GiB of what is free (default)")
    long disk;

    @Option(
            names = "--fetches",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "requests under way at a time; 0: as many as make pictures come faster, learnt while it works (default)")
    int fetches;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "0",
            description = "pairs scored in one call on a processor; 0: 8, measured to do best (default)")
    int batch;

    @Option(
            names = "--hours",
            paramLabel = "SPAN",
            defaultValue = "always",
            description =
                    "when to work, by this machine's clock: 22-07, or 12:30-13:15,20-06; default: always. Outside of it the current job is given back")
    String hours = "";

    @Option(
            names = "--for",
            paramLabel = "LENGTH",
            description =
                    "end by itself after so long, such as 11h30m: no job is begun that would not be done by then, and one that is not done is given back; default: never")
    @Nullable
    String length;

    @Option(names = "--until", hidden = true, description = "seconds since 1970; what --for became in another process")
    @Nullable
    Long end;

    @Option(names = "--battery", description = "work also while the machine runs on its battery; default: rest then")
    boolean battery;

    @Option(
            names = "--only-idle",
            description = "rest while other programs use more than a third of a processor; default: only step back")
    boolean onlyIdle;

    @Option(
            names = "--nice",
            paramLabel = "N",
            defaultValue = "10",
            description = "how far to step back behind other programs, 0 to 19 (default: ${DEFAULT-VALUE})")
    int nice;

    /** @throws Failure when an option makes no sense */
    void require() {
        if (cpus < 1) {
            throw new Failure(Exit.USAGE, "--cpus must be 1 or more");
        }
        if (fetches < 0 || fetches > 4_096 || batch < 0 || batch > 256) {
            throw new Failure(Exit.USAGE, "--fetches must be 0 to 4096, --batch 0 to 256");
        }
        if (nice < 0 || nice > 19) {
            throw new Failure(Exit.USAGE, "--nice must be 0 to 19");
        }
    }

    /** The end, by the clock, for a process that takes another's place; null when there is none. */
    @Nullable
    Instant end() {
        if (end != null) {
            return Instant.ofEpochSecond(end);
        }
        try {
            return length == null ? null : Instant.now().plus(Term.length(length));
        } catch (IllegalArgumentException e) {
            throw new Failure(Exit.USAGE, "--for: " + e.getMessage());
        }
    }

    /** From now on. */
    Term term() {
        Instant until = end();
        return new Term(until == null ? null : Duration.between(Instant.now(), until), System::nanoTime);
    }

    Guest.Wishes wishes() {
        return wishes(hours, battery, onlyIdle, disk);
    }

    private static Guest.Wishes wishes(String hours, boolean battery, boolean onlyIdle, long disk) {
        try {
            return new Guest.Wishes(Hours.parse(hours), battery, onlyIdle, disk);
        } catch (IllegalArgumentException e) {
            throw new Failure(Exit.USAGE, "--hours: " + e.getMessage());
        }
    }

    /** What the owner wishes now that the file says something else; what the command line says stands. */
    Guest.Wishes wishes(CommandLine.ParseResult given, ConfigDefaults config) {
        return wishes(
                given.hasMatchedOption("--hours") ? hours : text(config, "hours", "always"),
                given.hasMatchedOption("--battery") ? battery : Boolean.parseBoolean(text(config, "battery", "")),
                given.hasMatchedOption("--only-idle") ? onlyIdle : Boolean.parseBoolean(text(config, "only-idle", "")),
                given.hasMatchedOption("--disk") ? disk : size(text(config, "disk", "0")));
    }

    private static String text(ConfigDefaults config, String key, String otherwise) {
        return Objects.requireNonNullElse(config.value(key), otherwise);
    }

    private static long size(@Nullable String text) {
        try {
            return new ByteSize().convert(String.valueOf(text));
        } catch (CommandLine.TypeConversionException e) {
            throw new Failure(Exit.USAGE, "disk: " + e.getMessage());
        }
    }

    MemoryPlan memoryPlan() {
        return new MemoryPlan(memory, Runtime.getRuntime().maxMemory());
    }
}
