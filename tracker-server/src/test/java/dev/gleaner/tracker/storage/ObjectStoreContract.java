package dev.gleaner.tracker.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.service.Tokens;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every object store promises, on a real one. A class for each says how to open it and how a worker would upload. */
public abstract class ObjectStoreContract {
    private static final AtomicInteger JOBS = new AtomicInteger();
    private static final Duration LIFE = Duration.ofMinutes(5);
    private static final byte[] BODY = "hello, shard".getBytes(StandardCharsets.UTF_8);
    private static final String SHA = Tokens.hash("hello, shard");

    @TempDir
    protected Path folder;

    private final int job = JOBS.incrementAndGet();
    protected ObjectStore store;

    /** What a PUT that does not keep to its ticket tries. */
    public enum Wrong {
        LONGER,
        SHORTER,
        OTHER_BYTES,
        SECOND_PUT,
        OTHER_KEY,
        EXPIRED
    }

    protected abstract ObjectStore open(InstantSource clock) throws IOException;

    /** Uploads as a worker does: the ticket's address and headers, the body's own length. @return the HTTP status */
    protected abstract int put(Tickets.Ticket ticket, byte[] body) throws Exception;

    /** Fetches a link as a worker does; empty when it is refused. */
    protected abstract Optional<byte[]> get(String link) throws Exception;

    /** What this store refuses by itself. The rest is for the tracker to find. */
    protected abstract Set<Wrong> refuses();

    @BeforeEach
    void open() throws IOException {
        store = open(InstantSource.system());
    }

    @AfterEach
    void close() throws Exception {
        if (store instanceof AutoCloseable closeable) {
            closeable.close();
        }
    }

    private String incoming(int attempt) {
        return ObjectKeys.incoming("c", job, new FencingToken("0123456789abcdef", attempt), SHA);
    }

    private String accepted(int attempt) {
        return ObjectKeys.accepted("c", job, new FencingToken("0123456789abcdef", attempt), SHA);
    }

    private static ShardObject declared() {
        return new ShardObject("shard-0.parquet", BODY.length, SHA, 1);
    }

    private static void success(int status) {
        assertEquals(2, status / 100, "status " + status);
    }

    private List<String> keys(String prefix) throws IOException {
        Set<String> keys = new TreeSet<>();
        store.each(prefix, object -> keys.add(object.key()));
        return List.copyOf(keys);
    }

    @Test
    void aTicketBringsExactlyTheDeclaredBytesAndTheyMoveOutOfItsReach() throws Exception {
        Tickets.Ticket ticket = store.ticket(incoming(1), declared(), LIFE);
        success(put(ticket, BODY));
        assertEquals(BODY.length, store.size(incoming(1)).orElseThrow());
        try (ObjectStore.LocalCopy copy = store.open(incoming(1), BODY.length)) {
            assertArrayEquals(BODY, Files.readAllBytes(copy.path()));
            ObjectStore.Known read =
                    new ObjectStore.Known(incoming(1), copy.version(), BODY.length, Digests.sha256(copy.path()));
            store.promote(read, accepted(1));
            // Another tracker judged the same result and comes second.
            store.promote(read, accepted(1));
        }
        assertTrue(store.size(incoming(1)).isEmpty());
        try (ObjectStore.LocalCopy copy = store.open(accepted(1), BODY.length)) {
            assertArrayEquals(BODY, Files.readAllBytes(copy.path()));
            store.promote(
                    new ObjectStore.Known(accepted(1), copy.version(), BODY.length, Digests.sha256(copy.path())),
                    accepted(1));
        }
        assertEquals(List.of(accepted(1)), keys(ObjectKeys.ACCEPTED + "c/0123456789abcdef/" + job + "/"));
        String link = store.link(accepted(1), BODY.length, LIFE);
        assertArrayEquals(BODY, get(link).orElseThrow());
        assertTrue(get(link.replace(SHA, "0".repeat(64))).isEmpty(), "a link is for one object");
        // The ticket still lives, but what was accepted stays as it is.
        put(ticket, BODY);
        store.delete(incoming(1));
        assertEquals(BODY.length, store.size(accepted(1)).orElseThrow());
        store.delete(accepted(1));
        store.delete(accepted(1));
        assertTrue(store.size(accepted(1)).isEmpty());
    }

