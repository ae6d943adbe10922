package dev.gleaner.tracker.release;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * What a release is made of and how. Goes to every tracker that has a part in it.
 *
 * @param id names the objects while they are made
 * @param campaign whose shards they are
 * @param preset as JSON
 * @param rowsPerFile about so many rows come into one file
 */
public record Order(
        String id, String campaign, ArrayList<ShardRef> shards, String preset, OptOuts optOuts, int rowsPerFile)
        implements Serializable {
    public Order(String id, String campaign, List<ShardRef> shards, Preset preset, OptOuts optOuts, int rowsPerFile) {
        this(id, campaign, new ArrayList<>(shards), preset.json(), optOuts, rowsPerFile);
    }

    /** Pairs in all shards. */
    public long rows() {
        return shards.stream().mapToLong(ShardRef::rows).sum();
    }

    /** Where its objects lie while they are made. */
    public String folder() {
        return "building/" + id + "/";
    }
}
