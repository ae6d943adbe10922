package dev.gleaner.tracker.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.tracker.ledger.ReleaseBook;
import dev.gleaner.tracker.release.OptOuts;
import dev.gleaner.tracker.release.PartFile;
import dev.gleaner.tracker.release.Preset;
import dev.gleaner.tracker.release.ReleaseManifest;
import dev.gleaner.tracker.release.Removals;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Releases, and wishes to be left out of them. Safe for any thread; what reads the ledger blocks. */
public final class ReleaseCalls {
    private static final Duration LINK_LIFE = Duration.ofMinutes(15);
    private static final int LEAST_ROWS = 100;
    private static final int MOST_ROWS = 500_000;
    private static final int USUAL_ROWS = 50_000;
    /** A file's pairs are sorted in memory, of which they may take a third. */
    private static final long BYTES_A_PAIR = 2_000;

    /** Of one address in an hour. */
    private static final int MOST_WISHES = 30;
    /** Strangers' wishes that wait for a person; more are refused, for they would bury the others. */
    private static final int MOST_ASKED = 1_000;

    private static final int MOST_SHOWN = 10_000;
    /** Values of a list in one call. */
    public static final int MOST_LISTED = 2_000;

    private final ReleaseBook book;
    private final CampaignCalls campaigns;
    private final ObjectStore store;
    private final InstantSource clock;
    private final Removals removals;
    private final Supplier<List<String>> stoppedSites;
    private final ReleaseThread thread;
    private final Runnable wished;
    private final Cache<String, Integer> asked = Caffeine.newBuilder()
            .maximumSize(100_000)
            .expireAfterWrite(Duration.ofHours(1))
            .build();

    /**
     * @param stoppedSites domains whose owners let nobody come
     * @param thread where releases are read and built
     * @param wished what is to be left out has changed; must not block
     */
    public ReleaseCalls(
            ReleaseBook book,
            CampaignCalls campaigns,
            ObjectStore store,
            InstantSource clock,
            Removals removals,
            Supplier<List<String>> stoppedSites,
            ReleaseThread thread,
            Runnable wished) {
        this.book = book;
        this.campaigns = campaigns;
        this.store = store;
        this.clock = clock;
        this.removals = removals;
        this.stoppedSites = stoppedSites;
        this.thread = thread;
        this.wished = wished;
    }

    /** The thread that releases are built and read on, one after the other. */
    public interface ReleaseThread extends Executor {
        /** There is something to build; does not block. */
        void build();
    }

    /**
     * @param preset name of one that comes with the program; null when {@code own} is given
     * @param own one's own; null otherwise
     * @param rowsPerFile about so many; 0: as many as this tracker's memory has room for, {@value #USUAL_ROWS} at most
     */
    public record Wish(
            String campaign,
            @Nullable String preset,
            @Nullable Preset own,
            int rowsPerFile) {}

    /** What was begun. */
    public record Begun(String name) {}

    /**
     * @param state {@code building}, {@code published} or {@code failed}
     * @param preset name and version
     */
    public record Line(
            String name,
            String campaign,
            String preset,
            String state,
            String createdAt,
            long rows,
            long files,
            long bytes) {}

    /**
     * @param progress while it is built, null otherwise
     * @param problem why it failed, null otherwise
     * @param manifest once it is published, null before
     * @param removals the table of what is to be removed from it since, null when none was made
     */
    public record View(
            String name,
            String campaign,
            Preset preset,
            String state,
            String createdAt,
            @Nullable JsonNode progress,
            @Nullable String problem,
            @Nullable ReleaseManifest manifest,
            @Nullable String removals) {}

    /** @param contact how to answer, for operators only; may be left out */
    public record Asked(
            String kind,
            String value,
            @Nullable String contact,
            @Nullable String reason) {}

    /** @param state {@code honoured} or {@code denied} */
    public record Decided(
            String kind,
            String value,
            String state,
            @Nullable String reason) {}

    /** @param values 1 to {@value #MOST_LISTED}, all of one kind */
    public record Listed(
            String kind, List<String> values, @Nullable String reason) {}

    /** @param added how many are honoured now that were not before */
    public record Honoured(int added) {}

    public record Forgotten(String kind, String value) {}

    public record OptOutLine(
            String kind,
            String value,
            String state,
            @Nullable String contact,
            @Nullable String reason,
            String at) {}

    /** @param all how many there are */
    public record OptOutPage(List<OptOutLine> optOuts, long all) {}

