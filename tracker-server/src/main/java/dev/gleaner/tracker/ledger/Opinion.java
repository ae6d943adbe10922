package dev.gleaner.tracker.ledger;

import dev.gleaner.tracker.trust.Standing;
import java.util.Map;

/**
 * What comparing a job's results said of those beside the one that stands.
 *
 * @param compared whether there was anything to compare with; else the result is believed on its worker's record
 * @param others what it says of other attempts, by number
 * @param reasons why those that do not agree do not
 */
public record Opinion(boolean compared, Map<Integer, Standing.Outcome> others, Map<Integer, String> reasons) {
    /** Of a result that is believed on its worker's record. */
    public static final Opinion BELIEVED = new Opinion(false, Map.of(), Map.of());

    public Opinion {
        others = Map.copyOf(others);
        reasons = Map.copyOf(reasons);
    }
}
