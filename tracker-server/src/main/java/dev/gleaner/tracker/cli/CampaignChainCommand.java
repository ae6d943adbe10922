package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.tracker.ledger.ResultChain;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code campaign chain}. */
@Command(
        name = "chain",
        description =
                "Fetches the chain of hashes of what counted in a campaign and looks whether it holds; with a FILE from before, whether it still begins with that.",
        mixinStandardHelpOptions = true)
final class CampaignChainCommand implements Callable<Integer> {
    private final PrintStream out;

    @Mixin
    OperatorOptions operator = new OperatorOptions();

    @Parameters(paramLabel = "NAME", description = "the campaign's name")
    String name = "";

    @Option(
            names = "--file",
            paramLabel = "FILE",
            description = "where the links are kept, a line of JSON each; new ones are appended")
    @Nullable
    Path file;

    CampaignChainCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        List<String> kept = file != null && Files.exists(file) ? Files.readAllLines(file) : List.of();
        List<String> fresh = new ArrayList<>();
        String before = ResultChain.Link.root(name);
        long seq = 0;
        while (true) {
            JsonNode page = operator.get("v1/campaigns/" + OperatorOptions.segment(name) + "/chain?after=" + seq)
                    .path("links");
            if (page.isEmpty()) {
                break;
            }
            for (JsonNode line : page) {
                ResultChain.Link link = link(line);
                if (link.seq() != seq + 1 || !link.follows(before)) {
                    throw new Failure(Exit.DATA, "link " + (seq + 1) + " does not follow the one before it");
                }
                String text = line.toString();
                if (seq < kept.size() && !kept.get((int) seq).equals(text)) {
                    throw new Failure(
                            Exit.DATA,
                            "link " + link.seq() + " is another one than in " + file
                                    + ": what counted has been rewritten since then");
                }
                if (seq >= kept.size()) {
                    fresh.add(text);
                }
                seq = link.seq();
                before = link.hash();
            }
        }
        if (seq < kept.size()) {
            throw new Failure(Exit.DATA, file + " has " + kept.size() + " links, and the tracker only " + seq);
        }
        if (file != null) {
            Files.write(file, fresh, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
        out.println("chain of campaign " + name + ": " + seq + " links hold, the last is " + before);
        return Exit.OK;
    }

    private static ResultChain.Link link(JsonNode line) {
        try {
            return new ResultChain.Link(
                    line.path("seq").asLong(),
                    ResultChain.Kind.valueOf(line.path("kind").asText().toUpperCase(Locale.ROOT)),
                    line.path("job").asLong(),
                    FencingToken.parse(line.path("token").asText()),
                    line.path("manifest").asText(),
                    Instant.ofEpochMilli(line.path("at").asLong()),
                    line.path("hash").asText());
        } catch (IllegalArgumentException e) {
            throw new Failure(Exit.DATA, "the tracker sent what is no link: " + Printable.of(line.toString(), 200));
        }
    }
}
