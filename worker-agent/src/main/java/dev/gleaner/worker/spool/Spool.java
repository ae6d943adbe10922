package dev.gleaner.worker.spool;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import dev.gleaner.protocol.lease.Lease;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The outcomes of one job so far, in a file that is only ever appended to.
 *
 * <p>Each record is its length (4 bytes, big-endian), the CRC-32C of its content (4 bytes), and its content in CBOR (RFC
 * 8949). The first says which lease it is and on what {@link Terms}; every other is an {@link Outcome}, or says that a run ended
 * in good order or a later one went on. A record survives the process from the moment {@link #append} returns, and a power cut some seconds later. Reading
 * stops at the first record that is cut short or does not match its sum; what follows is cut away when the job goes on.
 *
 * <p>Not safe for several threads at a time.
 */
public final class Spool implements AutoCloseable {
    /** A job at which the worker died so often without getting any further kills it: it is not tried again. */
    public static final int DEATHS = 3;

    private static final Logger log = LoggerFactory.getLogger(Spool.class);
    private static final int FORMAT = 1;
    private static final int HEAD_BYTES = 8;
    private static final int RECORD_LIMIT = 16 << 20;
    private static final long SYNC_NANOS = 5_000_000_000L;
    private static final ObjectMapper CBOR = new CBORMapper().registerModule(instants());

    private final Path path;
    private final RandomAccessFile file;
    private final LongSupplier nanos;
    private final long startedAt;
    private final long replayTo;
    private long syncedAt;

    /**
     * What a worker left behind.
     *
     * @param deaths how often in a row a worker stopped at this job otherwise than in good order, and without adding an outcome
     */
    public record Remains(Lease lease, int deaths) {}

    /** What can be read of a file. */
    private record Contents(Entry.Start start, int deaths, long goodBytes) {}

    private interface Reader {
        void read(Entry entry) throws IOException;
    }

    private Spool(Path path, RandomAccessFile file, LongSupplier nanos, long startedAt, long replayTo) {
        this.path = path;
        this.file = file;
        this.nanos = nanos;
        this.startedAt = startedAt;
        this.replayTo = replayTo;
        this.syncedAt = nanos.getAsLong();
    }

    /** What was left in a file; empty when there is none, or nothing of it can be read. */
    public static Optional<Remains> remains(Path path) {
        return contents(path).map(c -> new Remains(c.start.lease(), c.deaths));
    }

    /**
     * Goes on with the file's job if it is this lease's and was begun on these terms; begins a new file otherwise.
     *
     * @param now this machine's clock
     * @param nanos a clock that only goes forward
     */
    public static Spool open(Path path, Lease lease, Terms terms, Instant now, LongSupplier nanos) throws IOException {
        Optional<Contents> before = contents(path)
                .filter(c -> c.start.lease().equals(lease) && c.start.terms().equals(terms));
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
        try {
            long good = before.map(Contents::goodBytes).orElse(0L);
            if (file.length() > good) {
                log.info(
                        "Spool's end is cut away: file={} good={} bytes={}",
                        path.getFileName(),
                        good,
                        file.length() - good);
                file.setLength(good);
            }
            file.seek(good);
            Entry.Start start = before.map(Contents::start)
                    .orElseGet(() -> new Entry.Start(FORMAT, terms, lease, now.toEpochMilli()));
            Spool spool = new Spool(path, file, nanos, start.startedAt(), good);
            spool.write(good == 0 ? start : new Entry.Again());
            spool.sync();
            return spool;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static Optional<Contents> contents(Path path) {
        if (!Files.isRegularFile(path)) {
            return Optional.empty();
        }
        Entry.Start[] start = new Entry.Start[1];
        int[] deaths = {1};
        try {
            long good = scan(path, Long.MAX_VALUE, entry -> {
                if (start[0] == null) {
                    if (!(entry instanceof Entry.Start first) || first.format() != FORMAT) {
                        throw new IOException("it does not begin as a spool of this version does");
                    }
                    start[0] = first;
                } else {
                    deaths[0] = entry instanceof Entry.Again ? deaths[0] + 1 : entry instanceof Entry.Closed ? 0 : 1;
                }
            });
            return start[0] == null ? Optional.empty() : Optional.of(new Contents(start[0], deaths[0], good));
        } catch (IOException e) {
            log.warn("Spool cannot be used and is dropped: file={} cause={}", path, e.toString());
            return Optional.empty();
        }
    }

    /** Reads records up to a place or the first that is not whole; says where it ended. */
    private static long scan(Path path, long to, Reader reader) throws IOException {
        long at = 0;
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(path), 1 << 16))) {
            while (at < to) {
                int length = in.readInt();
                int sum = in.readInt();
                if (length <= 0 || length > RECORD_LIMIT) {
                    return at;
                }
                byte[] content = in.readNBytes(length);
                if (content.length < length || sum(content) != sum) {
                    return at;
                }
                reader.read(CBOR.readValue(content, Entry.class));
                at += HEAD_BYTES + length;
            }
        } catch (EOFException e) {
            log.trace("the last record is not whole", e);
        }
        return at;
    }

    /** Hands over the outcomes that were there when it was opened, in the order in which they were added. */
    public void replay(OutcomeReader reader) throws IOException {
        replay(replayTo, reader);
    }

    /** Hands over all outcomes, those of this run too, in the order in which they were added. */
    public void replayAll(OutcomeReader reader) throws IOException {
        replay(file.getFilePointer(), reader);
    }

    private void replay(long to, OutcomeReader reader) throws IOException {
        scan(path, to, entry -> {
            if (entry instanceof Outcome outcome) {
                reader.read(outcome);
            }
        });
    }

    /** Takes an outcome that was read again. */
    @FunctionalInterface
    public interface OutcomeReader {
        void read(Outcome outcome) throws IOException;
    }

    /**
     * Adds an outcome.
     *
     * @throws IOException when the disk is full or the file unwritable
     */
    public void append(Outcome outcome) throws IOException {
        write(outcome);
        if (nanos.getAsLong() - syncedAt > SYNC_NANOS) {
            sync();
        }
    }

    private void write(Entry entry) throws IOException {
        byte[] content = CBOR.writerFor(Entry.class).writeValueAsBytes(entry);
        file.write(ByteBuffer.allocate(HEAD_BYTES + content.length)
                .putInt(content.length)
                .putInt(sum(content))
                .put(content)
                .array());
    }

    private void sync() throws IOException {
        file.getFD().sync();
        syncedAt = nanos.getAsLong();
    }

    private static int sum(byte[] content) {
        CRC32C crc = new CRC32C();
        crc.update(content);
        return (int) crc.getValue();
    }

    /** When the attempt began, in its first run. */
    public Instant startedAt() {
        return Instant.ofEpochMilli(startedAt);
    }

    /** Leaves the file where it is, and notes that this was no death. */
    @Override
    public void close() throws IOException {
        try {
            write(new Entry.Closed());
        } catch (IOException e) {
            log.debug("the end is not noted", e); // A full disk; the job's result may be handed in already.
        } finally {
            file.close();
        }
    }

    private static SimpleModule instants() {
        return new SimpleModule()
                .addSerializer(new StdSerializer<Instant>(Instant.class) {
                    private static final long serialVersionUID = 1L;

                    @Override
                    public void serialize(Instant value, JsonGenerator out, SerializerProvider provider)
                            throws IOException {
                        out.writeNumber(value.toEpochMilli());
                    }
                })
                .addDeserializer(Instant.class, new StdDeserializer<Instant>(Instant.class) {
                    private static final long serialVersionUID = 1L;

                    @Override
                    public Instant deserialize(JsonParser in, DeserializationContext context) throws IOException {
                        return Instant.ofEpochMilli(in.getLongValue());
                    }
                });
    }
}
