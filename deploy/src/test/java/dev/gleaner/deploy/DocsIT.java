package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.tracker.cli.TrackerCommand;
import dev.gleaner.worker.cli.WorkerCommand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents say can be typed, and where they say that more is to be read. */
class DocsIT {
    private static final Path TOP = Path.of("..");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern INLINE = Pattern.compile("`([^`]+)`");
    private static final Pattern OPTION = Pattern.compile("^\\[?(--[a-z][a-z0-9-]*)");
    private static final Pattern JAR = Pattern.compile("(tracker-server|worker-agent)(?:-[a-z0-9_-]+)?\\.jar ");

    private final Map<List<String>, String> helps = new HashMap<>();

    private static List<Path> documents() throws IOException {
        List<Path> all = new ArrayList<>();
        try (Stream<Path> root = Files.list(TOP);
                Stream<Path> docs = Files.walk(TOP.resolve("docs"))) {
            Stream.concat(root, docs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .forEach(all::add);
        }
        assertTrue(all.size() > 20, all.toString());
        return all;
    }

    /** As the usual renderers make it of a heading. */
    private static String anchor(String heading) {
        return heading.replaceAll("[^\\p{L}\\p{N} _-]", "")
                .strip()
                .toLowerCase(Locale.ROOT)
                .replace(' ', '-');
    }

    private static Set<String> anchors(Path file) throws IOException {
        Set<String> anchors = new LinkedHashSet<>();
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith("#")) {
                anchors.add(anchor(line.replaceFirst("^#+", "")));
            }
        }
        return anchors;
    }

    @Test
    void everyLinkLeadsSomewhere() throws IOException {
        List<String> dead = new ArrayList<>();
        int links = 0;
        for (Path document : documents()) {
            Matcher link = LINK.matcher(Files.readString(document));
            while (link.find()) {
                String target = link.group(1);
                if (target.contains("://") || target.startsWith("mailto:")) {
                    continue;
                }
                links++;
                String[] parts = target.split("#", 2);
                Path file = parts[0].isEmpty() ? document : document.resolveSibling(parts[0]);
                if (!Files.exists(file) || (parts.length == 2 && !anchors(file).contains(parts[1]))) {
                    dead.add(document + ": " + target);
                }
            }
        }
        assertEquals(List.of(), dead);
        assertTrue(links > 50, links + " links were seen");
    }

    private String help(Path jar, List<String> command) {
        List<String> key = new ArrayList<>(command);
        key.add(0, jar.toString());
        return helps.computeIfAbsent(key, missing -> {
            String[] line = Stream.concat(command.stream(), Stream.of("--help")).toArray(String[]::new);
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
            int code = jar.equals(Programs.TRACKER)
                    ? TrackerCommand.execute(out, out, line)
                    : WorkerCommand.execute(out, out, line);
            return code == 0 ? said.toString(StandardCharsets.UTF_8) : "";
        });
    }

    private static boolean isCommand(String help, String word) {
        int commands = help.indexOf("Commands:");
        return commands >= 0
                && Pattern.compile("^ +" + Pattern.quote(word) + "(?:,| |$)", Pattern.MULTILINE)
                        .matcher(help.substring(commands))
                        .find();
    }

    /** The commands that words mean, {@code list|show} being two; empty when the first word is none. */
    private List<List<String>> commands(Path jar, List<String> words) {
        List<List<String>> found = List.of(List.of());
        for (String word : words) {
            List<List<String>> longer = new ArrayList<>();
            for (List<String> before : found) {
                for (String choice : word.split("\\|")) {
                    if (isCommand(help(jar, before), choice)) {
                        List<String> command = new ArrayList<>(before);
                        command.add(choice);
                        longer.add(command);
                    }
                }
            }
            if (longer.isEmpty()) {
                break;
            }
            found = longer;
        }
        return found.get(0).isEmpty() ? List.of() : found;
    }

    private static List<String> options(List<String> words) {
        return words.stream()
                .map(OPTION::matcher)
                .filter(Matcher::find)
                .map(matcher -> matcher.group(1))
                .toList();
    }

    /** What is wrong with a command line of one of the programs; null when nothing is, or when it is none of theirs. */
    private String fault(Path jar, List<String> words) {
        List<List<String>> commands = commands(jar, words);
        if (commands.isEmpty()) {
            return null;
        }
        for (String option : options(words)) {
            Pattern whole = Pattern.compile(Pattern.quote(option) + "(?![a-z0-9-])");
            if (commands.stream()
                    .noneMatch(command -> whole.matcher(help(jar, command)).find())) {
                return commands.get(0) + " has no " + option;
            }
        }
        return null;
    }

    @Test
    void everyCommandInTheDocumentsIsOneAndKnowsItsOptions() throws IOException {
        List<String> wrong = new ArrayList<>();
        int checked = 0;
        for (Path document : documents()) {
            if (document.endsWith("CHANGELOG.md") || document.toString().contains("adr")) {
                continue; // They tell what was.
            }
            String text = Files.readString(document);
            List<String> pieces = new ArrayList<>();
            text.lines().filter(line -> line.startsWith("    ")).forEach(pieces::add);
            Matcher inline = INLINE.matcher(text);
            while (inline.find()) {
                pieces.add(inline.group(1));
            }
            for (String piece : pieces) {
                Matcher named = JAR.matcher(piece);
                if (named.find()) {
                    Path jar = named.group(1).equals("tracker-server") ? Programs.TRACKER : Programs.WORKER;
                    List<String> words = words(piece.substring(named.end()));
                    if (!words.isEmpty() && words.get(0).matches("[a-z-]+")) {
                        checked++;
                        String fault = commands(jar, words).isEmpty()
                                ? "there is no command " + words.get(0)
                                : fault(jar, words);
                        if (fault != null) {
                            wrong.add(document + ": " + fault + ": " + piece.strip());
                        }
                    }
                    continue;
                }
                List<String> words = words(piece.replaceFirst("^gleaner-(worker|tracker) ", ""));
                if (words.size() < 2 || options(words).isEmpty()) {
                    continue;
                }
                String ofTracker = fault(Programs.TRACKER, words);
                String ofWorker = fault(Programs.WORKER, words);
                boolean tracker = !commands(Programs.TRACKER, words).isEmpty();
                boolean worker = !commands(Programs.WORKER, words).isEmpty();
                if (tracker || worker) {
                    checked++;
                    if (!(tracker && ofTracker == null) && !(worker && ofWorker == null)) {
                        wrong.add(document + ": " + (tracker ? ofTracker : ofWorker) + ": " + piece.strip());
                    }
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(checked > 40, checked + " commands were seen");
    }

    private static List<String> words(String text) {
        return Arrays.stream(text.replaceAll("\\s+#.*|`.*|: .*", "").strip().split("\\s+"))
                .filter(word -> !word.isEmpty())
                .toList();
    }

    @Test
    void everyScriptThatIsNamedIsThere() throws IOException {
        Pattern script =
                Pattern.compile("`?(deploy/[A-Za-z0-9./-]+[A-Za-z0-9]|fuzz/run|worker-agent/src/jmh/run|\\.ci/run)\\b");
        List<String> missing = new ArrayList<>();
        for (Path document : documents()) {
            Matcher named = script.matcher(Files.readString(document));
            while (named.find()) {
                String path = named.group(1);
                if (!path.startsWith("deploy/target") && !Files.exists(TOP.resolve(path))) {
                    missing.add(document + ": " + path);
                }
            }
        }
        assertEquals(List.of(), missing);
    }
}
