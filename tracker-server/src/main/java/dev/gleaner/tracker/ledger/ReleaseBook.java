package dev.gleaner.tracker.ledger;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Dataset versions, and what people asked to be left out of them. Changes are durable before their stage completes. Safe for any thread. */
public interface ReleaseBook {
    /** Notes a wish for a release, and gives it its name: campaign, preset and the next number. */
    CompletionStage<Version> begin(String campaign, String presetName, String preset, int rowsPerFile, String actor);

    List<Version> releases();

    Optional<Version> release(String name);

    /**
     * Takes a release in hand that nobody builds, that this builder built before, or whose builder has not been heard of since then.
     *
     * @return whether it is this builder's now
     */
    CompletionStage<Boolean> claim(long id, String builder, Instant unheardSince);

    /** Says that it is still being built. @return false when it is another builder's by now */
    CompletionStage<Boolean> beat(long id, String builder, String progress);

    /** Everybody sees it from now on. @return false when it is another builder's by now */
    CompletionStage<Boolean> publish(long id, String builder, String manifest);

    /** It came to nothing. */
    CompletionStage<Boolean> fail(long id, String builder, String reason);

    /** Notes a wish to be left out, or changes what was decided of it. */
    CompletionStage<Void> optOut(Wish wish, String actor);

    List<Wish> optOuts(WishState state);

    /** Wishes that wait for somebody first, then those that came last. */
    List<Wish> latestOptOuts(int limit);

    /** How many wishes there are, of any state. */
    long optOutCount();

    /** Differs whenever what is honoured differs. */
    String optOutsStamp();

    /**
     * Notes many wishes at once, honoured from now on; those that somebody asked for or that were denied before, too.
     *
     * @return how many are honoured now that were not before
     */
    CompletionStage<Integer> honour(
            String kind, List<String> values, @Nullable String reason, Instant at, String actor);

    /** Forgets a wish. @return whether there was one */
    CompletionStage<Boolean> forget(String kind, String value, String actor);

    enum State {
        BUILDING,
        PUBLISHED,
        FAILED
    }

    enum WishState {
        ASKED,
        HONOURED,
        DENIED
    }

    /**
     * @param preset as JSON
     * @param progress how far it is, as JSON; or why it failed
     * @param beat when its builder was last heard of
     * @param manifest as JSON, once it is published
     */
    record Version(
            long id,
            String name,
            String campaign,
            String preset,
            int rowsPerFile,
            State state,
            @Nullable String progress,
            Instant beat,
            String actor,
            Instant createdAt,
            @Nullable Instant endedAt,
            @Nullable String manifest) {}

    /**
     * @param kind {@code url}, {@code domain}, {@code page} or {@code image}
     * @param contact of who asked, for operators only; null when nobody left one
     */
    record Wish(
            String kind,
            String value,
            WishState state,
            @Nullable String contact,
            @Nullable String reason,
            Instant at,
            String actor) {}
}
