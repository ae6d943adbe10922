package dev.gleaner.worker.tracker;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/**
 * Where a worker keeps who it is to one tracker, so that it registers once. The file holds the secret token and is readable by its
 * owner only.
 */
final class IdentityFile {
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private final Path file;

    IdentityFile(Path home, URI tracker) {
        this.file = home.resolve("identity-" + name(tracker) + ".json");
    }

    /** What a tracker is called in names of files. */
    static String name(URI tracker) {
        return (tracker.getHost() + "-" + tracker.getPort()).replaceAll("[^A-Za-z0-9.-]", "_");
    }

    /** @throws IOException when there is a file that says nothing one can use; it is left as it is */
    Optional<Identity> load() throws IOException {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readValue(Files.readAllBytes(file), Identity.class));
        } catch (com.fasterxml.jackson.core.JacksonException e) {
            // The parser's own words would quote the file, and with it the secret.
            throw new IOException(
                    file + " is damaged; put it back from a copy, or delete it to register as a new worker");
        }
    }

    /** All or nothing, also when the machine fails meanwhile. */
    void save(Identity identity) throws IOException {
        Path coming = Files.createTempFile(
                Files.createDirectories(file.toAbsolutePath().getParent()), "identity-", ".tmp");
        if (Files.getFileStore(coming).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(coming, PosixFilePermissions.fromString("rw-------"));
        }
        try (java.nio.channels.FileChannel out =
                java.nio.channels.FileChannel.open(coming, java.nio.file.StandardOpenOption.WRITE)) {
            java.nio.ByteBuffer bytes = java.nio.ByteBuffer.wrap(JSON.writeValueAsBytes(identity));
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        Files.move(coming, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
