package dev.gleaner.tracker.release;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which accepted pairs a release takes, as a readable, versioned file. A pair goes to the first part whose conditions it meets;
 * one that meets none is left out.
 *
 * @param name 1 to 40 of {@code a-z 0-9 -}
 * @param version counted up when the preset's meaning changes
 * @param description for the dataset's card
 * @param topShare of all pairs of a part the share with the highest similarity that is taken; null or 1: all
 * @param languageOf what tells the language of a pair: {@code page} for the page's own word, {@code text} for a guess at the text's
 *     (the page's word for pairs at which nobody guessed); null: {@code page}
 * @param nearDuplicates in how many of its 64 bits the perceptual hash of a picture may differ from that of another with a higher
 *     similarity for the pair to be left out, 0 to 7; null: as many pairs of like pictures as there are
 * @param parts in which the release is split, one at least
 */
public record Preset(
        String name,
        int version,
        String description,
        @Nullable Double topShare,
        @Nullable String languageOf,
        @Nullable Integer nearDuplicates,
        List<Part> parts) {
    /** Those that come with the program. */
    public static final List<String> BUILT_IN =
            List.of("raw", "laion-400m", "laion-5b", "datacomp-basic", "clip-top-30", "laion-aesthetics");

    /** {@link #nearDuplicates} is not larger: the fewer bits two pictures must have in common, the more are compared. */
    static final int MOST_DISTANT = 7;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    public Preset {
        parts = List.copyOf(parts);
        require(name.matches("[a-z0-9][a-z0-9-]{0,39}"), "name must be 1 to 40 of a-z 0-9 -");
        require(version >= 1, "version must be 1 or more");
        require(!parts.isEmpty() && parts.size() <= 20, "there must be 1 to 20 parts");
        require(parts.stream().map(Part::name).distinct().count() == parts.size(), "two parts have one name");
        require(topShare == null || (topShare > 0 && topShare <= 1), "topShare must be more than 0, at most 1");
        require(languageOf == null || List.of("page", "text").contains(languageOf), "languageOf must be page or text");
        require(
                nearDuplicates == null || (nearDuplicates >= 0 && nearDuplicates <= MOST_DISTANT),
                "nearDuplicates must be 0 to " + MOST_DISTANT);
    }

    /**
     * Conditions of one part; null stands for «any».
     *
     * @param name of its files
     * @param minSimilarity cosine
     * @param languages primary subtags of the language; {@code none} where it is not known
     * @param exceptLanguages primary subtags that are not taken
     * @param minWords of the text, as spaces part them
     * @param minCharacters of the text, in code points
     * @param minSide of the original picture's shorter side, in pixels
     * @param maxAspect of the longer to the shorter side
     * @param minAesthetic of the aesthetic head's score; pairs at which no such head looked are not taken
     * @param maxWatermark of the probability of a watermark; pairs at which no such head looked are taken
     * @param nsfw marks that are taken; {@code none} where nobody looked
     */
    public record Part(
            String name,
            @Nullable Double minSimilarity,
            @Nullable Set<String> languages,
            @Nullable Set<String> exceptLanguages,
            @Nullable Integer minWords,
            @Nullable Integer minCharacters,
            @Nullable Integer minSide,
            @Nullable Double maxAspect,
            @Nullable Double minAesthetic,
            @Nullable Double maxWatermark,
            @Nullable Set<String> nsfw) {
        public Part {
            require(name.matches("[a-z0-9][a-z0-9-]{0,39}"), "a part's name must be 1 to 40 of a-z 0-9 -");
            languages = sorted(languages);
            exceptLanguages = sorted(exceptLanguages);
            nsfw = sorted(nsfw);
        }

        /** Why the pair is not for this part, or an empty text. */
        private String objection(PairRow row, String language) {
            int shorter = Math.min(row.width(), row.height());
            int longer = Math.max(row.width(), row.height());
            if ((languages != null && !languages.contains(language))
                    || (exceptLanguages != null && exceptLanguages.contains(language))) {
                return "language";
            }
            if (minSimilarity != null && row.similarity() < minSimilarity.floatValue()) {
                return "similarity";
            }
            if (minWords != null && words(row.text()) < minWords) {
                return "words";
            }
            if (minCharacters != null && row.text().codePointCount(0, row.text().length()) < minCharacters) {
                return "characters";
            }
            if (minSide != null && shorter < minSide) {
                return "side";
            }
            if (maxAspect != null && longer > maxAspect * shorter) {
                return "aspect";
            }
            Float aesthetic = row.marks().aesthetic();
            if (minAesthetic != null && (aesthetic == null || aesthetic < minAesthetic.floatValue())) {
                return "aesthetic";
            }
            Float watermark = row.marks().watermark();
            if (maxWatermark != null && watermark != null && watermark > maxWatermark.floatValue()) {
                return "watermark";
            }
            String mark = row.marks().nsfw();
            return nsfw != null && !nsfw.contains(mark == null ? "none" : mark) ? "nsfw" : "";
        }
    }

    private String language(PairRow row) {
        String guess = row.textLanguage();
        return language("text".equals(languageOf) && guess != null ? guess : row.language());
    }

    /** The primary subtag, lower case (RFC 5646 section 2.2.1); {@code none} where there is none or it says that nobody knows. */
    static String language(@Nullable String tag) {
        String subtag = tag == null ? "" : tag.strip().split("[-_]", 2)[0].toLowerCase(Locale.ROOT);
        return subtag.isEmpty() || subtag.equals("und") ? "none" : subtag;
    }

    private static int words(String text) {
        return text.isBlank() ? 0 : text.strip().split("\\s+").length;
    }

    /** What becomes of a pair: the part that takes it, or why the last one does not. */
    public sealed interface Place {
        /** @param part index of the part */
        record In(int part) implements Place {}

        /** @param reason for which it is counted */
        record Out(String reason) implements Place {}
    }

    public Place place(PairRow row) {
        String objection = "";
        for (int i = 0; i < parts.size(); i++) {
            objection = parts.get(i).objection(row, language(row));
            if (objection.isEmpty()) {
                return new Place.In(i);
            }
        }
        return new Place.Out(objection);
    }

    /** Why the pair is not for a part, or an empty text. */
    String objection(Part part, PairRow row) {
        return part.objection(row, language(row));
    }

    /** Name and version, as rows name it. */
    public String id() {
        return name + "@" + version;
    }

    /**
     * One that comes with the program.
     *
     * @throws IllegalArgumentException when there is none of that name
     */
    public static Preset builtIn(String name) {
        if (!BUILT_IN.contains(name)) {
            throw new IllegalArgumentException("there is no preset " + name + "; there are " + BUILT_IN);
        }
        try (InputStream in = Preset.class.getResourceAsStream(name + ".json")) {
            return JSON.readValue(in, Preset.class);
        } catch (IOException e) {
            throw new IllegalStateException("the program lacks its preset " + name, e);
        }
    }

    /**
     * Reads one's own.
     *
     * @throws IllegalArgumentException when it is none
     */
    public static Preset parse(String json) {
        try {
            return JSON.readValue(json, Preset.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e.getOriginalMessage(), e);
        }
    }

    public String json() {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records can always be written", e);
        }
    }

    /** So that the same preset is the same text everywhere. */
    private static @Nullable Set<String> sorted(@Nullable Set<String> set) {
        return set == null ? null : Collections.unmodifiableSortedSet(new TreeSet<>(set));
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("preset: " + otherwise);
        }
    }
}
