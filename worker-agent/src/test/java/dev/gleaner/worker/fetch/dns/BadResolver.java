package dev.gleaner.worker.fetch.dns;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * A recursive resolver on loopback that behaves as badly as real ones: drops, delays, truncates, throttles, fails. Every name has
 * the address 127.0.0.1, but those that begin with {@code missing} or {@code empty}.
 */
final class BadResolver implements AutoCloseable {
    private static final int NXDOMAIN = 3;
    private static final int SERVFAIL = 2;

    private final DatagramSocket udp;
    private final ServerSocket tcp;
    private final Random random;
    private final ScheduledExecutorService later = Executors.newScheduledThreadPool(2);
    final ConcurrentLinkedQueue<Long> asked = new ConcurrentLinkedQueue<>();
    final ConcurrentLinkedQueue<String> overTcp = new ConcurrentLinkedQueue<>();
    volatile double drops;
    volatile double truncates;
    volatile double fails;
    volatile int delayMillis;
    volatile int answersPerSecond = Integer.MAX_VALUE;
    private long second;
    private int answeredInIt;

    BadResolver(long seed) throws IOException {
        random = new Random(seed);
        tcp = new ServerSocket();
        udp = new DatagramSocket(null);
        bindBoth();
        start(this::listen);
        start(this::accept);
    }

    /** Both to the same port, which is not free for the one because it is for the other. */
    private void bindBoth() throws IOException {
        InetAddress here = InetAddress.getLoopbackAddress();
        for (int tries = 0; !tcp.isBound(); tries++) {
            InetSocketAddress drawn =
                    new InetSocketAddress(here, ThreadLocalRandom.current().nextInt(10_000, 32_000));
            try (DatagramSocket trial = new DatagramSocket(drawn)) {
                tcp.bind(new InetSocketAddress(here, trial.getLocalPort()), 50);
            } catch (BindException e) {
                if (tries > 100) {
                    throw e;
                }
            }
        }
        udp.bind(tcp.getLocalSocketAddress());
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "bad-resolver");
        thread.setDaemon(true);
        thread.start();
    }

    InetSocketAddress address() {
        return (InetSocketAddress) udp.getLocalSocketAddress();
    }

    private synchronized boolean throttled() {
        long now = System.nanoTime() / 1_000_000_000;
        if (now != second) {
            second = now;
            answeredInIt = 0;
        }
        return ++answeredInIt > answersPerSecond;
    }

    private void listen() {
        byte[] buffer = new byte[2_000];
        while (!udp.isClosed()) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                udp.receive(packet);
                asked.add(System.nanoTime());
                if (throttled() || random.nextDouble() < drops) {
                    continue;
                }
                byte[] query = Arrays.copyOf(buffer, packet.getLength());
                byte[] answer = answer(query, random.nextDouble() < truncates, random.nextDouble() < fails);
                InetSocketAddress to = (InetSocketAddress) packet.getSocketAddress();
                int delay = delayMillis == 0 ? 0 : random.nextInt(delayMillis);
                ScheduledFuture<?> unused = later.schedule(() -> send(answer, to), delay, TimeUnit.MILLISECONDS);
            } catch (IOException e) {
                return;
            }
        }
    }

    private void send(byte[] answer, InetSocketAddress to) {
        try {
            udp.send(new DatagramPacket(answer, answer.length, to));
        } catch (IOException e) {
            // The test is over.
        }
    }

    private void accept() {
        while (!tcp.isClosed()) {
            try (Socket socket = tcp.accept()) {
                DataInputStream in = new DataInputStream(socket.getInputStream());
                byte[] query = new byte[in.readUnsignedShort()];
                in.readFully(query);
                overTcp.add(name(query));
                byte[] answer = answer(query, false, false);
                DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                out.writeShort(answer.length);
                out.write(answer);
                out.flush();
            } catch (IOException e) {
                // The next one, or the test is over.
            }
        }
    }

    private static String name(byte[] query) {
        StringBuilder name = new StringBuilder();
        for (int at = 12; query[at] != 0; at += query[at] + 1) {
            name.append(new String(query, at + 1, query[at], StandardCharsets.US_ASCII))
                    .append('.');
        }
        return name.toString();
    }

    private static byte[] answer(byte[] query, boolean truncated, boolean failed) throws IOException {
        String name = name(query);
        int question = 12 + name.length() + 1 + 4;
        boolean found = !truncated && !failed && !name.startsWith("missing") && !name.startsWith("empty");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.write(query, 0, 2);
        int code = failed ? SERVFAIL : name.startsWith("missing") ? NXDOMAIN : 0;
        out.writeShort(0x8180 | (truncated ? 0x0200 : 0) | code);
        out.writeShort(1);
        out.writeShort(found ? 1 : 0);
        out.writeShort(0);
        out.writeShort(0);
        out.write(query, 12, question - 12);
        if (found) {
            out.writeShort(0xC00C);
            out.writeShort(1);
            out.writeShort(1);
            out.writeInt(300);
            out.writeShort(4);
            out.write(new byte[] {127, 0, 0, 1});
        }
        return bytes.toByteArray();
    }

    @Override
    public void close() throws IOException {
        later.shutdownNow();
        udp.close();
        tcp.close();
    }
}
