package dev.gleaner.tracker.storage.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.service.Tokens;
import dev.gleaner.tracker.storage.ObjectKeys;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileObjectStoreTest {
    private static final String BODY = "hello, shard";
    private static final String SHA = Tokens.hash(BODY);
    private static final String KEY = ObjectKeys.incoming("c", 1, new FencingToken("0123456789abcdef", 2), SHA);

    @TempDir
    Path folder;

    private final ManualClock clock = new ManualClock();
    private FileObjectStore store;

    @BeforeEach
    void open() throws Exception {
        store = new FileObjectStore(folder, new byte[32], clock);
    }

    private FileObjectStore.Link link() {
        Tickets.Ticket ticket =
                store.ticket(KEY, new ShardObject("shard-0.parquet", BODY.length(), SHA, 1), Duration.ofMinutes(15));
        URI uri = URI.create(ticket.url());
        Map<String, String> query = new HashMap<>();
        for (String pair : uri.getQuery().split("&")) {
            query.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
        }
        return new FileObjectStore.Link(
                uri.getPath().substring("/v1/objects/".length()),
                Long.parseLong(query.get("bytes")),
                query.get("sha256"),
                Long.parseLong(query.get("expires")),
                query.get("signature"));
    }

    private void put(FileObjectStore.Link link, String body) throws Exception {
        store.check(link);
        Path upload = store.newUpload();
        Files.writeString(upload, body);
        store.take(link, upload);
    }

    private ProblemCode refused(FileObjectStore.Link link) {
        return assertThrows(FileObjectStore.RefusedException.class, () -> put(link, BODY))
                .code();
    }

    @Test
    void wrongBytesNeverAppear() {
        for (String body : List.of("hello, shar", "hello, shard!", "hello, Shard")) {
            FileObjectStore.RefusedException e =
                    assertThrows(FileObjectStore.RefusedException.class, () -> put(link(), body));
            assertEquals(ProblemCode.UPLOAD_MISMATCH, e.code());
        }
        assertEquals(0, folder.resolve("incoming").toFile().exists() ? 1 : 0);
        assertEquals(0, folder.resolve("coming").toFile().list().length);
    }

    @Test
    void aLinkIsGoodForItsOwnObjectAndTimeOnly() {
        FileObjectStore.Link good = link();
        String other = ObjectKeys.incoming("c", 2, new FencingToken("0123456789abcdef", 2), SHA);
        assertEquals(
                ProblemCode.TICKET_INVALID,
                refused(new FileObjectStore.Link(
                        other, good.bytes(), good.sha256(), good.expires(), good.signature())));
        assertEquals(
                ProblemCode.TICKET_INVALID,
                refused(new FileObjectStore.Link(
                        good.key(), good.bytes() + 1, good.sha256(), good.expires(), good.signature())));
        assertEquals(
                ProblemCode.TICKET_INVALID,
                refused(new FileObjectStore.Link(
                        good.key(), good.bytes(), "0".repeat(64), good.expires(), good.signature())));
        assertEquals(
                ProblemCode.TICKET_INVALID,
                refused(new FileObjectStore.Link(
                        good.key(), good.bytes(), good.sha256(), good.expires() + 1, good.signature())));
        assertEquals(
                ProblemCode.TICKET_INVALID,
                refused(new FileObjectStore.Link(good.key(), good.bytes(), good.sha256(), good.expires(), "")));
        clock.advance(Duration.ofMinutes(16));
        assertEquals(ProblemCode.TICKET_INVALID, refused(good));
    }

    @Test
    void noKeyLeavesTheStore() {
        for (String key : List.of(
                "../x", "incoming/../../x", "/etc/passwd", "incoming//x", "incoming/.x", "incoming", "incoming/X")) {
            assertTrue(!ObjectKeys.isValid(key), key);
        }
        assertTrue(ObjectKeys.isValid(KEY));
    }
}
