package dev.gleaner.worker.release;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks now and then whether the tracker offers a newer release; fetches it, or only says so. Safe for any thread. */
public final class UpdateWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(UpdateWatch.class);
    private static final long PERIOD_SECONDS = TimeUnit.HOURS.toSeconds(6);
    private static final int FIRST_SECONDS = 5;

    private final Releases releases;
    private final Releases.Source source;
    private final boolean take;
    private final Runnable ready;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread t = new Thread(work, "updates");
        t.setDaemon(true);
        return t;
    });
    private volatile boolean isReady;
    private String said = "";

    /**
     * @param take whether to fetch the release; else its version is only told
     * @param ready called when a newer jar lies ready
     */
    public UpdateWatch(Releases releases, Releases.Source source, boolean take, Runnable ready) {
        this.releases = releases;
        this.source = source;
        this.take = take;
        this.ready = ready;
    }

    /** Begins to look: soon, and every six hours. */
    public void start(RandomGenerator jitter) {
        ScheduledFuture<?> unused = thread.scheduleWithFixedDelay(
                this::look, jitter.nextInt(FIRST_SECONDS), PERIOD_SECONDS + jitter.nextInt(600), TimeUnit.SECONDS);
    }

    /** Looks soon. */
    public void asked() {
        ScheduledFuture<?> unused = thread.schedule(this::look, 0, TimeUnit.SECONDS);
    }

    /** Whether a newer jar lies ready. */
    public boolean isReady() {
        return isReady;
    }

    private void look() {
        if (isReady) {
            return;
        }
        try {
            if (!take) {
                releases.offered(source)
                        .ifPresent(v -> say("A newer worker is offered by the tracker: version=" + v
                                + "; start it, or let workers update themselves with --auto-update"));
                return;
            }
            Optional<Releases.Jar> jar = releases.fetch(source);
            if (jar.isPresent()) {
                log.info(
                        "A newer worker is here and takes over after this job: version={}",
                        jar.get().version());
                isReady = true;
                ready.run();
            }
        } catch (IOException e) {
            say("No update can be had now: cause=" + e.getMessage());
        } catch (RuntimeException e) {
            // The schedule must outlive what one answer of a tracker brings about.
            say("No update can be had now, a bug: cause=" + e);
        }
    }

    private void say(String line) {
        if (!line.equals(said)) {
            said = line;
            log.info("{}", line);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
