package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.Printable;
import dev.gleaner.tracker.service.ReleaseCalls;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code opt-out add|deny|forget|list}. */
@Command(
        name = "opt-out",
        description =
                "What people asked to be left out: addresses, domains, pages, pictures. Workers honour it within a minute, and the next release does.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class OptOutCommand {
    private static final String KIND =
            "url, domain, page, image (MD5, SHA-1 or SHA-256 of its bytes) or address (MD5, SHA-1 or SHA-256 of a url)";
    private final PrintStream out;

    OptOutCommand(PrintStream out) {
        this.out = out;
    }

    @Command(
            name = "list",
            description = "Shows wishes, one a line: those that wait for you first, then the newest.",
            mixinStandardHelpOptions = true)
    int list(@Mixin OperatorOptions operator) throws IOException {
        out.printf("%-9s %-7s %-20s %s%n", "STATE", "KIND", "SINCE", "VALUE");
        JsonNode page = operator.get("v1/operator/opt-outs?limit=10000");
        for (JsonNode wish : page.path("optOuts")) {
            String contact = wish.path("contact").asText("");
            out.printf(
                    "%-9s %-7s %-20.20s %s%s%n",
                    wish.path("state").asText(),
                    wish.path("kind").asText(),
                    wish.path("at").asText(),
                    Printable.of(wish.path("value").asText(), 300),
                    contact.isEmpty() || contact.equals("null") ? "" : "  from " + Printable.of(contact, 100));
        }
        long more = page.path("all").asLong() - page.path("optOuts").size();
        if (more > 0) {
            out.println("and " + more + " older ones");
        }
        return Exit.OK;
    }

    @Command(
            name = "add",
            description =
                    "Leaves something out from now on, asked for or not: one value, or a list such as one of known-bad pictures.",
            mixinStandardHelpOptions = true)
    int add(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "KIND", description = KIND) String kind,
            @Parameters(paramLabel = "VALUE", arity = "0..1", description = "the address, domain, page or digest")
                    @Nullable
                    String value,
            @Option(
                            names = "--file",
                            paramLabel = "FILE",
                            description = "values instead, one a line; what begins with # is skipped")
                    @Nullable
                    Path file,
            @Option(names = "--reason", paramLabel = "TEXT", description = "why") @Nullable String reason)
            throws IOException {
        if (file != null && value == null) {
            return addAll(operator, kind, file, reason);
        }
        if (file != null || value == null) {
            throw new Failure(Exit.USAGE, "give either a VALUE or --file FILE");
        }
        operator.post("v1/operator/opt-outs", new ReleaseCalls.Decided(kind, value, "honoured", reason));
        out.println("left out by workers within a minute, and of all releases to come: " + kind + " " + value);
        return Exit.OK;
    }

    private int addAll(OperatorOptions operator, String kind, Path file, @Nullable String reason) throws IOException {
        List<String> some = new ArrayList<>();
        long values = 0;
        long added = 0;
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.isBlank() || line.startsWith("#")) {
                    continue;
                }
                some.add(line.strip());
                values++;
                if (some.size() == ReleaseCalls.MOST_LISTED) {
                    added += honour(operator, kind, some, reason);
                }
            }
        } catch (CharacterCodingException e) {
            throw new Failure(Exit.DATA, file + " is no text in UTF-8");
        }
        if (!some.isEmpty()) {
            added += honour(operator, kind, some, reason);
        }
        out.printf(
                "left out by workers within a minute, and of all releases to come: %d of kind %s, %d of them new%n",
                values, kind, added);
        return Exit.OK;
    }

    private static long honour(OperatorOptions operator, String kind, List<String> some, @Nullable String reason)
            throws IOException {
        long added = operator.post("v1/operator/opt-outs/list", new ReleaseCalls.Listed(kind, some, reason))
                .path("added")
                .asLong();
        some.clear();
        return added;
    }

    @Command(name = "deny", description = "Does not do what somebody asked for.", mixinStandardHelpOptions = true)
    int deny(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "KIND", description = KIND) String kind,
            @Parameters(paramLabel = "VALUE", description = "the address, domain, page or digest") String value,
            @Option(names = "--reason", paramLabel = "TEXT", required = true, description = "why") String reason)
            throws IOException {
        operator.post("v1/operator/opt-outs", new ReleaseCalls.Decided(kind, value, "denied", reason));
        out.println("not left out: " + kind + " " + value);
        return Exit.OK;
    }

    @Command(name = "forget", description = "Takes a wish out of the list.", mixinStandardHelpOptions = true)
    int forget(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "KIND", description = KIND) String kind,
            @Parameters(paramLabel = "VALUE", description = "the address, domain, page or digest") String value)
            throws IOException {
        operator.post("v1/operator/opt-outs/forget", new ReleaseCalls.Forgotten(kind, value));
        out.println("forgotten: " + kind + " " + value);
        return Exit.OK;
    }
}
