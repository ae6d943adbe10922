package dev.gleaner.worker.cli;

import java.net.URI;
import java.net.URISyntaxException;
import picocli.CommandLine.Option;

/** {@code --tracker}: whom to work for. */
final class TrackerOption {
    @Option(
            names = "--tracker",
            required = true,
            paramLabel = "URL",
            description = "the tracker's address, https://… (plain http only on this machine)")
    String tracker = "";

    URI address() {
        try {
            URI uri = new URI(tracker);
            String host = uri.getHost() == null ? "" : uri.getHost();
            boolean local = host.equals("localhost") || host.equals("[::1]") || host.startsWith("127.");
            if (!host.isEmpty() && ("https".equals(uri.getScheme()) || ("http".equals(uri.getScheme()) && local))) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw new Failure(Exit.USAGE, "--tracker is not an address: " + e.getMessage());
        }
        throw new Failure(Exit.USAGE, "--tracker must be an https address, because the worker's secret travels to it");
    }
}
