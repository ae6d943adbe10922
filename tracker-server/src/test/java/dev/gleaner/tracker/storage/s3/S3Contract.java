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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
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
                endpoint,
                endpoint,
                "us-east-1",
                "gleaner-contract",
                "some/prefix/",
                false,
                accessKey(),
                secret,
                null,
                S3Settings.LEAST_PART_BYTES);
    }

    @Override
    protected ObjectStore open(InstantSource clock) throws IOException {
        return new S3ObjectStore(settings(endpoint(), secretKey()), folder.resolve("copies"), clock);
    }

    @Override
    protected Optional<byte[]> get(String link) throws Exception {
        HttpResponse<byte[]> answer =
                http.send(HttpRequest.newBuilder(URI.create(link)).build(), HttpResponse.BodyHandlers.ofByteArray());
        return answer.statusCode() == 200 ? Optional.of(answer.body()) : Optional.empty();
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

    /** A server that refused may hang up, which the next request on that connection notices; a worker tries again, too. */
    private int put(Tickets.Part part, byte[] body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(part.url()))
                .timeout(Duration.ofSeconds(20))
                .PUT(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        for (int tries = 1; ; tries++) {
            try {
                return http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
            } catch (IOException e) {
                if (tries == 3) {
                    throw e;
                }
            }
        }
    }

    /** The link is void. Not every store says so, and one that does may hang up before it has heard all. */
    private void putInVain(Tickets.Part part, byte[] body) throws Exception {
        try {
            put(part, body);
        } catch (IOException e) {
            System.out.println("a void link's PUT ended with " + e);
        }
    }

    private static byte[] slice(byte[] all, Tickets.Part part) {
        return Arrays.copyOfRange(all, (int) part.offset(), (int) (part.offset() + part.bytes()));
    }

    @Test
    void aLargeObjectComesInPartsAndIsThereWhenAllOfThemAre() throws Exception {
        byte[] all = new byte[(int) (2 * S3Settings.LEAST_PART_BYTES + 12_345)];
        new Random(1).nextBytes(all);
        Path file = Files.write(folder.resolve("large"), all);
        String sha256 = Digests.sha256(file);
        String key = "incoming/c/0123456789abcdef/77/1/" + sha256 + ".parquet";
        ShardObject object = new ShardObject("large", all.length, sha256, 1);
        assertTrue(store.partTicket("incoming/c/small", new ShardObject("s", 9, sha256, 1), Duration.ofMinutes(5))
                .isEmpty());
        Tickets.Parts parts = store.partTicket(key, object, Duration.ofMinutes(5))
                .orElseThrow()
                .parts();
        assertEquals(3, parts.parts().size());
        assertEquals(12_345, parts.parts().get(2).bytes());

        Tickets.Part first = parts.parts().get(0);
        assertFalse(put(first, Arrays.copyOf(all, 100)) / 100 == 2, "a part of another length");
        for (int i : new int[] {2, 0}) {
            assertEquals(2, put(parts.parts().get(i), slice(all, parts.parts().get(i))) / 100);
        }
        store.complete(key, object);
        assertTrue(store.size(key).isEmpty(), "a part is missing");

        Tickets.Parts again = store.partTicket(key, object, Duration.ofMinutes(5))
                .orElseThrow()
                .parts();
        assertEquals(parts.session(), again.session(), "any tracker goes on with what was begun");
        assertEquals(2, put(again.parts().get(1), slice(all, again.parts().get(1))) / 100);
        assertEquals(List.of(key), unfinished());
        store.complete(key, object);
        store.complete(key, object);
        assertEquals(all.length, store.size(key).orElseThrow());
        assertEquals(List.of(), unfinished());
        String accepted = key.replace("incoming", "accepted");
        try (ObjectStore.LocalCopy copy = store.open(key, all.length)) {
            assertEquals(sha256, Digests.sha256(copy.path()));
            store.promote(new ObjectStore.Known(key, copy.version(), all.length, sha256), accepted);
        }
        assertEquals(all.length, store.size(accepted).orElseThrow());
        assertTrue(store.size(key).isEmpty());
        putInVain(first, slice(all, first));
        assertTrue(store.size(key).isEmpty(), "and yet makes nothing of it");
        store.delete(accepted);
    }

    @Test
    void partsOfAnObjectThatNobodyCompletesCanBeThrownAway() throws Exception {
        String key = "incoming/c/0123456789abcdef/78/1/" + "a".repeat(64) + ".parquet";
        ShardObject object = new ShardObject("large", 3 * S3Settings.LEAST_PART_BYTES, "a".repeat(64), 1);
        Tickets.Part part = store.partTicket(key, object, Duration.ofMinutes(5))
                .orElseThrow()
                .parts()
                .parts()
                .get(0);
        assertEquals(2, put(part, new byte[(int) part.bytes()]) / 100);
        assertEquals(List.of(key), unfinished());
        store.abandon(key);
        assertEquals(List.of(), unfinished());
        putInVain(part, new byte[(int) part.bytes()]);
        store.complete(key, object);
        assertTrue(store.size(key).isEmpty());
    }

    private List<String> unfinished() throws IOException {
        List<String> keys = new ArrayList<>();
        store.eachUnfinished("incoming/", upload -> keys.add(upload.key()));
        return keys;
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
