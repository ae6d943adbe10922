package dev.gleaner.worker.cli;

import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.release.WorkerRelease;
import dev.gleaner.worker.clip.BundleException;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.clip.DjlSetup;
import dev.gleaner.worker.clip.Precision;
import dev.gleaner.worker.clip.ProbeProcess;
import dev.gleaner.worker.clip.Provider;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.guest.Control;
import dev.gleaner.worker.guest.Guest;
import dev.gleaner.worker.guest.Priority;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.image.process.IsolatedPreprocessor;
import dev.gleaner.worker.job.LineSettings;
import dev.gleaner.worker.release.Build;
import dev.gleaner.worker.release.Releases;
import dev.gleaner.worker.release.Supervisor;
import dev.gleaner.worker.release.UpdateWatch;
import dev.gleaner.worker.tracker.ProblemException;
import dev.gleaner.worker.tracker.TrackerClient;
import dev.gleaner.worker.tracker.Volunteer;
import dev.gleaner.worker.tracker.WatOrigins;
import dev.gleaner.worker.watch.WorkerMeters;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code run}: donates this machine to a tracker. */
@Command(
        name = "run",
        description = "Works for a tracker until stopped. Ctrl-C or SIGTERM gives the current job back and exits.",
        mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
    private static final int STOP_GRACE_SECONDS = 25;
    /** Ends that say nothing against the release that ended so: 130, 137 and 143 are of those who were told to. */
    private static final Set<Integer> INNOCENT =
            Set.of(Exit.OK, Exit.UPDATED, Exit.NO_PERMISSION, Exit.UNAVAILABLE, Exit.TEMPORARY, Exit.IO, 130, 137, 143);

    private final PrintStream err;

    @Spec
    CommandLine.Model.@Nullable CommandSpec spec;

    @Mixin
    TrackerOption tracker = new TrackerOption();

    @Option(
            names = "--name",
            paramLabel = "NICK",
            defaultValue = "anonymous",
            description = "your name on the boards (default: ${DEFAULT-VALUE})")
    String name = "";

    @Option(names = "--team", paramLabel = "TEAM", description = "the team your work counts for")
    @Nullable
    String team;

    @Option(
            names = "--invitation",
            paramLabel = "CODE",
            defaultValue = "${env:GLEANER_INVITATION}",
            description =
                    "the code you were invited with, where a tracker asks for one; needed only once (default: $GLEANER_INVITATION)")
    @Nullable
    String invitation;

    @Option(
            names = "--campaign-key",
            paramLabel = "KEY",
            defaultValue = "${env:GLEANER_CAMPAIGN_KEY}",
            description =
                    "do only what this key has signed, as the project publishes it; without it the first key that this worker sees is trusted from then on (default: $GLEANER_CAMPAIGN_KEY)")
    @Nullable
    String campaignKey;

    @Mixin
    GuestOptions guestOptions = new GuestOptions();

    @Option(
            names = "--precision",
            paramLabel = "P",
            defaultValue = "auto",
            description =
                    "arithmetic of the model: fp32, fp16, int8, or auto: fewer bits where they are near enough and faster (default: ${DEFAULT-VALUE})")
    Precision precision = Precision.AUTO;

    @Option(
            names = "--provider",
            paramLabel = "P",
            split = ",",
            description =
                    "what to compute with, best first: cuda, tensorrt, coreml, cpu; default: what this build carries and this machine can (tensorrt only by name)")
    List<Provider> providers = List.of();

    @Option(
            names = "--jobs",
            paramLabel = "N",
            defaultValue = "0",
            description = "exit after so many jobs; 0: never (default)")
    int jobs;

    @Option(names = "--exit-when-idle", description = "exit when the tracker has no job")
    boolean exitWhenIdle;

    @Option(
            names = "--finish-on-stop",
            description = "on SIGTERM finish the current job, however long that takes, instead of giving it back")
    boolean finishOnStop;

    @Option(
            names = "--wat-host",
            paramLabel = "HOST",
            description = "an https host to take WATs from beside " + WatOrigins.COMMON_CRAWL)
    Set<String> watHosts = Set.of();

    @Option(names = "--wat-root", paramLabel = "DIR", description = "a folder on this machine to take WATs from")
    List<Path> watRoots = List.of();

    @Option(
            names = "--metrics",
            paramLabel = "PORT",
            description = "show meters to Prometheus at http://127.0.0.1:PORT/metrics; default: not")
    @Nullable
    Integer metrics;

    @Option(
            names = "--work",
            paramLabel = "STAGE",
            split = ",",
            defaultValue = "whole,score,fetch",
            description =
                    "which jobs to take, best liked first: whole; fetch (pictures only, no model is loaded); score (what others fetched, no web site is visited) (default: ${DEFAULT-VALUE})")
    List<Stage> work = List.of();

    @Option(
            names = "--auto-update",
            description =
                    "take newer releases that the tracker offers, if the key built into this jar has signed them; default: only tell of them")
    boolean autoUpdate;

    @Option(names = "--supervised", hidden = true, description = "another process starts what follows this one")
    boolean supervised;

    @Mixin
    FetchOptions fetch = new FetchOptions();

    @Mixin
    HomeOption home = new HomeOption();

    RunCommand(PrintStream out, PrintStream err) {
        this.err = err;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        guestOptions.require();
        if (work.isEmpty() || Set.copyOf(work).size() != work.size()) {
            throw new Failure(Exit.USAGE, "--work must name each stage at most once, and one at least");
        }
        Build build = Build.own(WorkerCommand.Version.number()).orElse(null);
        Releases releases = build == null ? null : new Releases(home.folder().resolve("releases"), build);
        if (autoUpdate && (build == null || releases == null || build.key() == null)) {
            throw new Failure(
                    Exit.CONFIG,
                    "--auto-update: no release key was built into this program, so no release can be checked; leave the option away");
        }
        return autoUpdate && !supervised && releases != null ? supervise(releases) : work(releases);
    }

    private int supervise(Releases releases) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(Objects.requireNonNull(spec)
                .root()
                .commandLine()
                .getParseResult()
                .originalArgs());
        arguments.add("--supervised");
        Instant end = guestOptions.end();
        if (end != null) {
            arguments.add("--until=" + end.getEpochSecond());
        }
        return new Supervisor(releases, arguments, INNOCENT, finishOnStop, err).run();
    }

    private int work(@Nullable Releases releases) throws IOException, InterruptedException {
        try (FileChannel lock = home.lock()) {
            home.keepTemporaryFiles();
            return workAlone(releases);
        }
    }

    private int workAlone(@Nullable Releases releases) throws IOException, InterruptedException {
        int cpus = guestOptions.cpus;
        Guest guest = Guest.onThisMachine(guestOptions.wishes(), Files.createDirectories(home.folder()));
        if (guestOptions.nice > 0) {
            Priority.lower(guestOptions.nice);
        }
        DjlSetup.before(home.nativeLibraries());
        String userAgent = fetch.userAgent();
        RandomGenerator jitter = RandomGenerator.getDefault();
        URI address = tracker.address();
        TrackerClient client =
                new TrackerClient(address, userAgent, TrackerClient.Patience.PATIENT, jitter, fetch.uploads());
        Register.Capabilities capabilities = new Register.Capabilities(
                cpus,
                Runtime.getRuntime().maxMemory() >> 20,
                Provider.carried().stream().map(Provider::wire).toList(),
                System.getProperty("os.name") + "/" + System.getProperty("os.arch"));
        AtomicReference<@Nullable UpdateWatch> updates = new AtomicReference<>();
        Volunteer.Settings settings = new Volunteer.Settings(
                address,
                home.folder(),
                new Register.Request(
                        name,
                        team,
                        "gleaner-worker/" + WorkerCommand.Version.text(),
                        capabilities,
                        invitation == null || invitation.isBlank() ? null : invitation.strip()),
                new WatOrigins(watHosts, watRoots, fetch.allowLoopback, userAgent),
                LineSettings.forMachine(cpus, Runtime.getRuntime().maxMemory())
                        .with(guestOptions.fetches, guestOptions.batch),
                guestOptions.memoryPlan(),
                new ClipModel.Options(1, precision, providers, new ProbeProcess(home.nativeLibraries())),
                jobs,
                exitWhenIdle,
                finishOnStop,
                guestOptions.term(),
                List.copyOf(work),
                autoUpdate ? () -> asked(updates.get()) : null,
                campaignKey());
        CountDownLatch finished = new CountDownLatch(1);
        try (Fetcher fetcher = fetch.newFetcher();
                Preprocessor pictures = IsolatedPreprocessor.start(
                        home.nativeLibraries(), settings.line().decoders());
                Volunteer volunteer = new Volunteer(settings, client, fetcher, pictures, guest, jitter);
                Control ear = Control.listen(home.folder(), new Orders(volunteer, guest)::obey)
                        .orElse(null);
                ConfigWatch watch = new ConfigWatch(
                        home.folder().resolve(ConfigDefaults.FILE),
                        guest,
                        config -> guestOptions.wishes(given(), config))) {
            Runtime.getRuntime()
                    .addShutdownHook(new Thread(() -> stopAndWait(volunteer, finished, finishOnStop), "stop"));
            new ProgressLine(err, volunteer, finished).start();
            WorkerMeters meters = metrics == null ? null : new WorkerMeters(metrics, volunteer, fetcher);
            try (meters;
                    UpdateWatch watching = releases == null ? null : watch(releases, client, volunteer, jitter)) {
                updates.set(watching);
                err.println("worker-agent: " + volunteer.run());
                return watching != null && watching.isReady() ? Exit.UPDATED : Exit.OK;
            }
        } catch (ProblemException e) {
            throw new Failure(Exit.NO_PERMISSION, "the tracker refuses: " + e.getMessage());
        } catch (BundleException e) {
            throw new Failure(Exit.UNAVAILABLE, String.valueOf(e.getMessage()));
        } finally {
            finished.countDown();
        }
    }

    private @Nullable String campaignKey() {
        String key = campaignKey;
        if (key == null || key.isBlank()) {
            return null;
        }
        if (!Charter.isKey(key.strip())) {
            throw new Failure(Exit.USAGE, "--campaign-key must be a key as campaign new-key prints it");
        }
        return key.strip();
    }

    private UpdateWatch watch(Releases releases, TrackerClient client, Volunteer volunteer, RandomGenerator jitter) {
        Releases.Source source = new Releases.Source() {
            @Override
            public WorkerRelease release() throws IOException {
                return client.workerRelease();
            }

            @Override
            public InputStream file(String bundle, String name) throws IOException {
                return client.bundleFile(bundle, name);
            }
        };
        UpdateWatch watch = new UpdateWatch(releases, source, autoUpdate, volunteer::finish);
        watch.start(jitter);
        if (supervised) {
            // Nobody would be there to start what follows, nor to stop this on the owner's word.
            ProcessHandle.current().parent().ifPresent(parent -> {
                CompletableFuture<ProcessHandle> unused =
                        parent.onExit().whenComplete((gone, error) -> volunteer.stop());
            });
        }
        return watch;
    }

    private static void asked(@Nullable UpdateWatch updates) {
        if (updates != null) {
            updates.asked();
        }
    }

    private CommandLine.ParseResult given() {
        return java.util.Objects.requireNonNull(spec).commandLine().getParseResult();
    }

    private static void stopAndWait(Volunteer volunteer, CountDownLatch finished, boolean patient) {
        volunteer.stop();
        try {
            if (patient) {
                finished.await();
            } else {
                boolean unused = finished.await(STOP_GRACE_SECONDS, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
