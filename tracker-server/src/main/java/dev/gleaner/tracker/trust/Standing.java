package dev.gleaner.tracker.trust;

import dev.gleaner.protocol.campaign.Replication;

/**
 * What comparisons have shown of a worker.
 *
 * @param proven results in a row that another's confirmed; only compared ones count
 * @param suspicion rises with results that others proved wrong, falls with many right ones
 * @param convicted people must look before it gets another job
 */
public record Standing(int proven, int suspicion, boolean convicted) {
    /** Of a worker that nobody has looked at yet. */
    public static final Standing NEW = new Standing(0, 0, false);

    /** So much suspicion convicts: three wrong results, with few right ones between them. */
    public static final int CONVICTS = 5;

    private static final int WRONG = 2;
    private static final int FORGIVES_AFTER = 50;

    /** What a comparison said of a result. */
    public enum Outcome {
        /** Another volunteer's result agrees. */
        CONFIRMED,
        /** What it has is right, but it lacks much of what others found: a bad link, or little zeal. */
        THIN,
        /** Most others found something else, but none of them is proven. */
        OUTVOTED,
        /** Most others found something else, proven workers among them. */
        WRONG
    }

    /** Whether its word counts more than a newcomer's. */
    public boolean isProven(Replication rule) {
        return !convicted && proven >= rule.provenAfter();
    }

    /** How likely a result of this worker is to be checked, 0 to 1. */
    public double chance(Replication rule) {
        return !isProven(rule) ? 1 : Math.max(rule.leastChecked(), 1.0 / proven);
    }

    /** The standing after one more comparison. */
    public Standing after(Outcome outcome) {
        return switch (outcome) {
            case CONFIRMED ->
                new Standing(
                        proven + 1,
                        (proven + 1) % FORGIVES_AFTER == 0 ? Math.max(0, suspicion - 1) : suspicion,
                        convicted);
            case THIN, OUTVOTED -> new Standing(0, suspicion, convicted);
            case WRONG -> new Standing(0, suspicion + WRONG, convicted || suspicion + WRONG >= CONVICTS);
        };
    }

    /** Of a worker that runs another version now: half of what was proven holds for it. */
    public Standing updated() {
        return new Standing(proven / 2, suspicion, convicted);
    }
}
