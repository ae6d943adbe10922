package dev.gleaner.tracker.storage.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectStore;
import dev.gleaner.tracker.storage.ObjectStoreContract;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

/** The contract over S3, with the HTTP client that workers have. */
abstract class S3Contract extends ObjectStoreContract {
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    abstract URI endpoint();

    String accessKey() {
        return "gleaner-test";
    }

    String secretKey() {
        return "gleaner-test-secret";
    }

    private S3Settings settings(URI endpoint, String secret) {
        return new S3Settings(
                endpoint, endpoint, "us-east-1", "gleaner-contract", "some/prefix/", false, accessKey(), secret, null);
    }

    @Override
    protected ObjectStore open(InstantSource clock) throws IOException {
        return new S3ObjectStore(settings(endpoint(), secretKey()), folder.resolve("copies"), clock);
    }

    @Override
    protected int put(Tickets.Ticket ticket, byte[] body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(ticket.url()))
                .timeout(Duration.ofSeconds(20))
                .PUT(HttpRequest.BodyPublishers.ofByteArray(body));
        ticket.headers().forEach(request::header);
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode();
    }

    @Test
    void theSignatureCoversLengthDigestAndOverwriting() throws Exception {
        Tickets.Ticket ticket = store.ticket(
                "incoming/c/0123456789abcdef/1/1/" + "a".repeat(64) + ".parquet",
                new ShardObject("s", 5, "a".repeat(64), 1),
                Duration.ofMinutes(5));
        assertTrue(
                ticket.url()
                        .contains(
                                "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bif-none-match%3Bx-amz-checksum-sha256"),
                ticket.url());
        assertTrue(ticket.url().contains("X-Amz-Expires=300"), ticket.url());
        assertFalse(ticket.url().contains(secretKey()));
    }

    @Test
    void anObjectThatChangedSinceItWasReadIsNotAccepted() throws Exception {
        Path first = Files.writeString(folder.resolve("first"), "first");
        Path other = Files.writeString(folder.resolve("other"), "other");
        store.put("incoming/x/a", first);
        try (ObjectStore.LocalCopy copy = store.open("incoming/x/a", 10)) {
            store.put("incoming/x/a", other);
            ObjectStore.Known read =
                    new ObjectStore.Known("incoming/x/a", copy.version(), 5, Digests.sha256(copy.path()));
            assertThrows(IOException.class, () -> store.promote(read, "accepted/x/a"));
        }
        assertTrue(store.size("accepted/x/a").isEmpty());
        assertEquals(5, store.size("incoming/x/a").orElseThrow());
    }

    @Test
    void aStoreThatCannotBeReachedOrRefusesTheKeyIsSaidSoInWordsWithoutSecrets() {
        IOException refused = assertThrows(
                IOException.class,
                () -> new S3ObjectStore(
                        settings(endpoint(), "wrong-secret"), folder.resolve("copies"), InstantSource.system()));
        assertTrue(refused.getMessage().contains("gleaner-contract"), refused.getMessage());
        assertFalse(refused.getMessage().contains("wrong-secret"));
        IOException away = assertThrows(
                IOException.class,
                () -> new S3ObjectStore(
                        settings(URI.create("http://127.0.0.1:9"), secretKey()),
                        folder.resolve("copies"),
                        InstantSource.system()));
        assertTrue(away.getMessage().startsWith("cannot open bucket"), away.getMessage());
        assertFalse(settings(endpoint(), "wrong-secret").toString().contains("wrong-secret"));
    }
}