    public CompletionStage<Begun> create(String actor, Wish wish) {
        CampaignStatus campaign = campaigns.campaign(wish.campaign());
        Refusal.unless(
                campaign.stage() != Stage.FETCH,
                "campaign " + campaign.name() + " keeps pictures, no pairs; release the one that scores them");
        long room = Runtime.getRuntime().maxMemory() / 3 / BYTES_A_PAIR;
        int rows = wish.rowsPerFile() == 0 ? (int) Math.min(USUAL_ROWS, room) : wish.rowsPerFile();
        Refusal.unless(
                rows >= LEAST_ROWS && rows <= MOST_ROWS, "rowsPerFile must be " + LEAST_ROWS + " to " + MOST_ROWS);
        Refusal.unless(
                rows <= room,
                "rowsPerFile is too much for this tracker's memory, which has room for " + room
                        + "; give it more with -Xmx, or ask for smaller files");
        Refusal.unless((wish.preset() == null) != (wish.own() == null), "name a preset, or give one of your own");
        Preset preset = wish.own() != null ? wish.own() : builtIn(String.valueOf(wish.preset()));
        return book.begin(campaign.name(), preset.name(), preset.json(), rows, actor)
                .thenApply(version -> {
                    thread.build();
                    return new Begun(version.name());
                });
    }

