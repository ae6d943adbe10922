package dev.gleaner.worker.job;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.fetch.Fetched;
import dev.gleaner.worker.pipeline.Channel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches the pictures of candidates, and does not mistake a dead line for dead sites.
 *
 * <p>Where no connection comes about, it may be the site's fault or this machine's. Such candidates are put aside until any
 * site answers: then they are dropped. When {@value #DOUBTS} have gathered, or there is nothing else left to do, the
 * {@link Connection} is asked. While it is down nothing is fetched, and afterwards all that were put aside are fetched again.
 */
final class FetchStage {
    static final int DOUBTS = 64;

    private static final Logger log = LoggerFactory.getLogger(FetchStage.class);
    /** Addresses given to the web and not yet answered; most wait for their site's turn and hold nothing else. */
    private static final int PENDING = 4_096;

    private static final long LONGEST_PAUSE_MILLIS = 60_000;

    private final Channel<Candidate> candidates;
    private final Channel<Answer> answers;
    private final Web web;
    private final Connection connection;
    private final Drain drain;
    private final Pause pause;
    private final Semaphore pending = new Semaphore(PENDING);
    private final Object lock = new Object();
    private List<Doubt> doubts = new ArrayList<>();
    private List<Doubt> believed = new ArrayList<>();

    /** A picture, or why there is none, and whose it is. */
    record Answer(Candidate candidate, Fetched fetched) {}

    private record Doubt(Candidate candidate, PairDrop reason) {}

    /** Where pictures come from. */
    interface Web {
        /** Holds one of the job's slots, for as long as the taker of the answer likes. */
        CompletionStage<Fetched> fetch(Candidate candidate);

        /** Gives the slot of an answer back that nobody else will. */
        void release();

        /** Forgets which hosts and names did not answer. */
        void forgetFailures();
    }

    /** Takes a candidate whose picture is not to be had. */
    @FunctionalInterface
    interface Drain {
        void drop(Candidate candidate, PairDrop reason) throws IOException;
    }

    /** Waits; in tests it does not. */
    @FunctionalInterface
    interface Pause {
        void millis(long millis) throws InterruptedException;
    }

    /**
     * @param answers has room for as many as there are slots: an answer is handed over with its slot
     */
    FetchStage(
            Channel<Candidate> candidates,
            Channel<Answer> answers,
            Web web,
            Connection connection,
            Drain drain,
            Pause pause) {
        this.candidates = candidates;
        this.answers = answers;
        this.web = web;
        this.connection = connection;
        this.drain = drain;
        this.pause = pause;
    }

    void run() throws InterruptedException, IOException {
        for (Candidate c = candidates.take(); c != null; c = candidates.take()) {
            fetch(c);
            dropBelieved();
            if (doubtful() >= DOUBTS) {
                clearDoubts();
            }
        }
        awaitAnswers();
        while (doubtful() > 0) {
            clearDoubts();
            awaitAnswers();
        }
        dropBelieved();
    }

    private void fetch(Candidate candidate) throws InterruptedException {
        pending.acquire();
        web.fetch(candidate).thenAccept(fetched -> {
            if (fetched instanceof Fetched.Dropped dropped && mayBeOurFault(dropped)) {
                synchronized (lock) {
                    doubts.add(new Doubt(candidate, dropped.reason()));
                }
                web.release();
            } else {
                believeDoubts();
                answers.offer(new Answer(candidate, fetched));
            }
            pending.release();
        });
    }

    private static boolean mayBeOurFault(Fetched.Dropped dropped) {
        return dropped.status() == 0
                && switch (dropped.reason()) {
                    case DNS, CONNECT, TIMEOUT -> true;
                    case PROTOCOL, TLS -> dropped.broken();
                    default -> false;
                };
    }

    private int doubtful() {
        synchronized (lock) {
            return doubts.size();
        }
    }

    private void believeDoubts() {
        synchronized (lock) {
            believed.addAll(doubts);
            doubts.clear();
        }
    }

    private void dropBelieved() throws IOException {
        List<Doubt> over;
        synchronized (lock) {
            over = believed;
            believed = new ArrayList<>();
        }
        for (Doubt doubt : over) {
            drain.drop(doubt.candidate, doubt.reason);
        }
    }

    private void clearDoubts() throws InterruptedException {
        if (connection.isUp()) {
            believeDoubts();
            return;
        }
        log.warn("The network is down; the job waits: unanswered={}", doubtful());
        // What is still under way fails for the same reason, and must not count either.
        awaitAnswers();
        long millis = 5_000;
        do {
            pause.millis(millis);
            millis = Math.min(LONGEST_PAUSE_MILLIS, millis * 2);
        } while (!connection.isUp());
        web.forgetFailures();
        List<Doubt> again;
        synchronized (lock) {
            again = doubts;
            doubts = new ArrayList<>();
        }
        log.info("The network is back; the job goes on: again={}", again.size());
        for (Doubt doubt : again) {
            fetch(doubt.candidate);
        }
    }

    private void awaitAnswers() throws InterruptedException {
        pending.acquire(PENDING);
        pending.release(PENDING);
    }
}
