package dev.gleaner.protocol.campaign;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * How a campaign's results are checked by giving some jobs to a second volunteer, after BOINC's adaptive replication.
 *
 * @param provenAfter a worker's results are all checked until so many in a row were found right; 1 to 1,000
 * @param leastChecked the share of any worker's results that is checked however good its record, by chance; 0 to 1
 * @param scoreTolerance two workers' similarities of one picture and text may differ by so much, for devices and precisions
 *     compute differently; 0 to 0.2
 * @param leastShared the share of a result's pairs that another's must have for the two to agree, for the web changes between
 *     two fetches; 0.5 to 1
 * @param mostResults when so many results of a job agree with no other, people must look; 3 to 9
 * @param knownAnswers the share of checked jobs that go on to further volunteers, up to {@code mostResults}, although their answer is
 *     known by then: nobody can tell that they are tests; 0 to 1, null: none
 */
public record Replication(
        int provenAfter,
        double leastChecked,
        double scoreTolerance,
        double leastShared,
        int mostResults,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Double knownAnswers) {

    /** BOINC's ten results, a floor of one in twenty, and about one lease in a hundred for what is known. */
    public static final Replication ADAPTIVE = new Replication(10, 0.05, 0.02, 0.7, 5, 0.05);

    public Replication {
        require(provenAfter >= 1 && provenAfter <= 1_000, "provenAfter must be 1 to 1000");
        require(leastChecked >= 0 && leastChecked <= 1, "leastChecked is a share, 0 to 1");
        require(scoreTolerance >= 0 && scoreTolerance <= 0.2, "scoreTolerance must be 0 to 0.2");
        require(leastShared >= 0.5 && leastShared <= 1, "leastShared must be 0.5 to 1");
        require(mostResults >= 3 && mostResults <= 9, "mostResults must be 3 to 9");
        require(knownAnswers == null || (knownAnswers >= 0 && knownAnswers <= 1), "knownAnswers is a share, 0 to 1");
    }

    /** As {@link #knownAnswers}, 0 where nothing is said: rules of earlier versions have none. */
    public double testShare() {
        return knownAnswers == null ? 0 : knownAnswers;
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("replication: " + otherwise);
        }
    }
}
