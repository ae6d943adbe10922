package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.Printable;
import dev.gleaner.tracker.release.Preset;
import dev.gleaner.tracker.release.ReleaseCheck;
import dev.gleaner.tracker.release.ReleaseManifest;
import dev.gleaner.tracker.service.ReleaseCalls;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code release create|list|show|presets|fetch|removals|verify}. */
@Command(
        name = "release",
        description = "Dataset versions: made of a campaign's accepted pairs, immutable.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class ReleaseCommand {
    private static final long LOOK_MILLIS = 1_000;
    private final PrintStream out;

    ReleaseCommand(PrintStream out) {
        this.out = out;
    }

    @Command(
            name = "create",
            description = "Makes a release, and waits until it is there.",
            mixinStandardHelpOptions = true)
    int create(
            @Mixin OperatorOptions operator,
            @Option(names = "--campaign", required = true, paramLabel = "NAME", description = "whose pairs")
                    String campaign,
            @Option(
                            names = "--preset",
                            required = true,
                            paramLabel = "NAME|FILE",
                            description = "which pairs: see release presets, or a JSON file of one's own")
                    String preset,
            @Option(
                            names = "--rows-per-file",
                            paramLabel = "N",
                            defaultValue = "0",
                            description =
                                    "about so many pairs in a file (default: 50000, or fewer where the tracker has little memory)")
                    int rowsPerFile,
            @Option(names = "--no-wait", description = "only starts it") boolean noWait)
            throws IOException, InterruptedException {
        ReleaseCalls.Wish wish = Preset.BUILT_IN.contains(preset)
                ? new ReleaseCalls.Wish(campaign, preset, null, rowsPerFile)
                : new ReleaseCalls.Wish(campaign, null, own(Path.of(preset)), rowsPerFile);
        String name = operator.post("v1/operator/releases", wish).path("name").asText();
        out.println("release " + name + " is being made");
        String said = "";
        while (!noWait) {
            JsonNode now = operator.get("v1/releases/" + OperatorOptions.segment(name));
            String state = now.path("state").asText();
            if (state.equals("published")) {
                out.printf(
                        Locale.ROOT,
                        "release %s is there: %d pairs in %d files%n",
                        name,
                        now.path("manifest").path("rows").asLong(),
                        now.path("manifest").path("files").size());
                return Exit.OK;
            }
            if (state.equals("failed")) {
                throw new Failure(
                        Exit.UNAVAILABLE,
                        "release " + name + " failed: "
                                + Printable.of(now.path("problem").asText(), 500));
            }
            String progress = progress(now.path("progress"));
            if (!progress.equals(said)) {
                out.println(progress);
                said = progress;
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
        return Exit.OK;
    }

    private static Preset own(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new Failure(
                    Exit.NO_INPUT, "there is no preset and no file " + file + "; presets are " + Preset.BUILT_IN);
        }
        try {
            return Preset.parse(Files.readString(file));
        } catch (IllegalArgumentException e) {
            throw new Failure(Exit.DATA, file + " is no preset: " + Printable.of(String.valueOf(e.getMessage()), 300));
        }
    }

    private static String progress(JsonNode progress) {
        if (progress.isMissingNode() || progress.isNull()) {
            return "waits for its turn";
        }
        long of = progress.path("of").asLong();
        return progress.path("step").asText() + ": " + progress.path("done").asLong() + " of " + of;
    }

    @Command(name = "list", description = "Shows all releases, one a line.", mixinStandardHelpOptions = true)
    int list(@Mixin OperatorOptions operator) throws IOException {
        out.printf("%-40s %-10s %12s %8s %14s%n", "RELEASE", "STATE", "PAIRS", "FILES", "BYTES");
        for (JsonNode release : operator.look("v1/releases").path("releases")) {
            out.printf(
                    "%-40s %-10s %12d %8d %14d%n",
                    release.path("name").asText(),
                    release.path("state").asText(),
                    release.path("rows").asLong(),
                    release.path("files").asLong(),
                    release.path("bytes").asLong());
        }
        return Exit.OK;
    }

    @Command(
            name = "show",
            description = "Shows a release with its manifest, as JSON.",
            mixinStandardHelpOptions = true)
    int show(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "RELEASE", description = "the release's name, as release list shows it")
                    String name)
            throws IOException {
        out.println(OperatorOptions.pretty(operator.look("v1/releases/" + OperatorOptions.segment(name))));
        return Exit.OK;
    }

    @Command(
            name = "presets",
            description = "Shows the presets that come with the program, one of them whole when it is named.",
            mixinStandardHelpOptions = true)
    int presets(
            @Parameters(
                            paramLabel = "PRESET",
                            arity = "0..1",
                            defaultValue = "",
                            description = "a preset's name; default: all names")
                    String name) {
        if (name.isEmpty()) {
            for (String each : Preset.BUILT_IN) {
                out.printf("%-16s %s%n", each, Preset.builtIn(each).description());
            }
            return Exit.OK;
        }
        if (!Preset.BUILT_IN.contains(name)) {
            throw new Failure(Exit.USAGE, "there is no preset " + name + "; there are " + Preset.BUILT_IN);
        }
        out.println(Preset.builtIn(name).json());
        return Exit.OK;
    }

    @Command(
            name = "fetch",
            description = "Downloads a release into a folder; what is there already and whole is not fetched again.",
            mixinStandardHelpOptions = true)
    int fetch(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "RELEASE", description = "the release's name, as release list shows it")
                    String name,
            @Parameters(paramLabel = "DIR", description = "a folder; made when it is not there") Path folder)
            throws IOException {
        JsonNode release = operator.look("v1/releases/" + OperatorOptions.segment(name));
        if (!release.path("state").asText().equals("published")) {
            throw new Failure(
                    Exit.UNAVAILABLE,
                    "release " + name + " is " + release.path("state").asText());
        }
        Files.createDirectories(folder);
        long bytes = 0;
        for (JsonNode file : release.path("manifest").path("files")) {
            bytes += fetch(
                    operator,
                    name,
                    folder,
                    file.path("name").asText(),
                    file.path("bytes").asLong());
        }
        bytes += fetch(operator, name, folder, ReleaseManifest.FILE, -1);
        String removals = release.path("removals").asText("");
        if (release.path("removals").isTextual()) {
            bytes += fetch(operator, name, folder, removals, -1);
            out.println("people asked since then to leave something out: remove what " + folder.resolve(removals)
                    + " names");
        }
        out.println("fetched " + bytes + " bytes into " + folder);
        return verify(folder);
    }

    private static long fetch(OperatorOptions operator, String release, Path folder, String name, long bytes)
            throws IOException {
        if (!name.matches("[a-z0-9][a-z0-9._-]{0,99}")) {
            throw new Failure(Exit.DATA, "the release names a file that it must not: " + Printable.of(name, 100));
        }
        Path file = folder.resolve(name);
        if (bytes >= 0 && Files.isRegularFile(file) && Files.size(file) == bytes) {
            return 0;
        }
        Path coming = folder.resolve(name + ".part");
        try (InputStream in = operator.open(
                "v1/releases/" + OperatorOptions.segment(release) + "/files/" + OperatorOptions.segment(name))) {
            Files.copy(in, coming, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.move(coming, file, StandardCopyOption.REPLACE_EXISTING);
        return Files.size(file);
    }

    @Command(
            name = "removals",
            description =
                    "Publishes beside a release what people asked to leave out since it was made: whoever uses it can remove just that.",
            mixinStandardHelpOptions = true)
    int removals(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "RELEASE", description = "the release's name, as release list shows it")
                    String name)
            throws IOException {
        JsonNode made = operator.post("v1/operator/releases/" + OperatorOptions.segment(name) + "/removals", Map.of());
        out.printf(
                Locale.ROOT,
                "%s of release %s: %d pairs are to be removed%n",
                made.path("file").asText(),
                name,
                made.path("rows").asLong());
        return Exit.OK;
    }

    @Command(
            name = "verify",
            description =
                    "Checks a release in a folder: every file's digest, every row, order, duplicates, embeddings, sums.",
            mixinStandardHelpOptions = true)
    int verify(@Parameters(paramLabel = "DIR", description = "the folder of a release") Path folder)
            throws IOException {
        if (!Files.isRegularFile(folder.resolve(ReleaseManifest.FILE))) {
            throw new Failure(Exit.NO_INPUT, "there is no " + ReleaseManifest.FILE + " in " + folder);
        }
        ReleaseCheck.Found found;
        try {
            found = ReleaseCheck.of(folder);
        } catch (JsonProcessingException e) {
            throw new Failure(Exit.DATA, "the manifest is none: " + Printable.of(e.getOriginalMessage(), 300));
        }
        List<String> faults = found.faults();
        faults.forEach(fault -> out.println("FAULT " + Printable.of(fault, 500)));
        out.printf(
                Locale.ROOT,
                "%s: %d files, %d pairs looked at, %d faults%n",
                found.name(),
                found.files(),
                found.rows(),
                faults.size());
        return faults.isEmpty() ? Exit.OK : Exit.DATA;
    }
}
