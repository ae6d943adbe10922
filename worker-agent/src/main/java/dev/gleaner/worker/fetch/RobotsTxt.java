package dev.gleaner.worker.fetch;

import crawlercommons.robots.SimpleRobotRules;
import crawlercommons.robots.SimpleRobotRulesParser;
import dev.gleaner.protocol.campaign.OptOuts;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.url.WebUrl;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the {@code robots.txt} of sites say of this crawler (RFC 9309). Each is fetched once and remembered for a day, or ten minutes
 * when it could not be had. One that does not exist allows everything; one that the server fails to give forbids everything; one
 * that cannot be connected to has the same reason as its pictures would have. Safe for any thread.
 */
final class RobotsTxt {
    /** RFC 9309, section 2.5: at least 500 KiB are read. */
    static final FetchLimits LIMITS =
            new FetchLimits(Duration.ofSeconds(20), 512 << 10, 0, 5, Set.of(), new OptOuts(false, false));

    /** RFC 9309, section 2.4. */
    private static final long DAY_NANOS = Duration.ofHours(24).toNanos();

    private static final long FAILURE_NANOS = Duration.ofMinutes(10).toNanos();
    private static final Duration LONGEST_DELAY = Duration.ofMinutes(1);
    /** Of files whose rules are remembered. */
    private static final long MOST_BYTES = 16 << 20;

    private static final long BYTES_AT_LEAST = 512;

    private final LongSupplier nanos;
    private final Map<String, Known> known = new LinkedHashMap<>(256, 0.75f, true);
    private final Map<String, CompletableFuture<Rules>> underWay = new HashMap<>();
    private long bytes;

    private record Known(Rules rules, long until, long bytes) {}

    /**
     * Of one host.
     *
     * @param parsed null when nothing there may be fetched
     * @param refusal why then
     */
    private record Rules(@Nullable SimpleRobotRules parsed, Fetched.@Nullable Dropped refusal) {}

    /**
     * What it says of an address.
     *
     * @param refusal why it may not be fetched; null when it may
     * @param delay that the site wants between two requests; zero when it wants none
     */
    record Word(Fetched.@Nullable Dropped refusal, Duration delay) {}

    RobotsTxt(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /** @param fetch gets the file if it is not known; reserved bytes are given back by the caller */
    CompletionStage<Word> ask(WebUrl url, Function<WebUrl, CompletionStage<Fetched>> fetch) {
        WebUrl place = WebUrl.parse("/robots.txt", url);
        if (place == null) {
            return CompletableFuture.completedFuture(new Word(null, Duration.ZERO));
        }
        String key = place.toString();
        CompletableFuture<Rules> answer;
        synchronized (this) {
            Known before = known.get(key);
            if (before != null && before.until - nanos.getAsLong() > 0) {
                return CompletableFuture.completedFuture(word(before.rules, url));
            }
            CompletableFuture<Rules> pending = underWay.get(key);
            if (pending != null) {
                return pending.thenApply(rules -> word(rules, url));
            }
            answer = new CompletableFuture<>();
            underWay.put(key, answer);
        }
        CompletionStage<Void> unused = fetch.apply(place).thenAccept(fetched -> {
            Rules rules = rules(key, fetched);
            remember(key, rules, fetched);
            answer.complete(rules);
        });
        return answer.thenApply(rules -> word(rules, url));
    }

    private static Rules rules(String key, Fetched fetched) {
        if (fetched instanceof Fetched.Body body) {
            try {
                return new Rules(parse(key, body.bytes(), body.contentType()), null);
            } catch (RuntimeException e) {
                // A stranger's file met a bug of the parser's: what it forbids is not known.
                return new Rules(null, new Fetched.Dropped(PairDrop.ROBOTS_TXT, 0, "robots.txt cannot be read: " + e));
            }
        }
        Fetched.Dropped dropped = (Fetched.Dropped) fetched;
        boolean missing = dropped.reason() == PairDrop.HTTP_STATUS && dropped.status() / 100 == 4;
        boolean astray = dropped.reason() == PairDrop.TOO_MANY_REDIRECTS || dropped.reason() == PairDrop.BAD_REDIRECT;
        if (missing || astray) {
            return new Rules(new SimpleRobotRules(SimpleRobotRules.RobotRulesMode.ALLOW_ALL), null);
        } else if (dropped.status() == 0) {
            return new Rules(null, dropped);
        }
        return new Rules(
                null, new Fetched.Dropped(PairDrop.ROBOTS_TXT, 0, "robots.txt cannot be had: " + dropped.detail()));
    }

    private static SimpleRobotRules parse(String key, byte[] bytes, String contentType) {
        // Not a field: it keeps state while it parses.
        return new SimpleRobotRulesParser().parseContent(key, bytes, contentType, List.of(RobotsTag.OUR_NAME));
    }

    private synchronized void remember(String key, Rules rules, Fetched fetched) {
        underWay.remove(key);
        long size = BYTES_AT_LEAST + (fetched instanceof Fetched.Body body ? body.bytes().length : 0);
        long life = rules.parsed == null ? FAILURE_NANOS : DAY_NANOS;
        Known before = known.put(key, new Known(rules, nanos.getAsLong() + life, size));
        bytes += size - (before == null ? 0 : before.bytes);
        Iterator<Known> oldest = known.values().iterator();
        while (bytes > MOST_BYTES && oldest.hasNext()) {
            bytes -= oldest.next().bytes;
            oldest.remove();
        }
    }

    private static Word word(Rules rules, WebUrl url) {
        SimpleRobotRules parsed = rules.parsed;
        if (parsed == null) {
            return new Word(rules.refusal, Duration.ZERO);
        }
        if (!parsed.isAllowed(url.toString())) {
            return new Word(new Fetched.Dropped(PairDrop.ROBOTS_TXT, 0, "robots.txt forbids it"), Duration.ZERO);
        }
        Duration delay = Duration.ofMillis(Math.max(0, parsed.getCrawlDelay()));
        return new Word(null, delay.compareTo(LONGEST_DELAY) > 0 ? LONGEST_DELAY : delay);
    }
}
