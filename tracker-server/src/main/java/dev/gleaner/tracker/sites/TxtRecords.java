package dev.gleaner.tracker.sites;

import java.util.List;
import java.util.concurrent.CompletionStage;

/** Looks up TXT records (RFC 1035 section 3.3.14). */
public interface TxtRecords {
    /** None when the name has none; fails when no name server answers. */
    CompletionStage<List<String>> of(String name);
}
