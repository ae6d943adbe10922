package dev.gleaner.tracker.storage.s3;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** S3Proxy in a Java process of its own: its libraries and ours do not mix. */
public final class S3ProxyServer {
    public static final String ACCESS_KEY = "gleaner-test";
    public static final String SECRET_KEY = "gleaner-test-secret";

    private S3ProxyServer() {}

    /** Starts it with its configuration, log and objects in a folder. */
    public static ServerProcess start(Path work) throws Exception {
        int port = ServerProcess.freePort();
        Path properties = Files.write(
                work.resolve("s3proxy.properties"),
                List.of(
                        "s3proxy.endpoint=http://127.0.0.1:" + port,
                        "s3proxy.authorization=aws-v4",
                        "s3proxy.identity=" + ACCESS_KEY,
                        "s3proxy.credential=" + SECRET_KEY,
                        "jclouds.provider=filesystem-nio2",
                        "jclouds.filesystem.basedir=" + Files.createDirectories(work.resolve("objects"))));
        return ServerProcess.start(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"),
                        // In Turkish it does not know the header If-None-Match.
                        "-Duser.language=en",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
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
}
