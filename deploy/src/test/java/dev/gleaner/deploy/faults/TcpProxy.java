package dev.gleaner.deploy.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Passes TCP connections on, each to the next of its targets that answers, and can be cut like a cable. */
public final class TcpProxy implements AutoCloseable {
    private final ServerSocket server;
    private final List<Integer> targets;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger next = new AtomicInteger();
    private volatile boolean cut;

    public TcpProxy(List<Integer> targets) throws IOException {
        this.targets = List.copyOf(targets);
        this.server = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(this::accept, "proxy-" + targets);
        thread.setDaemon(true);
        thread.start();
    }

    public int port() {
        return server.getLocalPort();
    }

    /** While cut, connections are ended and none is made. */
    public void cut(boolean now) {
        cut = now;
        if (now) {
            open.forEach(TcpProxy::end);
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                Thread thread = new Thread(() -> serve(client), "proxied");
                thread.setDaemon(true);
                thread.start();
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket client) {
        try (client) {
            open.add(client);
            Socket target = connect();
            if (target == null) {
                return;
            }
            try (target) {
                open.add(target);
                Thread back = new Thread(() -> pump(target, client), "proxied-back");
                back.setDaemon(true);
                back.start();
                pump(client, target);
                back.join();
            } finally {
                open.remove(target);
            }
        } catch (IOException e) {
            // The next connection is another one.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(client);
        }
    }

    private Socket connect() {
        for (int i = 0; i < targets.size() && !cut; i++) {
            int port = targets.get(Math.floorMod(next.getAndIncrement(), targets.size()));
            Socket socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500);
                return socket;
            } catch (IOException e) {
                end(socket);
            }
        }
        return null;
    }

    private static void pump(Socket from, Socket to) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            in.transferTo(out);
            to.shutdownOutput();
        } catch (IOException e) {
            end(from);
            end(to);
        }
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is gone either way.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        open.forEach(TcpProxy::end);
    }
}
