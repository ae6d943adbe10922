package dev.gleaner.worker.cli;

import dev.gleaner.worker.tracker.Enrolment;
import dev.gleaner.worker.tracker.ProblemException;
import dev.gleaner.worker.tracker.TrackerClient;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code new-token}: for a volunteer whose identity file may have been seen by others. */
@Command(
        name = "new-token",
        description =
                "Gives this worker a new secret and makes the old one void, for when its identity file may have been seen by others. Stop the worker first.",
        mixinStandardHelpOptions = true)
final class NewTokenCommand implements Callable<Integer> {
    private static final TrackerClient.Patience A_MINUTE =
            new TrackerClient.Patience(6, Duration.ofSeconds(1), Duration.ofSeconds(16));

    private final PrintStream out;

    @Mixin
    TrackerOption tracker = new TrackerOption();

    @Mixin
    HomeOption home = new HomeOption();

    NewTokenCommand(PrintStream out, PrintStream err) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        URI address = tracker.address();
        TrackerClient client = new TrackerClient(
                address, "gleaner-worker/" + WorkerCommand.Version.text(), A_MINUTE, RandomGenerator.getDefault());
        try (FileChannel lock = home.lock()) {
            String worker = new Enrolment(home.folder(), address, client)
                    .changeToken()
                    .orElseThrow(() -> new Failure(
                            Exit.NO_INPUT,
                            "no worker in " + home.folder() + " has registered at " + address
                                    + "; give the folder with --home"));
            out.println("worker " + worker + " has a new token; the old one opens nothing any more");
            return Exit.OK;
        } catch (ProblemException e) {
            throw new Failure(Exit.NO_PERMISSION, "the tracker refuses: " + e.getMessage());
        }
    }
}
