package dev.gleaner.worker.guest;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running worker's ear: a Unix domain socket in its home folder, for its owner only. A line comes in, a line goes out.
 */
public final class Control implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Control.class);
    private static final int LONGEST_LINE = 1_000;

    private final Path socket;
    private final ServerSocketChannel server;

    private Control(Path socket, ServerSocketChannel server) {
        this.socket = socket;
        this.server = server;
    }

    private static Path socketIn(Path home) {
        return home.resolve("ctl.sock");
    }

    /**
     * Listens until closed. Whoever holds the home folder's lock may call it: a socket that lies there is a dead one's.
     *
     * @param answer makes the answer to a line
     * @return empty where the machine has no such sockets, or the folder's name is too long for one
     */
    public static Optional<Control> listen(Path home, UnaryOperator<String> answer) {
        Path socket = socketIn(home);
        try {
            Files.deleteIfExists(socket);
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(socket));
            if (socket.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            }
            Control control = new Control(socket, server);
            Thread thread = new Thread(() -> control.serve(answer), "ctl");
            thread.setDaemon(true);
            thread.start();
            return Optional.of(control);
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            log.info("This worker cannot be told anything by `ctl`: cause={}", e.toString());
            return Optional.empty();
        }
    }

    private void serve(UnaryOperator<String> answer) {
        while (server.isOpen()) {
            try (SocketChannel client = server.accept()) {
                String line = readLine(client);
                client.write(ByteBuffer.wrap((answer.apply(line) + "\n").getBytes(StandardCharsets.UTF_8)));
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                log.debug("ctl: {}", e.toString());
            }
        }
    }

    private static String readLine(SocketChannel channel) throws IOException {
        BufferedReader in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8), LONGEST_LINE);
        String line = in.readLine();
        return line == null ? "" : line.strip();
    }

    /**
     * Says a line to the worker that runs in a home folder.
     *
     * @throws IOException when none runs there
     */
    public static String say(Path home, String line) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socketIn(home)))) {
            channel.write(ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8)));
            return readLine(channel);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(socket);
    }
}