    private static Preset builtIn(String name) {
        try {
            return Preset.builtIn(name);
        } catch (IllegalArgumentException e) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, Printable.of(String.valueOf(e.getMessage()), 300));
        }
    }

    /** All releases, the newest first. */
    public List<Line> releases() {
        return book.releases().stream()
                .map(version -> {
                    Optional<ReleaseManifest> manifest = manifest(version);
                    return new Line(
                            version.name(),
                            version.campaign(),
                            Preset.parse(version.preset()).id(),
                            state(version),
                            version.createdAt().toString(),
                            manifest.map(ReleaseManifest::rows).orElse(0L),
                            manifest.map(m -> m.files().size()).orElse(0),
                            manifest.stream()
                                    .flatMap(m -> m.files().stream())
                                    .mapToLong(PartFile::bytes)
                                    .sum());
                })
                .toList();
    }

    public View release(String name) throws IOException {
        ReleaseBook.Version version = version(name);
        String progress = version.progress();
        boolean building = version.state() == ReleaseBook.State.BUILDING;
        return new View(
                version.name(),
                version.campaign(),
                Preset.parse(version.preset()),
                state(version),
                version.createdAt().toString(),
                building && progress != null
                        ? Json.read(progress.getBytes(StandardCharsets.UTF_8), JsonNode.class)
                        : null,
                version.state() == ReleaseBook.State.FAILED ? progress : null,
                manifest(version).orElse(null),
                removals.latest(name).orElse(null));
    }

    /** An address where a file of a release can be had for a while; a path of this tracker, or whole. */
    public String link(String name, String file) throws IOException {
        ReleaseManifest manifest = manifest(version(name)).orElseThrow(() -> noRelease(name));
        String key = ReleaseManifest.folder(name) + file;
        if (file.equals(ReleaseManifest.FILE) || Removals.isName(file)) {
            long bytes = store.size(key)
                    .orElseThrow(() -> new Refusal(
                            ProblemCode.NOT_FOUND, "release " + name + " has no file " + Printable.of(file, 100)));
            return store.link(key, bytes, LINK_LIFE);
        }
        PartFile found = manifest.files().stream()
                .filter(f -> f.name().equals(file))
                .findAny()
                .orElseThrow(() -> new Refusal(
                        ProblemCode.NOT_FOUND, "release " + name + " has no file " + Printable.of(file, 100)));
        return store.link(key, found.bytes(), LINK_LIFE);
    }

    /** Publishes what of a release that is out shall be removed by now, when what is being built is done. */
    public CompletionStage<Removals.Made> remove(String name) {
        ReleaseManifest manifest = manifest(version(name))
                .orElseThrow(() -> new Refusal(ProblemCode.STATE_CONFLICT, "release " + name + " is not published"));
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return removals.make(manifest, OptOuts.of(book, stoppedSites.get()));
                    } catch (IOException e) {
                        throw new UncheckedIOException("the release cannot be read", e);
                    }
                },
                thread);
    }

    private ReleaseBook.Version version(String name) {
        return book.release(name).orElseThrow(() -> noRelease(name));
    }

    private static Refusal noRelease(String name) {
        return new Refusal(ProblemCode.NOT_FOUND, "there is no release " + Printable.of(name, 100));
    }

    private static Optional<ReleaseManifest> manifest(ReleaseBook.Version version) {
        String text = version.manifest();
        return text == null
                ? Optional.empty()
                : Optional.of(Json.read(text.getBytes(StandardCharsets.UTF_8), ReleaseManifest.class));
    }

    private static String state(ReleaseBook.Version version) {
        return version.state().name().toLowerCase(Locale.ROOT);
    }

    // Wishes to be left out

    /**
     * A stranger's wish, for a person to look at.
     *
     * @param address where it comes from, null when that says nothing
     */
    public CompletionStage<Void> ask(Asked wish, @Nullable String address) {
        OptOuts.OptOut optOut = optOut(wish.kind(), wish.value());
        if (address != null && asked.asMap().merge(address, 1, Integer::sum) > MOST_WISHES) {
            throw new Refusal(
                    ProblemCode.TOO_MANY_REQUESTS,
                    "that is many wishes for an hour; write to those who run this tracker, please");
        }
        if (book.optOuts(ReleaseBook.WishState.ASKED).size() >= MOST_ASKED) {
            throw new Refusal(
                    ProblemCode.TOO_MANY_REQUESTS, "many wishes wait to be looked at; come again tomorrow, please");
        }
        return book.optOut(
                wish(
                        optOut,
                        ReleaseBook.WishState.ASKED,
                        shortened(wish.contact()),
                        shortened(wish.reason()),
                        "public"),
                "public");
    }

    public CompletionStage<Void> decide(String actor, Decided decision) {
        ReleaseBook.WishState state =
                switch (decision.state()) {
                    case "honoured" -> ReleaseBook.WishState.HONOURED;
                    case "denied" -> ReleaseBook.WishState.DENIED;
                    default -> throw new Refusal(ProblemCode.MALFORMED_REQUEST, "state must be honoured or denied");
                };
        OptOuts.OptOut optOut = optOut(decision.kind(), decision.value());
        return book.optOut(wish(optOut, state, null, shortened(decision.reason()), actor), actor)
                .thenRun(wished);
    }

    /** Leaves a list out, as of pictures that are known to be bad. */
    public CompletionStage<Honoured> honour(String actor, Listed list) {
        Refusal.unless(
                !list.values().isEmpty() && list.values().size() <= MOST_LISTED,
                "values must hold 1 to " + MOST_LISTED + " of them");
        List<OptOuts.OptOut> wishes =
                list.values().stream().map(value -> optOut(list.kind(), value)).toList();
        return book.honour(
                        kind(wishes.get(0)),
                        wishes.stream().map(OptOuts.OptOut::value).distinct().toList(),
                        shortened(list.reason()),
                        clock.instant(),
                        actor)
                .thenApply(added -> {
                    wished.run();
                    return new Honoured(added);
                });
    }

    public CompletionStage<Void> forget(String actor, Forgotten wish) {
        OptOuts.OptOut optOut = optOut(wish.kind(), wish.value());
        return book.forget(kind(optOut), optOut.value(), actor).thenAccept(found -> {
            if (!found) {
                throw new Refusal(ProblemCode.NOT_FOUND, "nobody asked for that");
            }
            wished.run();
        });
    }

    /** Wishes that wait for somebody first, then those that came last; at most so many. */
    public OptOutPage optOuts(int limit) {
        Refusal.unless(limit >= 1 && limit <= MOST_SHOWN, "limit must be 1 to " + MOST_SHOWN);
        List<OptOutLine> lines = book.latestOptOuts(limit).stream()
                .map(wish -> new OptOutLine(
                        wish.kind(),
                        wish.value(),
                        wish.state().name().toLowerCase(Locale.ROOT),
                        wish.contact(),
                        wish.reason(),
                        wish.at().toString()))
                .toList();
        return new OptOutPage(lines, book.optOutCount());
    }

    private ReleaseBook.Wish wish(
            OptOuts.OptOut optOut,
            ReleaseBook.WishState state,
            @Nullable String contact,
            @Nullable String reason,
            String actor) {
        return new ReleaseBook.Wish(kind(optOut), optOut.value(), state, contact, reason, clock.instant(), actor);
    }

    private static String kind(OptOuts.OptOut optOut) {
        return optOut.kind().name().toLowerCase(Locale.ROOT);
    }

    private static @Nullable String shortened(@Nullable String text) {
        return text == null || text.isBlank() ? null : Printable.of(text.strip(), 300);
    }

    private static OptOuts.OptOut optOut(String kind, String value) {
        try {
            return OptOuts.OptOut.of(OptOuts.Kind.valueOf(kind.toUpperCase(Locale.ROOT)), value);
        } catch (IllegalArgumentException e) {
            String why = e.getMessage() != null && e.getMessage().startsWith("No enum")
                    ? "kind must be url, domain, page, image or address"
                    : String.valueOf(e.getMessage());
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, why);
        }
    }
}
