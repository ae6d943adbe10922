package dev.gleaner.protocol.campaign;

/** What the jobs of a campaign do. */
public enum Stage {
    /** Everything from the WAT to scored pairs. */
    WHOLE,
    /** Extract, fetch and prepare pictures; hand in batches of them. Needs a link and a processor, no model. */
    FETCH,
    /** Score the batches that another campaign's jobs handed in. Needs a model and what it computes on, no web. */
    SCORE
}
