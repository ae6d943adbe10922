package dev.gleaner.tracker.service;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.tracker.explore.Explorer;
import dev.gleaner.tracker.explore.Hit;
import dev.gleaner.tracker.explore.PairIndex;
import dev.gleaner.tracker.ledger.ReleaseBook;
import dev.gleaner.tracker.release.OptOuts;
import dev.gleaner.tracker.release.ReleaseManifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Searches in releases, for everybody. Blocks; safe for any thread. */
public final class ExploreCalls {
    private static final Logger log = LoggerFactory.getLogger(ExploreCalls.class);
    private static final int MOST_HITS = 50;
    /** Hits that are not shown must not leave an answer empty. */
    private static final int LOOKED_AT = 4 * MOST_HITS;

    private final ReleaseBook book;
    private final Explorer explorer;
    private final Supplier<List<String>> stoppedSites;

    /** @param stoppedSites domains whose owners let nobody come */
    public ExploreCalls(ReleaseBook book, Explorer explorer, Supplier<List<String>> stoppedSites) {
        this.book = book;
        this.explorer = explorer;
        this.stoppedSites = stoppedSites;
    }

    /**
     * A pair on the wire.
     *
     * @param sampleId as text, for no browser counts so far
     * @param checked whether a safety head calls it unlikely to be unsafe; false: nobody has looked
     */
    public record Found(
            String sampleId,
            String url,
            String text,
            String pageUrl,
            int width,
            int height,
            float similarity,
            @org.jspecify.annotations.Nullable String license,
            boolean checked,
            float score) {}

    /**
     * @param hidden pairs that were found and are not shown: they may be unsafe, or somebody asked to be left out since
     * @param pairs in the release
     */
    public record Answer(String release, List<Found> hits, int hidden, int pairs) {}

    /** Indexes the newest release of each campaign and preset. */
    public void work() {
        Map<String, ReleaseManifest> newest = new LinkedHashMap<>();
        for (ReleaseBook.Version version : book.releases()) {
            String manifest = version.manifest();
            if (manifest != null) {
                ReleaseManifest release = Json.read(manifest.getBytes(StandardCharsets.UTF_8), ReleaseManifest.class);
                newest.putIfAbsent(release.campaign() + " " + release.preset().name(), release);
            }
        }
        try {
            explorer.work(List.copyOf(newest.values()));
        } catch (IOException e) {
            log.warn("A release could not be indexed now and will be: cause={}", e.toString());
        }
    }

    /** @param by {@code words}, {@code domain}, {@code address}, {@code image} or {@code like} */
    public Answer search(String release, String by, String value) throws IOException {
        String wanted = value.strip();
        if (wanted.isEmpty() || wanted.length() > 2_000) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, "say what to look for, in at most 2000 characters");
        }
        return explorer.search(release, index -> answer(release, index, hits(index, by, wanted)))
                .orElseThrow(
                        () -> new Refusal(
                                ProblemCode.NOT_FOUND,
                                "release " + Printable.of(release, 100)
                                        + " cannot be searched here: the newest of each campaign and preset can, some time after it is published"));
    }

    private static List<Hit> hits(PairIndex index, String by, String value) throws IOException {
        return switch (by) {
            case "words" -> index.byWords(value, LOOKED_AT);
            case "domain" -> index.byDomain(value.toLowerCase(Locale.ROOT), LOOKED_AT);
            case "address" -> index.byAddress(value, LOOKED_AT);
            case "image" -> index.byImage(value.toLowerCase(Locale.ROOT), LOOKED_AT);
            case "like" -> index.like(number(value), LOOKED_AT);
            default ->
                throw new Refusal(ProblemCode.MALFORMED_REQUEST, "by must be words, domain, address, image or like");
        };
    }

    private static long number(String value) {
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, "like takes a SAMPLE_ID");
        }
    }

    private Answer answer(String release, PairIndex index, List<Hit> hits) {
        OptOuts optOuts = OptOuts.of(book, stoppedSites.get());
        List<Found> shown = new ArrayList<>();
        int hidden = 0;
        for (Hit hit : hits) {
            boolean unsafe = hit.nsfw() != null && !hit.nsfw().equals("UNLIKELY");
            if (unsafe || optOuts.cover(hit.url(), hit.pageUrl(), hit.image())) {
                hidden++;
            } else if (shown.size() < MOST_HITS) {
                shown.add(new Found(
                        Long.toString(hit.sampleId()),
                        hit.url(),
                        hit.text(),
                        hit.pageUrl(),
                        hit.width(),
                        hit.height(),
                        hit.similarity(),
                        hit.license(),
                        hit.nsfw() != null,
                        hit.score()));
            }
        }
        return new Answer(release, shown, hidden, index.size());
    }
}
