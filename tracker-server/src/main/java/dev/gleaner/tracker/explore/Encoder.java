package dev.gleaner.tracker.explore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.Printable;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Embeds what somebody looks for with a bundle's own encoders: the worker's program does it, in a process of its own, so that what
 * strangers send is decoded far from the ledger. The process starts when somebody asks and ends when nobody has asked for a while;
 * there is one at a time. Safe for any thread; asking blocks.
 */
public final class Encoder implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Encoder.class);
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int MOST_WAITING = 4;
    private static final Duration START = Duration.ofMinutes(2);
    private static final Duration ANSWER = Duration.ofSeconds(30);
    private static final Duration REST_AFTER = Duration.ofMinutes(10);
    private static final Duration AGAIN_AFTER = Duration.ofSeconds(30);

    private final Path worker;
    private final Path home;
    private final InstantSource clock;
    private final Semaphore places = new Semaphore(MOST_WAITING);
    private final ReentrantLock turn = new ReentrantLock(true);
    private volatile @Nullable Running running;
    private volatile boolean closed;
    private Instant used = Instant.MIN;
    private Instant failed = Instant.MIN;

    /**
     * @param worker jar of the worker
     * @param home folder where that keeps its native libraries
     */
    public Encoder(Path worker, Path home, InstantSource clock) {
        this.worker = worker;
        this.home = home;
        this.clock = clock;
    }

    /** What came of it. */
    public sealed interface Answer {
        /** An embedding of unit length. */
        record Embedding(float[] numbers) implements Answer {}

        /** What was given has none. */
        record Refused(String why) implements Answer {}

        /** Too many ask at once. */
        record Busy() implements Answer {}
    }

    /**
     * Embeds a text.
     *
     * @param bundle folder of the bundle
     * @throws IOException when the process does not start or does not answer
     */
    public Answer text(Path bundle, String text) throws IOException {
        return ask(bundle, Map.of("text", text));
    }

    /** Embeds a picture's file. */
    public Answer picture(Path bundle, byte[] file) throws IOException {
        return ask(bundle, Map.of("picture", Base64.getEncoder().encodeToString(file)));
    }

    private Answer ask(Path bundle, Map<String, String> question) throws IOException {
        if (!places.tryAcquire()) {
            return new Answer.Busy();
        }
        try {
            turn.lock();
            try {
                return askInTurn(bundle, question);
            } finally {
                turn.unlock();
            }
        } finally {
            places.release();
        }
    }

    private Answer askInTurn(Path bundle, Map<String, String> question) throws IOException {
        if (closed) {
            throw new IOException("the tracker stops");
        } else if (clock.instant().isBefore(failed.plus(AGAIN_AFTER))) {
            throw new IOException("the encoder failed a moment ago and is tried again in a while");
        }
        try {
            Running process = running(bundle);
            process.say(JSON.writeValueAsString(question));
            JsonNode answer = JSON.readTree(process.hear(ANSWER));
            used = clock.instant();
            if (answer.path("error").isTextual()) {
                return new Answer.Refused(Printable.of(answer.path("error").textValue(), 300));
            }
            float[] numbers = JSON.convertValue(answer.path("embedding"), float[].class);
            if (numbers == null || numbers.length == 0) {
                throw new IOException("the encoder answers without an embedding");
            }
            return new Answer.Embedding(numbers);
        } catch (IOException | IllegalArgumentException e) {
            failed = clock.instant();
            stop();
            throw new IOException("the encoder cannot be used: " + e.getMessage(), e);
        }
    }

    private Running running(Path bundle) throws IOException {
        Running now = running;
        if (now != null && now.bundle.equals(bundle) && now.process.isAlive()) {
            return now;
        }
        stop();
        Running started = new Running(bundle, worker, home);
        running = started;
        JsonNode hello = JSON.readTree(started.hear(START));
        if (!hello.has("model")) {
            throw new IOException("it says something else than an encoder does; is --encoder the worker's jar?");
        }
        log.info("Encoder has started: pid={} bundle={}", started.process.pid(), bundle.getFileName());
        return started;
    }

    /** Ends the process if nobody has asked for a while. */
    public void restIfIdle() {
        if (turn.tryLock()) {
            try {
                if (running != null && clock.instant().isAfter(used.plus(REST_AFTER))) {
                    stop();
                }
            } finally {
                turn.unlock();
            }
        }
    }

    private void stop() {
        Running now = running;
        running = null;
        if (now != null) {
            now.close();
        }
    }

    /** Ends the process, and whoever waits for it. */
    @Override
    public void close() {
        closed = true;
        stop();
    }

    /** The process, line by line. */
    private static final class Running implements AutoCloseable {
        private static final String END = "";

        private final Path bundle;
        private final Process process;
        private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(2);

        Running(Path bundle, Path worker, Path home) throws IOException {
            this.bundle = bundle;
            ProcessBuilder builder = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx512m",
                            "-jar",
                            worker.toString(),
                            "encode",
                            "--model",
                            bundle.toString(),
                            "--home",
                            home.toString()))
                    .redirectError(ProcessBuilder.Redirect.DISCARD);
            // It needs none of the tracker's secrets, nor options that are meant for it.
            builder.environment()
                    .keySet()
                    .removeIf(name -> name.startsWith("GLEANER_")
                            || name.startsWith("AWS_")
                            || List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
                                    .contains(name));
            process = builder.start();
            Thread reader = new Thread(this::read, "encoder-answers");
            reader.setDaemon(true);
            reader.start();
        }

        private void read() {
            try (BufferedReader in =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    lines.put(line);
                }
            } catch (IOException e) {
                log.debug("the encoder cannot be heard any more", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                lines.offer(END);
            }
        }

        void say(String line) throws IOException {
            OutputStream out = process.getOutputStream();
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        }

        String hear(Duration atMost) throws IOException {
            try {
                String line = lines.poll(atMost.toMillis(), TimeUnit.MILLISECONDS);
                if (line == null) {
                    throw new IOException("it did not answer within " + atMost.toSeconds() + " s");
                } else if (line.equals(END)) {
                    throw new IOException("its process ended");
                }
                return line;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("it was not waited for", e);
            }
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
