package dev.gleaner.tracker.lease;

/**
 * How much workers may take; 0 means no limit. Counted by each tracker for itself.
 *
 * @param leasesPerWorker held at a time
 * @param leasesPerAddress held at a time by all workers that registered from one address
 * @param leasesPerInvitation held at a time by all workers that came with one invitation
 * @param jobsPerDay granted in a day (UTC) to a worker in full standing; a new one gets a hundredth, twice as many after each
 *     accepted result, and a little less after each failure of its own
 */
public record Limits(int leasesPerWorker, int leasesPerAddress, int leasesPerInvitation, int jobsPerDay) {
    public static final Limits DEFAULT = new Limits(64, 1_024, 0, 2_000);

    public Limits {
        if (leasesPerWorker < 0 || leasesPerAddress < 0 || leasesPerInvitation < 0 || jobsPerDay < 0) {
            throw new IllegalArgumentException("a limit must be 0, which means none, or more");
        }
    }
}
