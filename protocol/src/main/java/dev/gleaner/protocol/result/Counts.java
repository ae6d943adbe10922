package dev.gleaner.protocol.result;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What became of a slice's links, so that nothing disappears uncounted.
 *
 * <p>Two sums hold in every honest manifest: {@code images = candidates + Σ extractDrops} and {@code candidates = kept +
 * Σ pairDrops}.
 *
 * @param members gzip members that belong to the slice
 * @param brokenMembers of these, the ones that could not be inflated
 * @param records WARC records of type metadata read
 * @param badRecords of these, the ones whose JSON did not parse
 * @param images links of the policy's paths seen
 * @param candidates links that passed the extraction rules
 * @param kept pairs kept
 * @param extractDrops by {@link ExtractDrop#wire()}
 * @param pairDrops by {@link PairDrop#wire()}
 * @param bytesFetched bytes of picture files read from the web
 * @param badCertificates pictures fetched from servers whose TLS certificate does not verify, where the policy lets them pass,
 *     since the worker was last started; null as 0
 */
public record Counts(
        long members,
        long brokenMembers,
        long records,
        long badRecords,
        long images,
        long candidates,
        long kept,
        Map<String, Long> extractDrops,
        Map<String, Long> pairDrops,
        long bytesFetched,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Long badCertificates) {

    /** Without bad certificates. */
    public Counts(
            long members,
            long brokenMembers,
            long records,
            long badRecords,
            long images,
            long candidates,
            long kept,
            Map<String, Long> extractDrops,
            Map<String, Long> pairDrops,
            long bytesFetched) {
        this(
                members,
                brokenMembers,
                records,
                badRecords,
                images,
                candidates,
                kept,
                extractDrops,
                pairDrops,
                bytesFetched,
                null);
    }

    public Counts {
        extractDrops = counted(extractDrops);
        pairDrops = counted(pairDrops);
    }

    /** What is wrong with the numbers, or an empty text when they add up. */
    public String fault() {
        for (long count :
                new long[] {members, brokenMembers, records, badRecords, images, candidates, kept, bytesFetched}) {
            if (count < 0) {
                return "a count is negative";
            }
        }
        for (Map.Entry<String, Long> drop : extractDrops.entrySet()) {
            if (!names(ExtractDrop.class, drop.getKey()) || drop.getValue() < 0) {
                return "extractDrops has an unknown reason or a negative count";
            }
        }
        for (Map.Entry<String, Long> drop : pairDrops.entrySet()) {
            if (!names(PairDrop.class, drop.getKey()) || drop.getValue() < 0) {
                return "pairDrops has an unknown reason or a negative count";
            }
        }
        long extractDropped = sum(extractDrops);
        if (images != candidates + extractDropped) {
            return "images " + images + " is not candidates " + candidates + " + dropped " + extractDropped;
        }
        long pairDropped = sum(pairDrops);
        if (candidates != kept + pairDropped) {
            return "candidates " + candidates + " is not kept " + kept + " + dropped " + pairDropped;
        }
        if (badCertificates != null && (badCertificates < 0 || badCertificates > candidates)) {
            return "badCertificates is no count of candidates";
        }
        if (brokenMembers > members || badRecords > records) {
            return "more broken parts than parts";
        }
        return "";
    }

    /** The sum of two disjoint slices' counts. */
    public Counts plus(Counts other) {
        return new Counts(
                members + other.members,
                brokenMembers + other.brokenMembers,
                records + other.records,
                badRecords + other.badRecords,
                images + other.images,
                candidates + other.candidates,
                kept + other.kept,
                merged(extractDrops, other.extractDrops),
                merged(pairDrops, other.pairDrops),
                bytesFetched + other.bytesFetched,
                badCertificates == null && other.badCertificates == null
                        ? null
                        : zero(badCertificates) + zero(other.badCertificates));
    }

    /** What is left without a part that was added before. */
    public Counts minus(Counts part) {
        return new Counts(
                members - part.members,
                brokenMembers - part.brokenMembers,
                records - part.records,
                badRecords - part.badRecords,
                images - part.images,
                candidates - part.candidates,
                kept - part.kept,
                without(extractDrops, part.extractDrops),
                without(pairDrops, part.pairDrops),
                bytesFetched - part.bytesFetched,
                badCertificates == null ? null : (Long) (badCertificates - zero(part.badCertificates)));
    }

    /** A reason that nothing was dropped for is the same as no such reason. */
    private static Map<String, Long> counted(Map<String, Long> drops) {
        Map<String, Long> some = new LinkedHashMap<>(drops);
        some.values().removeIf(count -> count == 0);
        return Map.copyOf(some);
    }

    private static Map<String, Long> without(Map<String, Long> a, Map<String, Long> b) {
        Map<String, Long> rest = new LinkedHashMap<>(a);
        b.forEach((reason, count) -> rest.merge(reason, -count, Long::sum));
        return rest;
    }

    private static long zero(@Nullable Long count) {
        return count == null ? 0 : count;
    }

    public static Counts none() {
        return new Counts(0, 0, 0, 0, 0, 0, 0, Map.of(), Map.of(), 0);
    }

    private static Map<String, Long> merged(Map<String, Long> a, Map<String, Long> b) {
        Map<String, Long> sum = new LinkedHashMap<>(a);
        b.forEach((reason, count) -> sum.merge(reason, count, Long::sum));
        return sum;
    }

    private static long sum(Map<String, Long> drops) {
        return drops.values().stream().mapToLong(Long::longValue).sum();
    }

    private static <E extends Enum<E>> boolean names(Class<E> reasons, String wire) {
        for (E reason : reasons.getEnumConstants()) {
            if (reason.name().toLowerCase(Locale.ROOT).equals(wire)) {
                return true;
            }
        }
        return false;
    }
}
