package dev.gleaner.tracker.service;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.tracker.explore.Encoder;
import dev.gleaner.tracker.explore.Explorer;
import dev.gleaner.tracker.explore.Hit;
import dev.gleaner.tracker.explore.PairIndex;
import dev.gleaner.tracker.ledger.ReleaseBook;
import dev.gleaner.tracker.release.OptOuts;
import dev.gleaner.tracker.release.ReleaseManifest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Searches in releases, for everybody. Blocks; safe for any thread. */
public final class ExploreCalls {
    private static final Logger log = LoggerFactory.getLogger(ExploreCalls.class);
    private static final int MOST_HITS = 50;
    /** Hits that are not shown must not leave an answer empty. */
    private static final int LOOKED_AT = 4 * MOST_HITS;
    /** In a subset; of those that are near something, as many as can be looked for at all. */
    private static final int MOST_EXPORTED = 10_000;

    private static final int MOST_CHARACTERS = 2_000;

    private final ReleaseBook book;
    private final Explorer explorer;
    private final @Nullable Encoder encoder;
    private final BundleShelf bundles;
    private final Supplier<List<String>> stoppedSites;

    /**
     * @param encoder null: nothing can be looked for by its meaning
     * @param stoppedSites domains whose owners let nobody come
     */
    public ExploreCalls(
            ReleaseBook book,
            Explorer explorer,
            @Nullable Encoder encoder,
            BundleShelf bundles,
            Supplier<List<String>> stoppedSites) {
        this.book = book;
        this.explorer = explorer;
        this.encoder = encoder;
        this.bundles = bundles;
        this.stoppedSites = stoppedSites;
    }

    /** Whether texts and pictures can be looked for by their meaning. */
    public boolean hasMeanings() {
        return encoder != null;
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
            @Nullable String license,
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
        if (encoder != null) {
            encoder.restIfIdle();
        }
    }

    /** @param by {@code words}, {@code meaning}, {@code domain}, {@code address}, {@code image} or {@code like} */
    public Answer search(String release, String by, String value) throws IOException {
        Look look = look(release, by, value);
        return in(release, index -> answer(release, index, look.in(index, LOOKED_AT)));
    }

    /** Pairs with pictures like this one, which is forgotten. */
    public Answer searchPicture(String release, byte[] file) throws IOException {
        float[] embedding = embedding(release, (encodes, bundle) -> encodes.picture(bundle, file));
        return in(release, index -> answer(release, index, index.near(embedding, LOOKED_AT)));
    }

    /** The subset that a search finds, {@value #MOST_EXPORTED} pairs at most, as JSON lines. */
    public byte[] export(String release, String by, String value) throws IOException {
        Look look = look(release, by, value);
        return in(release, index -> {
            ByteArrayOutputStream lines = new ByteArrayOutputStream();
            OptOuts optOuts = OptOuts.of(book, stoppedSites.get());
            for (Hit hit : look.in(index, MOST_EXPORTED)) {
                if (!isHidden(hit, optOuts)) {
                    lines.writeBytes(Json.bytes(Exported.of(hit)));
                    lines.write('\n');
                }
            }
            return lines.toByteArray();
        });
    }

    /** A pair of a subset, its keys named as the table's columns. */
    private record Exported(
            @JsonProperty("SAMPLE_ID") long sampleId,
            @JsonProperty("URL") String url,
            @JsonProperty("TEXT") String text,
            @JsonProperty("WIDTH") int width,
            @JsonProperty("HEIGHT") int height,
            @JsonProperty("LICENSE") @Nullable String license,
            @JsonProperty("NSFW") @Nullable String nsfw,
            float similarity,
            @JsonProperty("page_url") String pageUrl) {
        static Exported of(Hit hit) {
            return new Exported(
                    hit.sampleId(),
                    hit.url(),
                    hit.text(),
                    hit.width(),
                    hit.height(),
                    hit.license(),
                    hit.nsfw(),
                    hit.similarity(),
                    hit.pageUrl());
        }
    }

    /** What is looked for, ready to be found. */
    private interface Look {
        List<Hit> in(PairIndex index, int most) throws IOException;
    }

    private interface Embedding {
        Encoder.Answer of(Encoder encoder, Path bundle) throws IOException;
    }

    private float[] embedding(String release, Embedding wanted) throws IOException {
        Encoder encodes = encoder;
        if (encodes == null) {
            throw new Refusal(
                    ProblemCode.NOT_FOUND,
                    "this tracker looks for no meanings; its operator can give it the worker's program (serve --encoder)");
        }
        String manifest =
                book.release(release).map(ReleaseBook.Version::manifest).orElseThrow(() -> notSearchable(release));
        Path bundle = bundles.folder(Json.read(manifest.getBytes(StandardCharsets.UTF_8), ReleaseManifest.class)
                .bundle());
        Encoder.Answer answer;
        try {
            answer = wanted.of(encodes, bundle);
        } catch (IOException e) {
            log.warn("Nothing can be looked for by its meaning now: cause={}", e.getMessage());
            throw new Refusal(
                    ProblemCode.INTERNAL, "what finds meanings does not work now; the tracker's log says why");
        }
        if (answer instanceof Encoder.Answer.Embedding embedding) {
            return embedding.numbers();
        } else if (answer instanceof Encoder.Answer.Refused refused) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, "the model makes nothing of it: " + refused.why());
        }
        throw new Refusal(ProblemCode.TOO_MANY_REQUESTS, "many look for meanings at once; try again in a moment");
    }

    private <T> T in(String release, Explorer.Search<T> search) throws IOException {
        return explorer.search(release, search).orElseThrow(() -> notSearchable(release));
    }

    private static Refusal notSearchable(String release) {
        return new Refusal(
                ProblemCode.NOT_FOUND,
                "release " + Printable.of(release, 100)
                        + " cannot be searched here: the newest of each campaign and preset can, some time after it is published");
    }

    private Look look(String release, String by, String value) throws IOException {
        String wanted = value.strip();
        if (wanted.isEmpty() || wanted.length() > MOST_CHARACTERS) {
            throw new Refusal(
                    ProblemCode.MALFORMED_REQUEST,
                    "say what to look for, in at most " + MOST_CHARACTERS + " characters");
        }
        if (by.equals("meaning")) {
            float[] embedding = embedding(release, (encodes, bundle) -> encodes.text(bundle, wanted));
            return (index, most) -> index.near(embedding, most);
        }
        return (index, most) -> hits(index, by, wanted, most);
    }

    private static List<Hit> hits(PairIndex index, String by, String value, int most) throws IOException {
        return switch (by) {
            case "words" -> index.byWords(value, most);
            case "domain" -> index.byDomain(value.toLowerCase(Locale.ROOT), most);
            case "address" -> index.byAddress(value, most);
            case "image" -> index.byImage(value.toLowerCase(Locale.ROOT), most);
            case "like" -> index.like(number(value), most);
            default ->
                throw new Refusal(
                        ProblemCode.MALFORMED_REQUEST, "by must be words, meaning, domain, address, image or like");
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
            if (isHidden(hit, optOuts)) {
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

    private static boolean isHidden(Hit hit, OptOuts optOuts) {
        boolean unsafe = hit.nsfw() != null && !hit.nsfw().equals("UNLIKELY");
        return unsafe || optOuts.cover(hit.url(), hit.pageUrl(), hit.image());
    }
}
