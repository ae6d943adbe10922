package dev.gleaner.tracker.storage.s3;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** Versity's S3 gateway, which {@code .ci/run} builds where Go is; {@code -Dgleaner.versitygw=FILE} names its program. */
@EnabledIfSystemProperty(
        named = "gleaner.versitygw",
        matches = ".+",
        disabledReason = "no S3 server outside of Java: name one with -Dgleaner.versitygw, as .ci/run does where Go is")
class VersityStoreIT extends S3Contract {
    @TempDir
    static Path work;

    private static ServerProcess server;

    @BeforeAll
    static void start() throws Exception {
        int port = ServerProcess.freePort();
        server = ServerProcess.start(
                List.of(
                        System.getProperty("gleaner.versitygw"),
                        "--port",
                        "127.0.0.1:" + port,
                        "posix",
                        "--sidecar",
                        Files.createDirectories(work.resolve("meta")).toString(),
                        Files.createDirectories(work.resolve("objects")).toString()),
                Map.of("ROOT_ACCESS_KEY", "gleaner-test", "ROOT_SECRET_KEY", "gleaner-test-secret"),
                port,
                work.resolve("log"));
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Override
    URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.port());
    }

    @Override
    protected Set<Wrong> refuses() {
        return EnumSet.allOf(Wrong.class);
    }
}
