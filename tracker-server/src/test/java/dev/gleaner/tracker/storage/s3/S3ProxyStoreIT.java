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
import org.junit.jupiter.api.io.TempDir;

/** S3Proxy in a Java process of its own: its libraries and ours do not mix. */
class S3ProxyStoreIT extends S3Contract {
    @TempDir
    static Path work;

    private static ServerProcess server;

    @BeforeAll
    static void start() throws Exception {
        int port = ServerProcess.freePort();
        Path properties = Files.write(
                work.resolve("s3proxy.properties"),
                List.of(
                        "s3proxy.endpoint=http://127.0.0.1:" + port,
                        "s3proxy.authorization=aws-v4",
                        "s3proxy.identity=gleaner-test",
                        "s3proxy.credential=gleaner-test-secret",
                        "jclouds.provider=filesystem-nio2",
                        "jclouds.filesystem.basedir=" + Files.createDirectories(work.resolve("objects"))));
        server = ServerProcess.start(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("gleaner.test-servers") + "/*",
                        "org.gaul.s3proxy.Main",
                        "--properties",
                        properties.toString()),
                Map.of(),
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
