package dev.gleaner.protocol.result;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What accepted pairs are like, as the tracker itself read it in their shards. Each map adds up to the number of pairs.
 *
 * @param similarity by the lower end of a bin of {@value #BINS_PER_UNIT} to one, e.g. {@code 0.32}
 * @param language by the primary subtag (RFC 5646 section 2.2.1) that the page gives; {@code none}, or {@code other}
 * @param format by the picture's file format
 * @param size by the longer side in pixels: its lower end, a power of two
 * @param license by the kind of Creative Commons licence, e.g. {@code by-sa}; {@code none}, or {@code other}
 */
public record Profile(
        Map<String, Long> similarity,
        Map<String, Long> language,
        Map<String, Long> format,
        Map<String, Long> size,
        Map<String, Long> license) {
    /** Bins of similarity from 0 to 1. */
    public static final int BINS_PER_UNIT = 50;

    private static final int MOST_LANGUAGES = 200;
    private static final int LONGEST_SIDE_BITS = 16;
    private static final String NONE = "none";
    private static final String OTHER = "other";
    private static final String LICENSES = "/licenses/";

    public Profile {
        similarity = Map.copyOf(similarity);
        language = Map.copyOf(language);
        format = Map.copyOf(format);
        size = Map.copyOf(size);
        license = Map.copyOf(license);
    }

    public static Profile none() {
        return new Profile(Map.of(), Map.of(), Map.of(), Map.of(), Map.of());
    }

    /** The sum over two disjoint sets of pairs. */
    public Profile plus(Profile other) {
        return new Profile(
                merged(similarity, other.similarity),
                fewLanguages(merged(language, other.language)),
                merged(format, other.format),
                merged(size, other.size),
                merged(license, other.license));
    }

    /** What is left without pairs that were added before. */
    public Profile minus(Profile part) {
        return new Profile(
                without(similarity, part.similarity),
                without(language, part.language),
                without(format, part.format),
                without(size, part.size),
                without(license, part.license));
    }

    private static Map<String, Long> without(Map<String, Long> a, Map<String, Long> b) {
        Map<String, Long> rest = new LinkedHashMap<>(a);
        // A language that was folded into the others leaves them.
        b.forEach((name, count) -> rest.merge(a.containsKey(name) ? name : OTHER, -count, Long::sum));
        rest.values().removeIf(count -> count == 0);
        return rest;
    }

    private static Map<String, Long> merged(Map<String, Long> a, Map<String, Long> b) {
        Map<String, Long> sum = new LinkedHashMap<>(a);
        b.forEach((name, count) -> sum.merge(name, count, Long::sum));
        return sum;
    }

    /** Anybody can invent languages; the map must not grow by it. */
    private static Map<String, Long> fewLanguages(Map<String, Long> languages) {
        if (languages.size() <= MOST_LANGUAGES) {
            return languages;
        }
        Map<String, Long> few = new LinkedHashMap<>();
        languages.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed().thenComparing(Map.Entry.comparingByKey()))
                .forEach(entry -> few.merge(
                        few.size() < MOST_LANGUAGES - 1 ? entry.getKey() : OTHER, entry.getValue(), Long::sum));
        return few;
    }

    /** Adds up pairs. Not for several threads. */
    public static final class Builder {
        private final Map<String, Long> similarity = new TreeMap<>();
        private final Map<String, Long> language = new TreeMap<>();
        private final Map<String, Long> format = new TreeMap<>();
        private final Map<String, Long> size = new TreeMap<>();
        private final Map<String, Long> license = new TreeMap<>();

        /**
         * @param cosine -1 to 1
         * @param tag the page's {@code lang}, or null
         * @param licenseUrl address of the licence, or null
         */
        public void add(
                float cosine,
                @Nullable String tag,
                String pictureFormat,
                int width,
                int height,
                @Nullable String licenseUrl) {
            count(similarity, bin(cosine));
            count(language, language(tag));
            count(format, format(pictureFormat));
            int side = Math.max(1, Math.max(width, height));
            int bits = Math.min(LONGEST_SIDE_BITS, 31 - Integer.numberOfLeadingZeros(side));
            count(size, Integer.toString(1 << bits));
            count(license, license(licenseUrl));
        }

        public Profile build() {
            return new Profile(similarity, fewLanguages(language), format, size, license);
        }

        private static void count(Map<String, Long> map, String name) {
            map.merge(name, 1L, Long::sum);
        }

        private static String bin(float cosine) {
            int bin = (int) Math.floor(Math.min(cosine, 0.9999f) * BINS_PER_UNIT);
            return String.format(Locale.ROOT, "%.2f", Math.max(-BINS_PER_UNIT, bin) / (double) BINS_PER_UNIT);
        }

        private static String format(String name) {
            return name.matches("[A-Z]{3,5}") ? name : OTHER;
        }

        private static String language(@Nullable String tag) {
            if (tag == null || tag.isBlank()) {
                return NONE;
            }
            String primary = tag.strip().split("[-_]", 2)[0].toLowerCase(Locale.ROOT);
            return primary.matches("[a-z]{2,3}") ? primary : OTHER;
        }

        private static String license(@Nullable String url) {
            if (url == null || url.isBlank()) {
                return NONE;
            }
            if (url.contains("/publicdomain/")) {
                return "publicdomain";
            }
            int at = url.indexOf(LICENSES);
            String kind = at < 0 ? "" : url.substring(at + LICENSES.length()).split("/", 2)[0];
            return kind.matches("by(-(nc|nd|sa)){0,2}") ? kind : OTHER;
        }
    }
}
