package dev.gleaner.tracker.intake;

import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import java.util.Map;
import java.util.Objects;

/** What a scoring job's manifest must take over from the fetch job's whose batches it scored. A plain rule. */
final class Scored {
    private Scored() {}

    /** What does not fit together, or an empty text. */
    static String fault(Manifest fetched, Manifest scored) {
        Counts before = fetched.counts();
        Counts after = scored.counts();
        boolean sameLinks = before.members() == after.members()
                && before.brokenMembers() == after.brokenMembers()
                && before.records() == after.records()
                && before.badRecords() == after.badRecords()
                && before.images() == after.images()
                && before.candidates() == after.candidates()
                && before.bytesFetched() == after.bytesFetched()
                && Objects.equals(before.badCertificates(), after.badCertificates())
                && before.extractDrops().equals(after.extractDrops())
                && fetched.watBytes() == scored.watBytes()
                && fetched.candidateDigest().equals(scored.candidateDigest());
        if (!sameLinks) {
            return "the counts of links are not those of the fetch job";
        }
        for (Map.Entry<String, Long> drop : before.pairDrops().entrySet()) {
            if (after.pairDrops().getOrDefault(drop.getKey(), 0L) < drop.getValue()) {
                return "fewer links were dropped as " + drop.getKey() + " than in the fetch job";
            }
        }
        return after.kept() > before.kept() ? "more pairs were kept than pictures were fetched" : "";
    }
}
