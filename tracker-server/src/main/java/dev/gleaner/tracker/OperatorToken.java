package dev.gleaner.tracker;

import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.service.Access;
import dev.gleaner.tracker.service.Tokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;

/** The first operators' token: in a file that only the tracker's user can read, and as a hash in the ledger. */
public final class OperatorToken {
    private OperatorToken() {}

    /** Where it lies. */
    public static Path file(Path data) {
        return data.resolve("operator.token");
    }

    /**
     * Makes sure of it. It is made at the first start, by the first of several trackers.
     *
     * @throws IOException when the file does not fit the ledger: that is somebody's mistake
     */
    static void provide(Path file, Ledger ledger) throws IOException {
        if (Files.exists(file)) {
            String hash = Tokens.hash(Files.readString(file).trim());
            if (!Tokens.same(ledger.keep(Access.FIRST_TOKEN, hash), hash)) {
                throw new IOException("the operators' token in " + file
                        + " is not the one this ledger knows; put the right one there, or remove the file");
            }
            return;
        }
        String token = Tokens.make();
        String known = ledger.keep(Access.FIRST_TOKEN, Tokens.hash(token));
        if (Tokens.same(known, Tokens.hash(token))) {
            write(file, token);
        }
    }

    /** Writes a token into a file that only its owner can read. */
    public static void write(Path file, String token) throws IOException {
        Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent());
        Path coming = Files.createTempFile(folder, "private", ".tmp");
        if (Files.getFileStore(coming).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(coming, PosixFilePermissions.fromString("rw-------"));
        }
        Files.writeString(coming, token + "\n");
        Files.move(coming, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
