package dev.gleaner.worker.job;

import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.wat.WatSource;
import java.nio.file.Path;
import java.util.List;

/** What a job has to do, and what it needs for that; see {@link dev.gleaner.protocol.campaign.Stage}. */
public sealed interface Work {
    /** From the WAT to scored pairs. */
    record Whole(WatSource source, ClipModel model) implements Work {}

    /** From the WAT to batches of prepared pictures. */
    record Fetch(WatSource source) implements Work {}

    /**
     * From batches to scored pairs.
     *
     * @param batches files of them
     * @param fetched what the job that made them handed in
     */
    record Score(List<Path> batches, Manifest fetched, ClipModel model) implements Work {}
}
