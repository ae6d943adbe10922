package dev.gleaner.worker.release;

import dev.gleaner.worker.guest.OwnJava;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs the worker in a process of its own, so that a newer release can take its place; a release that does not run here is given up
 * for the one before. One thread.
 */
public final class Supervisor {
    /** A worker ends so when a newer jar lies ready. */
    public static final int UPDATED = 79;

    /** A release that ran for so long is not the reason for its end. */
    private static final long TRIAL_NANOS = TimeUnit.MINUTES.toNanos(10);

    private static final long STOP_SECONDS = 30;

    private final Releases releases;
    private final List<String> arguments;
    /** Ends that are no fault of the program: of the volunteer, the tracker, the machine. */
    private final Set<Integer> innocent;

    private final boolean patient;
    private final PrintStream err;
    private volatile @Nullable Process worker;
    private volatile boolean stopping;

    /**
     * @param arguments of the program, for each process
     * @param innocent exit codes that say nothing against a release
     * @param patient whether a worker that is told to stop may take its time
     */
    public Supervisor(
            Releases releases, List<String> arguments, Set<Integer> innocent, boolean patient, PrintStream err) {
        this.releases = releases;
        this.arguments = List.copyOf(arguments);
        this.innocent = Set.copyOf(innocent);
        this.patient = patient;
        this.err = err;
    }

    /** Runs workers one after the other; returns the exit code of the last. */
    public int run() throws IOException, InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "stop-worker"));
        while (true) {
            Releases.Jar jar = releases.newest();
            long began = System.nanoTime();
            Process process =
                    new ProcessBuilder(command(jar.file())).inheritIO().start();
            worker = process;
            if (stopping) {
                process.destroy();
            }
            int code = process.waitFor();
            if (stopping) {
                return code;
            }
            Releases.Jar next = releases.newest();
            if (code == UPDATED && !next.equals(jar)) {
                err.println("worker-agent: version " + next.version() + " takes over from " + jar.version());
                continue;
            }
            boolean young = System.nanoTime() - began < TRIAL_NANOS;
            if (!young || innocent.contains(code) || jar.equals(releases.own())) {
                return code;
            }
            releases.reject(jar, "ended with exit code " + code);
            err.println("worker-agent: version " + jar.version() + " does not run here (exit code " + code
                    + ") and is not started again; going on with "
                    + releases.newest().version());
        }
    }

    private List<String> command(Path jar) {
        List<String> command = new ArrayList<>();
        command.add(OwnJava.command());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.add("-jar");
        command.add(jar.toString());
        command.addAll(arguments);
        return command;
    }

    private void stop() {
        stopping = true;
        Process now = worker;
        if (now == null) {
            return;
        }
        now.destroy();
        try {
            if (patient) {
                now.waitFor();
            } else if (!now.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                now.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
