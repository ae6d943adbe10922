package dev.gleaner.worker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.ProtocolVersion;
import dev.gleaner.worker.clip.BundleCache;
import dev.gleaner.worker.clip.BundleException;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.clip.DjlSetup;
import dev.gleaner.worker.clip.Precision;
import dev.gleaner.worker.clip.ProbeProcess;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fetch.dns.NameStats;
import dev.gleaner.worker.fetch.dns.Resolved;
import dev.gleaner.worker.guest.Control;
import dev.gleaner.worker.image.JavaDecoders;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.image.process.IsolatedPreprocessor;
import dev.gleaner.worker.tracker.TrackerClient;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code doctor}: would a run work on this machine? */
@Command(
        name = "doctor",
        description =
                "Checks in plain words whether this machine can work for a tracker. Exit code 0 only if a run would work.",
        mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
    private static final long NEEDED_MEMORY_MIB = 400;
    private static final long NEEDED_DISK_MIB = 1_280;
    private static final double SLOW_MBIT = 2;
    private static final int LOOKUPS = 60;
    private static final int LOOKUP_SECONDS = 20;
    private static final double LOSSY = 0.1;

    private final PrintStream out;
    private boolean well = true;

    @Mixin
    TrackerOption tracker = new TrackerOption();

    @Mixin
    FetchOptions fetch = new FetchOptions();

    @Mixin
    HomeOption home = new HomeOption();

    DoctorCommand(PrintStream out, PrintStream err) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        out.println("Worker    gleaner " + WorkerCommand.Version.text());
        check("Java", true, System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")", "");
        long memory = Runtime.getRuntime().maxMemory() >> 20;
        check("Memory", memory >= NEEDED_MEMORY_MIB, memory + " MiB for Java", "give it more with -Xmx1g");
        check("CPUs", true, Integer.toString(Runtime.getRuntime().availableProcessors()), "");
        checkDecoders();
        checkDisk();
        URI address = tracker.address();
        checkNames();
        askTheRunningWorker();
        String bundle = checkTracker(address);
        if (!bundle.isEmpty()) {
            checkModel(address, bundle);
        }
        out.println(well ? "All is well: run would work." : "Something must be mended first.");
        return well ? Exit.OK : Exit.UNAVAILABLE;
    }

    private void checkDecoders() {
        try {
            JavaDecoders.require();
        } catch (IOException e) {
            out.println("! Pictures  " + e.getMessage());
            well = false;
        }
    }

    private void checkDisk() {
        Path folder = home.folder();
        try {
            Files.createDirectories(folder);
            long free = Files.getFileStore(folder).getUsableSpace() >> 20;
            boolean writable = Files.isWritable(folder);
            check(
                    "Disk",
                    free >= NEEDED_DISK_MIB && writable,
                    free + " MiB free in " + folder,
                    writable ? "free at least 1.25 GiB" : "make the folder writable or choose another with --home");
        } catch (IOException e) {
            check("Disk", false, folder + " cannot be used: " + e.getMessage(), "choose another folder with --home");
        }
    }

    /**
     * Looks up names that cannot be in any cache, below a top-level domain that no resolver has to ask others about (RFC 6761,
     * section 6.4): what goes unanswered was lost between here and the resolver, or the resolver throttles.
     */
    private void checkNames() throws IOException {
        try (Fetcher fetcher = fetch.newFetcher()) {
            String mark = Long.toHexString(RandomGenerator.getDefault().nextLong());
            List<CompletableFuture<Resolved>> asked = new ArrayList<>();
            for (int i = 0; i < LOOKUPS; i++) {
                asked.add(
                        fetcher.lookUp("gleaner-" + mark + "-" + i + ".invalid").toCompletableFuture());
            }
            CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).get(LOOKUP_SECONDS, TimeUnit.SECONDS);
            NameStats stats = fetcher.names();
            advise(
                    "Names",
                    stats.lost() <= LOSSY * stats.queries(),
                    Math.round(100.0 * stats.lost() / Math.max(1, stats.queries())) + " % of " + stats.queries()
                            + " lookups went unanswered",
                    "name other resolvers with --dns, or ask yours less with --dns-rate");
        } catch (TimeoutException | ExecutionException e) {
            advise(
                    "Names",
                    false,
                    LOOKUPS + " lookups were not answered in " + LOOKUP_SECONDS + " s",
                    "pictures will hardly be found; check the network, or name a resolver with --dns");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What a worker in the same folder has found wrong with the network while it worked. */
    private void askTheRunningWorker() {
        try {
            for (JsonNode words : JsonLines.JSON
                    .readTree(Control.say(home.folder(), "status"))
                    .path("network")) {
                advise("Network", false, "the worker that runs here says", words.asText());
            }
        } catch (IOException | UnsupportedOperationException e) {
            // None runs.
        }
    }

    /** @return the bundle of an active campaign, or an empty text */
    private String checkTracker(URI address) {
        URI base = address.getPath().endsWith("/") ? address : URI.create(address + "/");
        try {
            HttpClient http = HttpClient.newBuilder()
                    .connectTimeout(Duration.ofSeconds(10))
                    .build();
            long started = System.nanoTime();
            HttpResponse<String> about = http.send(get(base.resolve("v1")), HttpResponse.BodyHandlers.ofString());
            long ms = (System.nanoTime() - started) / 1_000_000;
            JsonNode node = about.statusCode() == 200
                    ? JsonLines.JSON.readTree(about.body())
                    : JsonLines.JSON.createObjectNode();
            int oldest = node.path("oldest_protocol").asInt(0);
            int newest = node.path("protocol").asInt(0);
            boolean speaks = oldest > 0 && ProtocolVersion.CURRENT >= oldest && ProtocolVersion.CURRENT <= newest;
            check(
                    "Tracker",
                    speaks,
                    speaks
                            ? "answers in " + ms + " ms, protocol " + newest
                            : "answers status " + about.statusCode() + ", protocols " + oldest + " to " + newest,
                    oldest > ProtocolVersion.CURRENT ? "update this worker" : "check the address");
            HttpResponse<String> campaigns =
                    http.send(get(base.resolve("v1/campaigns")), HttpResponse.BodyHandlers.ofString());
            for (JsonNode campaign : JsonLines.JSON.readTree(campaigns.body()).path("campaigns")) {
                if (campaign.path("state").asText().equals("active")) {
                    return campaign.path("bundle").asText();
                }
            }
            out.println("  Model     no campaign is active, so there is no model to test");
        } catch (IOException e) {
            check(
                    "Tracker",
                    false,
                    "cannot be reached: " + (e.getMessage() == null ? e : e.getMessage()),
                    "check the address and your network");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            check("Tracker", false, "interrupted", "try again");
        }
        return "";
    }

    private void checkModel(URI address, String id) throws IOException {
        DjlSetup.before(home.nativeLibraries());
        TrackerClient client = new TrackerClient(
                address,
                "gleaner-worker",
                new TrackerClient.Patience(2, Duration.ofSeconds(1), Duration.ofSeconds(2)),
                RandomGenerator.getDefault());
        long[] bytes = new long[1];
        long started = System.nanoTime();
        BundleCache.Origin counting = file -> {
            java.io.InputStream in = client.bundleFile(id, file);
            return new java.io.FilterInputStream(in) {
                @Override
                public int read(byte[] into, int at, int count) throws IOException {
                    int got = super.read(into, at, count);
                    bytes[0] += Math.max(0, got);
                    return got;
                }
            };
        };
        try {
            var bundle = new BundleCache(home.bundles(), java.time.InstantSource.system()).get(id, counting);
            double seconds = (System.nanoTime() - started) / 1e9;
            if (bytes[0] > 0) {
                double mbit = bytes[0] * 8 / 1e6 / seconds;
                check(
                        "Bandwidth",
                        mbit >= SLOW_MBIT,
                        String.format("%.1f Mbit/s from the tracker", mbit),
                        "uploads and downloads will be slow");
            } else {
                out.println("  Bandwidth not measured: the model was here already");
            }
            try (Preprocessor pictures = IsolatedPreprocessor.start(home.nativeLibraries(), 1)) {
                out.println("  Pictures  decoded by " + pictures.about());
                ClipModel.Options options =
                        new ClipModel.Options(1, Precision.FP32, List.of(), new ProbeProcess(home.nativeLibraries()));
                try (ClipModel model = ClipModel.load(bundle, options, pictures)) {
                    String place = model.provider().wire();
                    check("Model", true, bundle.name() + " passes its self-test with provider " + place, "");
                }
            }
        } catch (BundleException e) {
            check("Model", false, String.valueOf(e.getMessage()), "update the worker, or tell the operators");
        } catch (IOException e) {
            check("Model", false, "cannot be fetched: " + e.getMessage(), "check the network and --home");
        }
    }

    private static HttpRequest get(URI uri) {
        return HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(20))
                .header(ProtocolVersion.HEADER, Integer.toString(ProtocolVersion.CURRENT))
                .build();
    }

    private void check(String what, boolean good, String found, String remedy) {
        well &= good;
        advise(what, good, found, remedy);
    }

    /** What would not keep a run from working. */
    private void advise(String what, boolean good, String found, String remedy) {
        out.printf("%s %-9s %s%s%n", good ? " " : "!", what, found, good ? "" : " -- " + remedy);
    }
}
