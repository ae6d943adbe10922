package dev.gleaner.tracker.release;

import java.io.Serializable;

/**
 * A file of a release.
 *
 * @param name within the release
 * @param rows in it; 0 for files that hold none
 * @param duplicates pairs that were left out beside the rows, for they stand in it already
 */
public record PartFile(String name, long bytes, String sha256, long rows, long duplicates) implements Serializable {}
