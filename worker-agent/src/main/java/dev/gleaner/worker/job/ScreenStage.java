package dev.gleaner.worker.job;

import dev.gleaner.protocol.lease.Screen;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.pipeline.Channel;
import java.io.IOException;
import java.util.List;

/** Lets through to the fetching what nobody wants left out. Asks about many links at once, and does not wait long for many. */
final class ScreenStage {
    static final int MOST = Screen.MAX;
    static final long FIRST_LINGER_MILLIS = 3_000;
    /** Behind a slow line links trickle for hours, and a lease may ask some hundred times only. */
    private static final long LONGEST_LINGER_MILLIS = 120_000;

    private final Channel<Candidate> found;
    private final Channel<Candidate> wanted;
    private final Screening screening;
    private final FetchStage.Drain drain;
    private long lingerMillis = FIRST_LINGER_MILLIS;

    ScreenStage(Channel<Candidate> found, Channel<Candidate> wanted, Screening screening, FetchStage.Drain drain) {
        this.found = found;
        this.wanted = wanted;
        this.screening = screening;
        this.drain = drain;
    }

    void run() throws InterruptedException, IOException {
        for (List<Candidate> some = next(); !some.isEmpty(); some = next()) {
            Screening.Links out = screening.links(some);
            for (int i = 0; i < some.size(); i++) {
                if (out.leftOut().get(i)) {
                    drain.drop(some.get(i), PairDrop.LEFT_OUT);
                } else if (out.known().get(i)) {
                    drain.drop(some.get(i), PairDrop.KNOWN);
                } else {
                    wanted.put(some.get(i));
                }
            }
        }
    }

    private List<Candidate> next() throws InterruptedException {
        List<Candidate> some = found.takeAlike(MOST, lingerMillis, candidate -> 0);
        lingerMillis = longer(lingerMillis);
        return some;
    }

    static long longer(long lingerMillis) {
        return Math.min(LONGEST_LINGER_MILLIS, 2 * lingerMillis);
    }
}
