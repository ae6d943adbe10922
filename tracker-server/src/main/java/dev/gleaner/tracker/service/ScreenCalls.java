package dev.gleaner.tracker.service;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Marks;
import dev.gleaner.protocol.lease.Screen;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.ReleaseBook;
import dev.gleaner.tracker.release.OptOuts;
import dev.gleaner.tracker.screen.KnownAddresses;
import dev.gleaner.tracker.screen.LeftOut;
import dev.gleaner.tracker.screen.Screened;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells workers what to leave out. Safe for any thread; what asks the ledger blocks. */
public final class ScreenCalls implements Screened {
    private static final Logger log = LoggerFactory.getLogger(ScreenCalls.class);
    /** So many sites may stand in one request for each link. */
    private static final int SITES_A_LINK = 9;

    /** Of one lease: enough for millions of links, too few to find out by trying what is on the list. */
    private static final int MOST_REQUESTS = 500;

    private static final int BY_SHA256 = 2;

    private final Ledger ledger;
    private final ReleaseBook book;
    private final Supplier<List<String>> stoppedSites;
    private final KnownAddresses addresses;
    private final Cache<String, AtomicInteger> asked = Caffeine.newBuilder()
            .maximumSize(100_000)
            .expireAfterAccess(Duration.ofHours(3))
            .build();
    private volatile LeftOut leftOut = LeftOut.NOTHING;
    private Stamp stamp = new Stamp("", List.of());

    /** By what is told that nothing has changed. */
    private record Stamp(String wishes, List<String> stopped) {}

    public ScreenCalls(Ledger ledger, ReleaseBook book, Supplier<List<String>> stoppedSites, KnownAddresses addresses) {
        this.addresses = addresses;
        this.ledger = ledger;
        this.book = book;
        this.stoppedSites = stoppedSites;
        refresh();
    }

    /** Looks whether somebody asked for something else; to be called every few seconds. */
    public synchronized void refresh() {
        Stamp now = new Stamp(book.optOutsStamp(), stoppedSites.get());
        if (now.equals(stamp)) {
            return;
        }
        List<OptOuts.OptOut> wishes = OptOuts.wishes(book, now.stopped);
        leftOut = new LeftOut(wishes);
        stamp = now;
        log.info("What workers leave out has changed: wishes={}", wishes.size());
    }

    @Override
    public boolean isLeftOut(String url, ImageHashes image) {
        return leftOut.covers(url, image);
    }

    @Override
    public long known(Ledger.ReadyJob job, FencingToken token) throws IOException {
        return addresses.toldKnown(job, token);
    }

    /** Whether a worker must ask about this job's links and pictures. Does not block. */
    public boolean mustAsk(Ledger.ReadyJob job) {
        return !leftOut.isEmpty() || KnownAddresses.concern(job);
    }

    /**
     * What of these a worker is to leave out.
     *
     * @throws IOException when the store or another tracker cannot be asked now
     */
    public Screen.Response screen(String worker, long job, FencingToken token, Screen.Request request)
            throws IOException {
        WorkerCalls.requireMaySubmit(ledger, worker, job, token);
        if (asked.get(job + "/" + token, lease -> new AtomicInteger()).incrementAndGet() > MOST_REQUESTS) {
            throw new Refusal(
                    ProblemCode.LEASE_LOST, "this lease has asked more than " + MOST_REQUESTS + " times; drop the job");
        }
        long[] links = marks(request.links(), "links", Screen.MARKS_A_LINK, 1);
        long[] sites = marks(request.sites(), "sites", 1, SITES_A_LINK);
        long[] pages = marks(request.pages(), "pages", 1, 1);
        long[] pictures = marks(request.pictures(), "pictures", Screen.MARKS_A_PICTURE, 1);
        LeftOut now = leftOut;
        return new Screen.Response(
                now.links(links, Screen.MARKS_A_LINK),
                now.sites(sites),
                now.pages(pages),
                now.pictures(pictures, Screen.MARKS_A_PICTURE),
                known(job, token, links));
    }

    private List<Integer> known(long job, FencingToken token, long[] links) throws IOException {
        Ledger.ReadyJob ready = ledger.job(job).orElseThrow(() -> WorkerCalls.unknown(job));
        if (!KnownAddresses.concern(ready)) {
            return List.of();
        }
        long[] bySha256 = new long[links.length / Screen.MARKS_A_LINK];
        for (int i = 0; i < bySha256.length; i++) {
            bySha256[i] = links[i * Screen.MARKS_A_LINK + BY_SHA256];
        }
        return addresses.known(ready, token, bySha256).stream().boxed().toList();
    }

    private static long[] marks(byte[] bytes, String name, int marksEach, int times) {
        if (bytes.length > times * Screen.MAX * marksEach * Long.BYTES) {
            throw new Refusal(
                    ProblemCode.MALFORMED_REQUEST, name + " has more than " + times * Screen.MAX + " of them");
        }
        try {
            return Marks.read(bytes, marksEach);
        } catch (IllegalArgumentException e) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, name + ": " + e.getMessage());
        }
    }
}
