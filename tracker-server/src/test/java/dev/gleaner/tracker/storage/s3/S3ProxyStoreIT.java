package dev.gleaner.tracker.storage.s3;

import java.net.URI;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** S3Proxy in a Java process of its own: its libraries and ours do not mix. */
class S3ProxyStoreIT extends S3Contract {
    @TempDir
    static Path work;

    private static ServerProcess server;

    @BeforeAll
    static void start() throws Exception {
        server = S3ProxyServer.start(work);
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
