package dev.gleaner.deploy.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Where the demo's objects lie: in a folder, or on an S3 server that keeps them as plain files. */
final class DemoStore {
    private static final String BUCKET = "gleaner-demo";
    private static final String HOST = "127.0.0.1";

    private final String name;
    private final Path files;
    private final List<Path> folders;
    private final List<String> server;
    private final List<String> options;
    private final Map<String, String> environment;
    private final int port;

    private DemoStore(
            String name,
            Path files,
            List<Path> folders,
            List<String> server,
            List<String> options,
            Map<String, String> environment,
            int port) {
        this.name = name;
        this.files = files;
        this.folders = folders;
        this.server = server;
        this.options = options;
        this.environment = environment;
        this.port = port;
    }

    static DemoStore folder(Path files) {
        return new DemoStore("in a folder", files, List.of(), List.of(), List.of(), Map.of(), 0);
    }

    /** @param program of Versity's S3 gateway */
    static DemoStore versity(Path program, Path folder) throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        Path objects = folder.resolve("objects");
        Path sidecar = folder.resolve("attributes");
        byte[] secret = new byte[20];
        new SecureRandom().nextBytes(secret);
        String endpoint = "http://" + HOST + ":" + port;
        return new DemoStore(
                "on an S3 server",
                objects.resolve(BUCKET),
                List.of(objects, sidecar),
                List.of(
                        program.toString(),
                        "--port",
                        HOST + ":" + port,
                        "posix",
                        "--sidecar",
                        sidecar.toString(),
                        objects.toString()),
                List.of("--objects", "s3://" + BUCKET, "--s3-endpoint", endpoint),
                Map.of(
                        "ROOT_ACCESS_KEY",
                        "demo",
                        "ROOT_SECRET_KEY",
                        HexFormat.of().formatHex(secret),
                        "AWS_ACCESS_KEY_ID",
                        "demo",
                        "AWS_SECRET_ACCESS_KEY",
                        HexFormat.of().formatHex(secret)),
                port);
    }

    /** Starts the server, if there is one, and waits until it can be talked to. */
    void start(Processes processes) throws IOException, InterruptedException {
        if (server.isEmpty()) {
            return;
        }
        for (Path folder : folders) {
            Files.createDirectories(folder);
        }
        Process process = processes.start("s3", environment, server);
        for (int tries = 0; tries < 200 && process.isAlive(); tries++) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 200);
                return;
            } catch (IOException e) {
                Thread.sleep(50);
            }
        }
        throw new IOException("the S3 server did not come up: " + Files.readString(processes.log("s3")));
    }

    /** What the tracker must be told on its command line. */
    List<String> options() {
        return options;
    }

    /** What the tracker must find in its environment. */
    Map<String, String> environment() {
        return environment;
    }

    /** The folder with the objects, whoever keeps them there. */
    Path files() {
        return files;
    }

    @Override
    public String toString() {
        return name;
    }
}
