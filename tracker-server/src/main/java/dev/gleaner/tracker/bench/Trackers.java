package dev.gleaner.tracker.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One tracker, or a cluster of several, in processes of their own; what they use is added up. */
final class Trackers implements AutoCloseable {
    private final List<TrackerProcess> processes = new ArrayList<>();

    static Trackers start(int count, Path folder, List<String> options) throws IOException {
        List<String> members = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            members.add("127.0.0.1:" + freePort());
        }
        Trackers trackers = new Trackers();
        try {
            for (int i = 0; i < count; i++) {
                List<String> mine = new ArrayList<>(options);
                if (count > 1) {
                    mine.addAll(List.of(
                            "--cluster-name",
                            "bench-" + ProcessHandle.current().pid(),
                            "--cluster-host",
                            "127.0.0.1",
                            "--cluster-port",
                            members.get(i).substring(members.get(i).indexOf(':') + 1),
                            "--cluster-bus-port",
                            Integer.toString(freePort()),
                            "--cluster-members",
                            String.join(",", members)));
                }
                trackers.processes.add(TrackerProcess.start(Files.createDirectory(folder.resolve("data" + i)), mine));
            }
        } catch (IOException | RuntimeException e) {
            trackers.close();
            throw e;
        }
        return trackers;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    List<Integer> ports() {
        return processes.stream().map(TrackerProcess::port).toList();
    }

    /** The first to start made it. */
    String operatorToken() throws IOException {
        return processes.get(0).operatorToken();
    }

    private interface Figure {
        double of(TrackerProcess process) throws IOException;
    }

    private double sum(Figure figure) throws IOException {
        double sum = 0;
        for (TrackerProcess process : processes) {
            sum += figure.of(process);
        }
        return sum;
    }

    double cpuSeconds() throws IOException {
        return sum(TrackerProcess::cpuSeconds);
    }

    long residentMebibytes() throws IOException {
        return (long) sum(TrackerProcess::residentMebibytes);
    }

    double meter(String name) throws IOException {
        return sum(process -> process.meter(name));
    }

    @Override
    public void close() {
        processes.forEach(TrackerProcess::close);
    }
}
