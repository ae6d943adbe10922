package dev.gleaner.worker.cli;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.worker.fetch.FetchLimits;
import dev.gleaner.worker.fetch.Fetched;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fetch.Slots;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code fetch}: what a worker makes of an address. */
@Command(
        name = "fetch",
        description =
                "Fetches addresses as a worker would and prints one JSON line each: outcome or drop reason, status, bytes, type, time.",
        mixinStandardHelpOptions = true)
final class FetchCommand implements Callable<Integer> {
    private final PrintStream out;

    @Parameters(paramLabel = "URL", arity = "1..*", description = "http or https addresses")
    List<String> urls = List.of();

    @Mixin
    FetchOptions options = new FetchOptions();

    FetchCommand(PrintStream out, PrintStream err) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        FetchLimits limits = FetchLimits.of(Policy.laion400m());
        Slots slots = new Slots(urls.size(), Long.MAX_VALUE);
        try (Fetcher fetcher = options.newFetcher()) {
            List<CompletableFuture<Map<String, Object>>> rows = new ArrayList<>();
            for (String url : urls) {
                long started = System.nanoTime();
                rows.add(fetcher.fetch(url, limits, slots)
                        .thenApply(result -> row(url, result, (System.nanoTime() - started) / 1_000_000))
                        .toCompletableFuture());
            }
            rows.forEach(row -> JsonLines.print(out, row.join()));
        }
        return Exit.OK;
    }

    private static Map<String, Object> row(String url, Fetched result, long ms) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("url", url);
        if (result instanceof Fetched.Body body) {
            row.put("outcome", "fetched");
            row.put("status", body.status());
            row.put("bytes", body.bytes().length);
            row.put("type", Printable.of(body.contentType(), 100));
        } else if (result instanceof Fetched.Dropped dropped) {
            row.put("outcome", "dropped");
            row.put("reason", dropped.reason().wire());
            row.put("status", dropped.status());
            row.put("detail", Printable.of(dropped.detail(), 200));
        }
        row.put("ms", ms);
        return row;
    }
}