    @Test
    void aPutThatDoesNotKeepToItsTicketIsRefusedOrFound() throws Exception {
        Set<Wrong> refused = new TreeSet<>();
        List<String> answers = new ArrayList<>();
        for (Wrong wrong : Wrong.values()) {
            int attempt = 10 + wrong.ordinal();
            int status = attempt(wrong, attempt);
            answers.add(wrong + " " + status);
            boolean there = store.size(incoming(attempt)).isPresent();
            if (status / 100 != 2) {
                refused.add(wrong);
                assertTrue(!there || wrong == Wrong.SECOND_PUT, wrong + " was refused and yet is there");
            }
            if (there) {
                try (ObjectStore.LocalCopy copy = store.open(incoming(attempt), 1_000)) {
                    boolean right = Digests.sha256(copy.path()).equals(SHA);
                    assertEquals(
                            Set.of(Wrong.SECOND_PUT, Wrong.EXPIRED).contains(wrong),
                            right,
                            wrong + ": the tracker must see what it got");
                }
            }
        }
        Path report = Path.of("target", "object-stores", getClass().getSimpleName() + ".txt");
        Files.createDirectories(report.getParent());
        Files.write(report, answers);
        assertEquals(new TreeSet<>(refuses()), refused, answers.toString());
    }

    private int attempt(Wrong wrong, int attempt) throws Exception {
        Tickets.Ticket ticket = store.ticket(incoming(attempt), declared(), LIFE);
        return switch (wrong) {
            case LONGER -> put(ticket, "hello, shard!".getBytes(StandardCharsets.UTF_8));
            case SHORTER -> put(ticket, "hello, shar".getBytes(StandardCharsets.UTF_8));
            case OTHER_BYTES -> put(ticket, "hello, Shard".getBytes(StandardCharsets.UTF_8));
            case SECOND_PUT -> {
                success(put(ticket, BODY));
                yield put(ticket, BODY);
            }
            case OTHER_KEY ->
                put(
                        new Tickets.Ticket(
                                ticket.name(),
                                ticket.url().replace("/" + attempt + "/", "/" + (attempt + 50) + "/"),
                                ticket.headers(),
                                60),
                        BODY);
            case EXPIRED -> {
                ObjectStore past = open(InstantSource.fixed(Instant.now().minusSeconds(3_600)));
                Tickets.Ticket old = past.ticket(incoming(attempt), declared(), Duration.ofSeconds(60));
                if (past instanceof AutoCloseable closeable) {
                    closeable.close();
                }
                yield put(old, BODY);
            }
        };
    }

    @Test
    void whatIsNotThereIsSaidSo() throws Exception {
        assertTrue(store.size(incoming(2)).isEmpty());
        assertThrows(NoSuchFileException.class, () -> store.open(incoming(2), 10));
        assertThrows(
                IOException.class,
                () -> store.promote(new ObjectStore.Known(incoming(2), "\"v\"", 1, "a".repeat(64)), accepted(2)));
        assertTrue(store.size(accepted(2)).isEmpty());
        store.delete(incoming(2));
        assertEquals(List.of(), keys("incoming/nothing/"));
    }

    @Test
    void moreBytesThanAskedForAreNotRead() throws Exception {
        success(put(store.ticket(incoming(3), declared(), LIFE), BODY));
        assertThrows(IOException.class, () -> store.open(incoming(3), BODY.length - 1));
    }

    @Test
    void theTrackersOwnFilesGoInAndAreListedWithSizeAndTime() throws Exception {
        Path file = Files.write(folder.resolve("own"), BODY);
        String prefix = "bundles/" + Tokens.hash("bundle" + job) + "/";
        for (int i = 0; i < 25; i++) {
            store.put(prefix + "f" + i, file);
        }
        List<ObjectStore.Listed> listed = new ArrayList<>();
        store.each(prefix, listed::add);
        assertEquals(25, listed.size());
        for (ObjectStore.Listed object : listed) {
            assertEquals(BODY.length, object.bytes());
            assertTrue(
                    Duration.between(object.modified(), Instant.now()).abs().compareTo(Duration.ofMinutes(2)) < 0,
                    "modified at " + object.modified());
            store.delete(object.key());
        }
        store.requireWritable();
    }
}
