package dev.gleaner.worker.cli;

import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fetch.UserAgent;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import java.io.IOException;
import picocli.CommandLine.Option;

/** Options of everything that fetches from the web. */
final class FetchOptions {
    @Option(
            names = "--contact",
            paramLabel = "ADDRESS",
            defaultValue = "https://github.com/gleaner-project/gleaner",
            description = "page or mail address in the User-Agent, for site owners (default: ${DEFAULT-VALUE})")
    String contact = "";

    @Option(
            names = "--allow-loopback",
            description = "let crawled links lead to this machine's loopback addresses; for the demo and tests only")
    boolean allowLoopback;

    @Option(
            names = "--per-host",
            paramLabel = "N",
            defaultValue = "4",
            description = "most requests to one host at a time (default: ${DEFAULT-VALUE})")
    int perHost;

    Fetcher newFetcher() throws IOException {
        AddressGuard guard = allowLoopback ? AddressGuard.allowingLoopback() : AddressGuard.strict();
        return new Fetcher(guard, userAgent(), perHost, 1);
    }

    String userAgent() throws IOException {
        return UserAgent.of(WorkerCommand.Version.text(), contact);
    }
}
