package dev.gleaner.tracker.trust;

import dev.gleaner.protocol.campaign.Replication;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides among the results of one job. A result stands when more than half of the parties that handed one in agree with it, itself
 * among them, and two at least; but newcomers, of whom anybody can bring any number, never outvote those who are proven. Until then
 * another volunteer is asked. A plain function.
 */
public final class Jury {
    private Jury() {}

    /**
     * One result.
     *
     * @param party marks of who may stand behind its worker, see {@link Party}
     * @param proven whether its worker is, see {@link Standing#isProven}
     */
    public record Handed(int attempt, List<String> party, boolean proven, Findings findings) {}

    /** What is to be done. */
    public sealed interface Ruling {
        /**
         * One result stands.
         *
         * @param attempt whose it is
         * @param others what that says of each other result
         * @param reasons why those that do not agree do not
         * @param byProven whether proven workers are among those who agree
         */
        record Stands(
                int attempt, Map<Integer, Standing.Outcome> others, Map<Integer, String> reasons, boolean byProven)
                implements Ruling {
            public Stands {
                others = Map.copyOf(others);
                reasons = Map.copyOf(reasons);
            }
        }

        /** Another volunteer must do the job, too. */
        record Open() implements Ruling {}

        /** So many results and no two agree enough: people must look. */
        record Hung(String reason) implements Ruling {}
    }

    /** @param handed results of one job, one at least, each of them in itself good */
    public static Ruling decide(List<Handed> handed, Replication rule) {
        int parties = parties(handed);
        List<Handed> support = List.of();
        for (Handed one : handed) {
            List<Handed> agreeing = new ArrayList<>(List.of(one));
            for (Handed other : handed) {
                if (other.attempt != one.attempt
                        && Comparison.of(one.findings, other.findings, rule).kind() == Comparison.Kind.AGREE) {
                    agreeing.add(other);
                }
            }
            if (parties(agreeing) > parties(support)) {
                support = agreeing;
            }
        }
        List<Handed> against = new ArrayList<>(handed);
        against.removeAll(support);
        int provenFor = provenParties(support);
        int provenAgainst = provenParties(against);
        boolean most = parties(support) >= 2 && 2 * parties(support) > parties;
        if (most && (provenAgainst == 0 || provenFor > provenAgainst)) {
            return stands(support.get(0), provenFor > 0, handed, rule);
        }
        return handed.size() < rule.mostResults() ? new Ruling.Open() : new Ruling.Hung(why(handed, rule));
    }

    /**
     * As {@link #decide}, for a job that may be a test: what its first results said, proven workers' among them, is the known answer,
     * whatever comes later. Those who are tested do not change it, however many they are.
     */
    public static Ruling decideTest(List<Handed> handed, Replication rule) {
        List<Handed> inOrder = new ArrayList<>(handed);
        inOrder.sort(Comparator.comparingInt(Handed::attempt));
        for (int first = 2; first < inOrder.size(); first++) {
            if (decide(inOrder.subList(0, first), rule) instanceof Ruling.Stands known && known.byProven()) {
                Handed answer = inOrder.stream()
                        .filter(one -> one.attempt == known.attempt)
                        .findAny()
                        .orElseThrow();
                return stands(answer, true, handed, rule);
            }
        }
        return decide(handed, rule);
    }

    /**
     * Whether a job whose answer is known goes on to further volunteers as a test that nobody can tell from other jobs: its results
     * wait as any do that are checked.
     *
     * @param results of the job so far
     */
    public static boolean isAskedAgain(Ruling ruling, int results, Replication rule) {
        return ruling instanceof Ruling.Stands stands && stands.byProven() && results < rule.mostResults();
    }

    private static Ruling.Stands stands(Handed best, boolean byProven, List<Handed> handed, Replication rule) {
        Map<Integer, Standing.Outcome> others = new LinkedHashMap<>();
        Map<Integer, String> reasons = new LinkedHashMap<>();
        for (Handed other : handed) {
            if (other.attempt == best.attempt) {
                continue;
            }
            Comparison comparison = Comparison.of(best.findings, other.findings, rule);
            others.put(
                    other.attempt,
                    switch (comparison.kind()) {
                        case AGREE -> Standing.Outcome.CONFIRMED;
                        case SECOND_THIN -> Standing.Outcome.THIN;
                        case FIRST_THIN, DIFFER -> byProven ? Standing.Outcome.WRONG : Standing.Outcome.OUTVOTED;
                    });
            if (comparison.kind() != Comparison.Kind.AGREE) {
                reasons.put(other.attempt, comparison.reason());
            }
        }
        return new Ruling.Stands(best.attempt, others, reasons, byProven);
    }

    private static int provenParties(List<Handed> handed) {
        return parties(handed.stream().filter(Handed::proven).toList());
    }

    /** How many of them cannot be one person. */
    private static int parties(List<Handed> handed) {
        List<Handed> apart = new ArrayList<>();
        for (Handed one : handed) {
            if (apart.stream().noneMatch(other -> Party.isShared(one.party, other.party))) {
                apart.add(one);
            }
        }
        return apart.size();
    }

    private static String why(List<Handed> handed, Replication rule) {
        @Nullable String first = null;
        for (Handed other : handed.subList(1, handed.size())) {
            Comparison comparison = Comparison.of(handed.get(0).findings, other.findings, rule);
            if (first == null && comparison.kind() != Comparison.Kind.AGREE) {
                first = "attempts " + handed.get(0).attempt + " and " + other.attempt + ": " + comparison.reason();
            }
        }
        return handed.size() + " results and no majority; " + (first == null ? "one party's results agree" : first);
    }
}
