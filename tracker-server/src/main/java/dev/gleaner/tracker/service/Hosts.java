package dev.gleaner.tracker.service;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adds up from which hosts pictures were kept, and writes it down now and then: a result must not wait for it, and what a crash loses of
 * it is some seconds'. Safe for any thread.
 */
public final class Hosts {
    private static final Logger log = LoggerFactory.getLogger(Hosts.class);
    /** So many are written at once at most; what does not fit is lost, and said. */
    private static final int MOST = 200_000;

    private final Book book;
    private final InstantSource clock;
    private Map<String, Long> waiting = new HashMap<>();
    private boolean overflown;

    /** Where it is written down: {@link dev.gleaner.tracker.ledger.Statistics#keptFrom}. */
    public interface Book {
        CompletionStage<Void> write(Map<String, Long> hosts, long at);
    }

    public Hosts(Book book, InstantSource clock) {
        this.book = book;
        this.clock = clock;
    }

    /** The host of a picture's address in lower case, empty when it has none. Strangers write addresses. */
    static String of(String url) {
        try {
            String host = new URI(url).getHost();
            return host == null || host.length() > 253 ? "" : host.toLowerCase(Locale.ROOT);
        } catch (URISyntaxException e) {
            return "";
        }
    }

    synchronized void add(Map<String, Long> hosts) {
        for (Map.Entry<String, Long> host : hosts.entrySet()) {
            if (waiting.size() < MOST || waiting.containsKey(host.getKey())) {
                waiting.merge(host.getKey(), host.getValue(), Long::sum);
            } else if (!overflown) {
                overflown = true;
                log.warn("Pictures come from more hosts than can be written down in time; some are not counted");
            }
        }
    }

    /** Writes down what has come in. Blocks on the ledger; what could not be written is tried again. */
    public void flush() {
        Map<String, Long> now;
        synchronized (this) {
            now = waiting;
            waiting = new HashMap<>();
            overflown = false;
        }
        if (now.isEmpty()) {
            return;
        }
        try {
            book.write(now, clock.millis()).toCompletableFuture().join();
        } catch (RuntimeException e) {
            add(now);
            throw e;
        }
    }
}
