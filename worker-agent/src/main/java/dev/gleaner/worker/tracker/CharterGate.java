package dev.gleaner.worker.tracker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.worker.clip.Bundle;
import dev.gleaner.worker.clip.BundleException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets through what the campaigns' key has signed. The key is the one that the volunteer gave, or else the first that this worker
 * saw, which it keeps; before it has seen any, leases that nobody signed pass, too. One thread.
 */
final class CharterGate {
    private static final Logger log = LoggerFactory.getLogger(CharterGate.class);
    private static final ObjectMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();
    private static final int MOST_CHARTER_BYTES = 1 << 20;
    /** Two million WAT paths. */
    private static final long MOST_LIST_BYTES = 512L << 20;

    private static final int KEPT = 8;

    private final Path folder;
    private final Path keyFile;
    private final @Nullable String given;
    private final Shelf shelf;
    private final InstantSource clock;

    /** Where charters come from; nothing that it says is believed. */
    @FunctionalInterface
    interface Shelf {
        InputStream open(String id, String file) throws IOException;
    }

    /** @param given the key that the volunteer trusts; null: the first that is seen */
    CharterGate(Path home, URI tracker, @Nullable String given, Shelf shelf, InstantSource clock) {
        this.folder = home.resolve("charters");
        this.keyFile = home.resolve("campaign-key-" + IdentityFile.name(tracker));
        this.given = given;
        this.shelf = shelf;
        this.clock = clock;
    }

    /**
     * Does nothing when the lease is as it was signed.
     *
     * @throws BundleException when it is not: the tracker is not, or no longer, in the hands of those whose key this worker knows
     * @throws IOException when the charter cannot be fetched now
     */
    void require(Lease lease) throws BundleException, IOException {
        String known = known();
        Charter.Ref ref = lease.charter();
        if (ref == null) {
            if (known != null) {
                throw refusal(lease, "nobody has signed it");
            }
            return;
        }
        byte[] bytes = bytes(ref.id());
        Charter charter = parse(lease, bytes);
        String fault = charter.fault(clock.instant());
        if (!fault.isEmpty()) {
            throw refusal(lease, fault);
        }
        if (known != null && !known.equals(charter.key())) {
            throw refusal(lease, "it is signed by another key");
        }
        if (!Charter.isSigned(bytes, ref.signature(), charter.key())) {
            throw refusal(lease, "the signature is not good");
        }
        fault = charter.fault(lease);
        if (!fault.isEmpty()) {
            throw refusal(lease, fault);
        }
        if (!isListed(lease, list(lease, ref.id(), charter))) {
            throw refusal(lease, "the WAT is not among those that were signed");
        }
        if (known == null) {
            Files.writeString(keyFile, charter.key() + "\n");
            log.info(
                    "From now on this worker takes only what this key has signed: key={} kept in {}",
                    Printable.of(charter.key(), 100),
                    keyFile);
        }
        forgetOthers(folder.resolve(ref.id()));
    }

    private @Nullable String known() throws IOException {
        if (given != null) {
            return given;
        }
        return Files.exists(keyFile) ? Files.readString(keyFile).strip() : null;
    }

    private BundleException refusal(Lease lease, String why) {
        return new BundleException("the tracker hands out a job of campaign " + Printable.of(lease.campaign(), 64)
                + " that this worker must not do: " + why + "; it may be in other hands, so ask its operators. "
                + (given == null
                        ? "The key that this worker trusts is in " + keyFile
                        : "The key that this worker trusts was given with --campaign-key"));
    }

    /** The charter's bytes, from disk or the tracker; they are what their name says. */
    private byte[] bytes(String id) throws BundleException, IOException {
        if (!id.matches("[0-9a-f]{64}")) {
            throw new BundleException("the tracker names a charter by what is no digest");
        }
        Path file = folder.resolve(id).resolve(Bundle.MANIFEST);
        byte[] bytes;
        if (Files.exists(file)) {
            bytes = Files.readAllBytes(file);
        } else {
            try (InputStream in = shelf.open(id, Bundle.MANIFEST)) {
                bytes = in.readNBytes(MOST_CHARTER_BYTES);
            }
        }
        if (!Bundle.sha256(bytes).equals(id)) {
            throw new BundleException("the tracker sent a charter that is not " + id);
        }
        if (!Files.exists(file)) {
            Files.createDirectories(folder.resolve(id));
            Files.write(file, bytes);
        }
        return bytes;
    }

    private Charter parse(Lease lease, byte[] bytes) throws BundleException {
        try {
            return JSON.readValue(bytes, Charter.class);
        } catch (IOException | RuntimeException e) {
            String why = e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
            throw refusal(lease, "what was signed is no charter: " + Printable.of(String.valueOf(why), 100));
        }
    }

    private Path list(Lease lease, String id, Charter charter) throws BundleException, IOException {
        Charter.File said = charter.files().get(Charter.PATHS);
        if (said == null || said.bytes() < 0 || said.bytes() > MOST_LIST_BYTES) {
            throw refusal(lease, "its list of WATs is too long");
        }
        Path file = folder.resolve(id).resolve(Charter.PATHS);
        if (Files.exists(file)) {
            return file;
        }
        Path coming = Files.createTempFile(folder.resolve(id), "coming-", ".part");
        try {
            try (InputStream in = shelf.open(id, Charter.PATHS);
                    OutputStream out = Files.newOutputStream(coming)) {
                copyAtMost(in, out, said.bytes());
            }
            if (Files.size(coming) != said.bytes() || !Bundle.sha256(coming).equals(said.sha256())) {
                throw refusal(lease, "the tracker has another list of WATs than was signed");
            }
            Files.move(coming, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(coming);
        }
        return file;
    }

    private static void copyAtMost(InputStream in, OutputStream out, long bytes) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long left = bytes;
        for (int got = in.read(buffer); got >= 0 && left >= 0; got = in.read(buffer)) {
            left -= got;
            out.write(buffer, 0, got);
        }
    }

    /** Reads the list through: it is short beside a WAT, and needs no memory. */
    private static boolean isListed(Lease lease, Path list) throws IOException {
        try (BufferedReader lines = Files.newBufferedReader(list, StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.equals(lease.watPath())) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Keeps those that were used last. */
    private void forgetOthers(Path used) throws IOException {
        List<Path> others;
        try (Stream<Path> all = Files.list(folder)) {
            others = all.filter(path -> !path.equals(used)).sorted().toList();
        }
        for (Path old : others.subList(0, Math.max(0, others.size() - KEPT))) {
            try (Stream<Path> files = Files.list(old)) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    Files.delete(file);
                }
            }
            Files.delete(old);
        }
    }
}
