package dev.gleaner.worker.fetch.dns;

/**
 * How lookups went so far.
 *
 * @param names looked up, those in the cache not counted
 * @param failed of these, because nobody answered usefully
 * @param queries sent
 * @param lost of these, without an answer in time
 */
public record NameStats(long names, long failed, long queries, long lost) {
    static final NameStats NONE = new NameStats(0, 0, 0, 0);
}
