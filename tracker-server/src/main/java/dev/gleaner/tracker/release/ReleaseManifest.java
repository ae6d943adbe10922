package dev.gleaner.tracker.release;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.gleaner.tracker.storage.ObjectKeys;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a release is: everything about it but its files' bytes. Lies beside them as {@code manifest.json}.
 *
 * @param preset that chose its pairs
 * @param inputs SHA-256 over the digests of all shards it was made of, in the order of their jobs: the same inputs and preset give
 *     the same files
 * @param shards it was made of
 * @param read pairs in them
 * @param leftOut pairs that were not taken, by reason
 * @param duplicates pairs that were taken once for several of one address and text
 * @param rows pairs in the release
 * @param files with their digests
 * @param chain the campaign's chain of results when it was made, by whose head everything before can be told; null when it had none
 */
public record ReleaseManifest(
        int format,
        String name,
        String campaign,
        String bundle,
        Preset preset,
        String inputs,
        long shards,
        long read,
        Map<String, Long> leftOut,
        long duplicates,
        long rows,
        List<PartFile> files,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable ChainHead chain) {
    /** The last link. */
    public record ChainHead(long seq, String hash) {}

    /** Of this record. */
    public static final int FORMAT = 1;

    /** Its own name within the release. */
    public static final String FILE = "manifest.json";

    public ReleaseManifest {
        files = List.copyOf(files);
        leftOut = Map.copyOf(leftOut);
    }

    /** Where the objects of a release lie. */
    public static String folder(String name) {
        return ObjectKeys.RELEASES + name + "/";
    }
}
