package dev.gleaner.worker.tracker;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.lease.Register;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Who this machine is to one tracker, kept on disk so that it registers once. The file holds the secret token and is readable
 * by its owner only.
 *
 * @param worker the public id
 * @param token the secret
 * @param heartbeatSeconds how often to beat
 */
record Identity(String worker, String token, int heartbeatSeconds) {
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    /** Registration, when the identity is not on disk yet. */
    interface Registration {
        Register.Response register() throws IOException;
    }

    static Identity loadOrRegister(Path home, URI tracker, Registration registration) throws IOException {
        String name = (tracker.getHost() + "-" + tracker.getPort()).replaceAll("[^A-Za-z0-9.-]", "_");
        Path file = home.resolve("identity-" + name + ".json");
        if (Files.isRegularFile(file)) {
            return JSON.readValue(Files.readAllBytes(file), Identity.class);
        }
        Register.Response given = registration.register();
        Identity identity = new Identity(given.worker(), given.token(), given.heartbeatSeconds());
        Path coming = Files.createTempFile(Files.createDirectories(home), "identity-", ".tmp");
        if (Files.getFileStore(coming).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(coming, PosixFilePermissions.fromString("rw-------"));
        }
        Files.write(coming, JSON.writeValueAsBytes(identity));
        Files.move(coming, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return identity;
    }

    @Override
    public String toString() {
        return "Identity[worker=" + worker + ", token=***]";
    }
}
