package dev.gleaner.tracker.storage.s3;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Where an S3 store is and how to speak to it. Its text form names no secret.
 *
 * @param endpoint of the store as the tracker reaches it, e.g. {@code https://s3.eu-central-1.amazonaws.com}
 * @param publicEndpoint as the workers reach it; the same as {@code endpoint} unless a proxy stands between
 * @param prefix before every key, empty or ending in a slash
 * @param virtualHost whether the bucket is part of the host's name; otherwise it is the first part of the path
 * @param sessionToken of temporary credentials, null for lasting ones
 * @param partBytes larger objects are uploaded in parts of this size; at least 5 MiB, S3's own limit
 */
public record S3Settings(
        URI endpoint,
        URI publicEndpoint,
        String region,
        String bucket,
        String prefix,
        boolean virtualHost,
        String accessKey,
        String secretKey,
        @Nullable String sessionToken,
        long partBytes) {
    public static final long LEAST_PART_BYTES = 5L << 20;
    public static final long DEFAULT_PART_BYTES = 64L << 20;

    public S3Settings {
        requireHttp(endpoint);
        requireHttp(publicEndpoint);
        if (!bucket.matches("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")) {
            throw new IllegalArgumentException("not an S3 bucket's name: " + bucket);
        }
        if (partBytes < LEAST_PART_BYTES) {
            throw new IllegalArgumentException("parts must have at least " + LEAST_PART_BYTES + " bytes");
        }
        if (!prefix.matches("([a-z0-9][a-z0-9._-]*/)*")) {
            throw new IllegalArgumentException("an S3 prefix is of a-z 0-9 . _ - and ends in /, not " + prefix);
        }
    }

    private static void requireHttp(URI endpoint) {
        boolean http = "https".equals(endpoint.getScheme()) || "http".equals(endpoint.getScheme());
        if (!http || endpoint.getHost() == null || endpoint.getQuery() != null) {
            throw new IllegalArgumentException("an S3 endpoint is an http or https address, not " + endpoint);
        }
    }

    @Override
    public String toString() {
        return "s3://" + bucket + "/" + prefix + " at " + endpoint;
    }
}
