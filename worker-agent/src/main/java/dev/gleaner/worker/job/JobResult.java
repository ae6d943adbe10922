package dev.gleaner.worker.job;

import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.worker.shard.Shard;
import java.util.List;

/** A finished job: what to submit and the files to upload. */
public record JobResult(Manifest manifest, List<Shard> shards) {}
