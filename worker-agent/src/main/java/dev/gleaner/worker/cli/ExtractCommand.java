package dev.gleaner.worker.cli;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Slice;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.extract.Extractor;
import dev.gleaner.worker.wat.FileWatSource;
import dev.gleaner.worker.wat.HttpWatSource;
import dev.gleaner.worker.wat.WatReader;
import dev.gleaner.worker.wat.WatSource;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code extract}: the candidates of a WAT or of one slice of it. */
@Command(
        name = "extract",
        description = {
            "Prints the candidates of a WAT as JSON lines {url,text,page,license,wat,offset,index}.",
            "The last line of stderr is one JSON object with the counts per reason and the digest."
        },
        mixinStandardHelpOptions = true)
final class ExtractCommand implements Callable<Integer> {
    private final PrintStream out;
    private final PrintStream err;

    @Option(
            names = "--wat",
            required = true,
            paramLabel = "FILE|URL",
            description = "the WAT: a file, or an http or https address")
    String wat = "";

    @Option(
            names = "--slice",
            paramLabel = "i/n",
            defaultValue = "0/1",
            converter = SliceConverter.class,
            description = "which slice of how many, from 0; default: the whole file")
    Slice slice = Slice.WHOLE;

    @Option(
            names = "--policy",
            paramLabel = "FILE",
            description = "a campaign's policy as JSON; default: LAION-400M's figures")
    @Nullable
    Path policyFile;

    ExtractCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() throws IOException {
        Policy policy = policyFile == null
                ? Policy.laion400m()
                : JsonLines.JSON.readValue(Files.readString(policyFile), Policy.class);
        // PrintStream swallows write errors; a closed pipe must end the run instead of reading on for nothing.
        PrintStream lines = new PrintStream(new BufferedOutputStream(out, 1 << 16), false, StandardCharsets.UTF_8);
        Extractor extractor = new Extractor(policy, candidate -> {
            JsonLines.print(lines, row(candidate));
            if (lines.checkError()) {
                throw new UncheckedIOException(new IOException("stdout cannot be written"));
            }
        });
        try (WatSource source = source(wat)) {
            WatReader reader = new WatReader(source);
            reader.read(slice, extractor::accept);
            lines.flush();
            Map<String, Object> summary = new LinkedHashMap<>();
            summary.put("wat", wat);
            summary.put("slice", slice.toString());
            summary.put("members", reader.members());
            summary.put("broken_members", reader.brokenMembers());
            summary.put("records", reader.records());
            summary.put("bad_record", reader.badRecords());
            summary.put("images", extractor.counts().images());
            summary.put("candidates", extractor.counts().candidates());
            summary.put("dropped", extractor.counts().dropped());
            summary.put("digest", extractor.digest().hex());
            err.println(JsonLines.line(summary));
        }
        return Exit.OK;
    }

    private Map<String, Object> row(Candidate candidate) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("url", candidate.url());
        row.put("text", candidate.text());
        row.put("page", candidate.page());
        row.put("license", candidate.license());
        row.put("wat", wat);
        row.put("offset", candidate.offset());
        row.put("index", candidate.index());
        return row;
    }

    private static WatSource source(String wat) {
        if (wat.startsWith("http://") || wat.startsWith("https://")) {
            HttpClient client = HttpClient.newBuilder()
                    .connectTimeout(Duration.ofSeconds(20))
                    .followRedirects(HttpClient.Redirect.NORMAL)
                    .build();
            return new HttpWatSource(
                    client,
                    URI.create(wat),
                    "gleaner-worker",
                    HttpWatSource.Pause.exponential(),
                    HttpWatSource.Turn.ANY_TIME);
        }
        return new FileWatSource(wat.startsWith("file:") ? Path.of(URI.create(wat)) : Path.of(wat));
    }
}
