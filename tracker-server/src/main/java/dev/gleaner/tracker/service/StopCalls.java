package dev.gleaner.tracker.service;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.tracker.ledger.Statistics;
import dev.gleaner.tracker.settings.Setting;
import dev.gleaner.tracker.sites.StoppedSites;
import dev.gleaner.tracker.sites.TxtRecords;
import java.net.IDN;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * How a site's owner makes the swarm stay away, and sees that it does: by a TXT record that only the owner can set. Safe for any
 * thread; blocks on the ledger.
 */
public final class StopCalls {
    private static final String RECORD = "_gleaner.";
    private static final Pattern SITE =
            Pattern.compile("(?=.{4,240}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]");
    private static final int LOOKUPS_A_MINUTE = 10;
    private static final int TOKEN_HEX = 32;
    private static final int SHOWN = 5;

    private final Setting<StoppedSites> stopped;
    private final Statistics statistics;
    private final TxtRecords records;
    private final byte[] secret;
    private final InstantSource clock;
    private final Cache<String, AtomicInteger> asked = Caffeine.newBuilder()
            .maximumSize(100_000)
            .expireAfterWrite(Duration.ofMinutes(1))
            .build();

    /**
     * How it stands with a site, and how its owner proves to be that.
     *
     * @param stopped whether nobody goes there, for this name or one above it
     * @param since ISO-8601 instant, null when it is not stopped
     * @param kept pictures kept from it and from names below it so far
     * @param lastKept ISO-8601 instant, null without any
     * @param record name of the TXT record
     * @param value that it must have
     */
    public record Standing(
            String site,
            boolean stopped,
            @Nullable String since,
            long kept,
            @Nullable String lastKept,
            String record,
            String value) {}

    public record Wish(String site) {}

    /** @param stop false lets workers go there again */
    public record OperatorsWish(String site, boolean stop) {}

    /** @param secret of the ledger; what a record must say is made with it, so that nothing need be kept for who only asks */
    public StopCalls(
            Setting<StoppedSites> stopped,
            Statistics statistics,
            TxtRecords records,
            byte[] secret,
            InstantSource clock) {
        this.statistics = statistics;
        this.stopped = stopped;
        this.records = records;
        this.secret = secret.clone();
        this.clock = clock;
    }

    public Standing standing(String name) {
        String site = site(name);
        @Nullable
        String since = stopped.get().over(site).map(StoppedSites.Stop::since).orElse(null);
        Statistics.KeptFrom kept = statistics.keptFrom(site);
        Instant last = kept.last();
        return new Standing(
                site,
                since != null,
                since,
                kept.pictures(),
                last == null ? null : last.toString(),
                RECORD + site,
                value(site));
    }

    /**
     * Stops a site whose owner has set the record. Blocks on the name server.
     *
     * @param source network of the caller, null when unknown
     */
    public Standing stop(Wish wish, @Nullable String source) {
        String site = site(wish.site());
        if (source != null && asked.get(source, key -> new AtomicInteger()).incrementAndGet() > LOOKUPS_A_MINUTE) {
            throw new Refusal(ProblemCode.TOO_MANY_REQUESTS, "one look a few seconds is enough; try again in a minute");
        }
        List<String> found;
        try {
            found = records.of(RECORD + site).toCompletableFuture().join();
        } catch (CompletionException e) {
            throw new Refusal(
                    ProblemCode.STATE_CONFLICT,
                    "the TXT record " + RECORD + site + " cannot be looked up now; try again later");
        }
        if (found.stream().noneMatch(text -> text.strip().equals(value(site)))) {
            throw new Refusal(ProblemCode.STATE_CONFLICT, lacking(site, found));
        }
        change("site owner", all -> all.with(new StoppedSites.Stop(site, now(), "owner, by DNS")));
        return standing(site);
    }

    private String lacking(String site, List<String> found) {
        String there = found.isEmpty()
                ? "there is none yet"
                : "it says "
                        + found.stream()
                                .limit(SHOWN)
                                .map(text -> "\"" + Printable.of(text, 80) + "\"")
                                .collect(Collectors.joining(", "));
        return "the TXT record " + RECORD + site + " must say \"" + value(site) + "\"; " + there
                + ". A new record may take some minutes to be seen";
    }

    /** What operators stopped, or owners. */
    public StoppedSites all() {
        return stopped.get();
    }

    /** Stops a site that asked by other ways, or lets workers go there again. */
    public StoppedSites change(String actor, OperatorsWish wish) {
        String site = site(wish.site());
        return change(
                actor, all -> wish.stop() ? all.with(new StoppedSites.Stop(site, now(), actor)) : all.without(site));
    }

    /** The list is written whole: what another tracker has just written must be in it. */
    private synchronized StoppedSites change(String actor, UnaryOperator<StoppedSites> how) {
        stopped.refresh();
        return stopped.change(how.apply(stopped.get()), actor)
                .toCompletableFuture()
                .join();
    }

    private String now() {
        return clock.instant().toString();
    }

    private static String site(String name) {
        String site;
        try {
            site = IDN.toASCII(name.strip().toLowerCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            site = "";
        }
        if (!SITE.matcher(site).matches()) {
            throw new Refusal(
                    ProblemCode.MALFORMED_REQUEST,
                    "site must be a domain name such as example.org, without https:// or a path");
        }
        return site;
    }

    /** The same for the same site, and not to be guessed. */
    private String value(String site) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            byte[] digest = mac.doFinal(site.getBytes(StandardCharsets.UTF_8));
            return "stop=" + HexFormat.of().formatHex(digest).substring(0, TOKEN_HEX);
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }
}
