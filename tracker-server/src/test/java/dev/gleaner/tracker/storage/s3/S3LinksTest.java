package dev.gleaner.tracker.storage.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import org.junit.jupiter.api.Test;

class S3LinksTest {
    private static final InstantSource NOON = InstantSource.fixed(Instant.parse("2026-01-02T12:00:00Z"));

    private static URI link(boolean virtualHost, String session) throws Exception {
        S3Settings settings = new S3Settings(
                URI.create("http://10.0.0.1:9000"),
                URI.create("https://s3.example.org"),
                "eu-central-1",
                "shards",
                "some/prefix/",
                virtualHost,
                "key",
                "very-secret",
                session,
                S3Settings.DEFAULT_PART_BYTES);
        return URI.create(new S3Links(settings, NOON)
                .put("incoming/a", Map.of(), Map.of("If-None-Match", "*"), 12, Duration.ofMinutes(15)));
    }

    @Test
    void workersGoToThePublicAddressWithTheBucketInThePath() throws Exception {
        URI link = link(false, null);
        assertEquals("s3.example.org", link.getHost());
        assertEquals("/shards/some/prefix/incoming/a", link.getPath());
        assertTrue(link.getQuery().contains("/20260102/eu-central-1/s3/aws4_request"), link.getQuery());
        assertTrue(link.getQuery().contains("X-Amz-Expires=900"), link.getQuery());
        assertFalse(link.toString().contains("very-secret"));
    }

    @Test
    void orInTheHostsName() throws Exception {
        URI link = link(true, null);
        assertEquals("shards.s3.example.org", link.getHost());
        assertEquals("/some/prefix/incoming/a", link.getPath());
    }

    @Test
    void temporaryCredentialsBringTheirSession() throws Exception {
        assertTrue(link(false, "session-word").getQuery().contains("X-Amz-Security-Token=session-word"));
    }
}
