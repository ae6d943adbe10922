package dev.gleaner.worker.release;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.Map;

/** What is signed: which version a release is, and the size and digest of each of its files. */
@JsonIgnoreProperties(ignoreUnknown = true)
record ReleaseManifest(String kind, String version, Map<String, File> files) {
    /**
     * @param bytes size
     * @param sha256 in lower-case hexadecimal
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record File(long bytes, String sha256) {}
}
