package dev.gleaner.worker.cli;

import dev.gleaner.protocol.lease.Register;
import dev.gleaner.worker.clip.BundleException;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.clip.DjlSetup;
import dev.gleaner.worker.clip.Precision;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.guest.Control;
import dev.gleaner.worker.guest.Guest;
import dev.gleaner.worker.guest.Hours;
import dev.gleaner.worker.guest.Priority;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.image.process.IsolatedPreprocessor;
import dev.gleaner.worker.job.JobProgress;
import dev.gleaner.worker.job.LineSettings;
import dev.gleaner.worker.tracker.ProblemException;
import dev.gleaner.worker.tracker.TrackerClient;
import dev.gleaner.worker.tracker.Volunteer;
import dev.gleaner.worker.tracker.WatOrigins;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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

    @Option(names = "--cpus", paramLabel = "N", description = "processors to use (default: all)")
    int cpus = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--hours",
            paramLabel = "SPAN",
            defaultValue = "always",
            description =
                    "when to work, by this machine's clock: 22-07, or 12:30-13:15,20-06; default: always. Outside of it the current job is given back")
    String hours = "";

    @Option(names = "--battery", description = "work also while the machine runs on its battery; default: rest then")
    boolean battery;

    @Option(
            names = "--nice",
            paramLabel = "N",
            defaultValue = "10",
            description = "how far to step back behind other programs, 0 to 19 (default: ${DEFAULT-VALUE})")
    int nice;

    @Option(
            names = "--precision",
            paramLabel = "P",
            defaultValue = "auto",
            description =
                    "arithmetic of the model: fp32, int8, or auto: 8-bit where it is near enough and faster (default: ${DEFAULT-VALUE})")
    Precision precision = Precision.AUTO;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            defaultValue = "0",
            description = "exit after so many jobs; 0: never (default)")
    int jobs;

    @Option(names = "--exit-when-idle", description = "exit when the tracker has no job")
    boolean exitWhenIdle;

    @Option(names = "--finish-on-stop", description = "on SIGTERM finish the current job instead of giving it back")
    boolean finishOnStop;

    @Option(
            names = "--wat-host",
            paramLabel = "HOST",
            description = "an https host to take WATs from beside " + WatOrigins.COMMON_CRAWL)
    Set<String> watHosts = Set.of();

    @Option(names = "--wat-root", paramLabel = "DIR", description = "a folder on this machine to take WATs from")
    List<Path> watRoots = List.of();

    @Mixin
    FetchOptions fetch = new FetchOptions();

    @Mixin
    HomeOption home = new HomeOption();

    RunCommand(PrintStream out, PrintStream err) {
        this.err = err;
    }

    @Override
    public Integer call() throws IOException {
        if (cpus < 1) {
            throw new Failure(Exit.USAGE, "--cpus must be 1 or more");
        }
        if (nice < 0 || nice > 19) {
            throw new Failure(Exit.USAGE, "--nice must be 0 to 19");
        }
        Guest guest = Guest.onThisMachine(wishes());
        if (nice > 0) {
            Priority.lower(nice);
        }
        DjlSetup.before(home.nativeLibraries());
        String userAgent = fetch.userAgent();
        RandomGenerator jitter = RandomGenerator.getDefault();
        URI address = tracker.address();
        TrackerClient client = new TrackerClient(address, userAgent, TrackerClient.Patience.PATIENT, jitter);
        Register.Capabilities capabilities = new Register.Capabilities(
                cpus,
                Runtime.getRuntime().maxMemory() >> 20,
                List.of("cpu"),
                System.getProperty("os.name") + "/" + System.getProperty("os.arch"));
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
                LineSettings.forCpus(cpus),
                new ClipModel.Options(1, precision),
                jobs,
                exitWhenIdle,
                finishOnStop);
        CountDownLatch finished = new CountDownLatch(1);
        try (FileChannel lock = home.lock();
                Fetcher fetcher = fetch.newFetcher();
                Preprocessor pictures = IsolatedPreprocessor.start(
                        home.nativeLibraries(), settings.line().decoders());
                Volunteer volunteer = new Volunteer(settings, client, fetcher, pictures, guest, jitter);
                Control ear = Control.listen(home.folder(), new Orders(volunteer, guest)::obey)
                        .orElse(null);
                ConfigWatch watch = new ConfigWatch(home.folder().resolve(ConfigDefaults.FILE), guest, this::wishes)) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stopAndWait(volunteer, finished), "stop"));
            Thread progress = progressLine(volunteer, finished);
            progress.start();
            err.println("worker-agent: " + volunteer.run());
            return Exit.OK;
        } catch (ProblemException e) {
            throw new Failure(Exit.NO_PERMISSION, "the tracker refuses: " + e.getMessage());
        } catch (BundleException e) {
            throw new Failure(Exit.UNAVAILABLE, String.valueOf(e.getMessage()));
        } finally {
            finished.countDown();
        }
    }

    private Guest.Wishes wishes() {
        return wishes(hours, battery);
    }

    private static Guest.Wishes wishes(String hours, boolean battery) {
        try {
            return new Guest.Wishes(Hours.parse(hours), battery);
        } catch (IllegalArgumentException e) {
            throw new Failure(Exit.USAGE, "--hours: " + e.getMessage());
        }
    }

    /** What the owner wishes now that the file says something else; what the command line says stands. */
    private Guest.Wishes wishes(ConfigDefaults config) {
        CommandLine.ParseResult given =
                java.util.Objects.requireNonNull(spec).commandLine().getParseResult();
        String newHours = java.util.Objects.requireNonNullElse(config.value("hours"), "always");
        boolean newBattery = Boolean.parseBoolean(java.util.Objects.requireNonNullElse(config.value("battery"), ""));
        return wishes(
                given.hasMatchedOption("--hours") ? hours : newHours,
                given.hasMatchedOption("--battery") ? battery : newBattery);
    }

    private static void stopAndWait(Volunteer volunteer, CountDownLatch finished) {
        volunteer.stop();
        try {
            boolean unused = finished.await(STOP_GRACE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One live line where a person looks; elsewhere the log's own lines are enough. */
    private Thread progressLine(Volunteer volunteer, CountDownLatch finished) {
        Thread thread = new Thread(
                () -> {
                    try {
                        while (!finished.await(1, TimeUnit.SECONDS)) {
                            if (picocli.CommandLine.Help.Ansi.AUTO.enabled()) {
                                JobProgress p = volunteer.progress();
                                err.printf(
                                        "\r%-8s %,d candidates, %,d finished, %,d kept \u001b[K",
                                        p.stage(), p.candidates(), p.finished(), p.kept());
                                err.flush();
                            }
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "progress");
        thread.setDaemon(true);
        return thread;
    }
}
