package dev.gleaner.worker.image.process;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.guest.OwnJava;
import dev.gleaner.worker.image.DirectPreprocessor;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.JavaDecoders;
import dev.gleaner.worker.image.Preprocessor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes pictures in a child process. When that dies or does not answer in time, each picture it was at is tried once more,
 * alone in a process of its own: the guilty one is refused, the others lose nothing but time.
 *
 * <p>Where no process can be started at all, decodes in this one with Java's own decoders. Safe for any thread.
 */
public final class IsolatedPreprocessor implements Preprocessor {
    private static final Logger log = LoggerFactory.getLogger(IsolatedPreprocessor.class);
    /** What the pictures under way may take together, by their headers' word, in KiB. */
    private static final int MEMORY_KIB = 480 << 10;
    /** Of a progressive JPEG's coefficients and the decoded samples; other kinds take less. */
    private static final int BYTES_PER_PIXEL = 9;

    private static final int VAIN_STARTS = 3;

    private final List<String> command;
    private final Duration patience;
    private final Semaphore memory = new Semaphore(MEMORY_KIB, true);
    private final Preprocessor fallback = DirectPreprocessor.pureJava();
    private @Nullable DecoderProcess shared;
    private int vainStarts;
    private boolean closed;

    /**
     * @param command that starts a {@link DecoderMain}
     * @param patience how long one picture may take, twice
     */
    IsolatedPreprocessor(List<String> command, Duration patience) {
        this.command = List.copyOf(command);
        this.patience = patience;
    }

    /**
     * Runs this program's own decoders with the Java that runs this.
     *
     * @param natives folder for unpacked native libraries
     * @param threads pictures decoded at a time
     * @throws IOException when this Java lacks decoders of its own
     */
    public static IsolatedPreprocessor start(Path natives, int threads) throws IOException {
        JavaDecoders.require();
        return new IsolatedPreprocessor(ownCommand(natives, threads), Duration.ofSeconds(20));
    }

    static List<String> ownCommand(Path natives, int threads) {
        List<String> command = new ArrayList<>(List.of(
                OwnJava.command(),
                "-Xms16m",
                "-Xmx640m",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-Djava.awt.headless=true"));
        if (ModuleFinderHolder.HAS_VECTORS) {
            command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
        }
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                DecoderMain.class.getName(),
                natives.toAbsolutePath().toString(),
                Integer.toString(threads)));
        return command;
    }

    /** Whether this Java has the Vector API to offer: a trimmed one may not, and would refuse to start with its name. */
    private static final class ModuleFinderHolder {
        static final boolean HAS_VECTORS = java.lang.module.ModuleFinder.ofSystem()
                .find("jdk.incubator.vector")
                .isPresent();
    }

    @Override
    public byte[] prepare(byte[] file, ImageHeader header) throws ImageRefusedException, InterruptedException {
        int need = (int) Math.min(MEMORY_KIB, 1 + ((header.pixels() * BYTES_PER_PIXEL + file.length) >> 10));
        memory.acquire(need);
        try {
            DecoderProcess process = live();
            if (process == null) {
                return fallback.prepare(file, header);
            }
            Answer answer = ask(process, file);
            return pixels(answer == null ? alone(file) : answer);
        } finally {
            memory.release(need);
        }
    }

    private static byte[] pixels(Answer answer) throws ImageRefusedException {
        if (answer instanceof Answer.Refused refused) {
            throw refused.asException();
        }
        return ((Answer.Pixels) answer).rgb();
    }

    /** The process that pictures share, or null when none can be had. */
    private synchronized @Nullable DecoderProcess live() {
        DecoderProcess now = shared;
        if (now != null && now.isAlive()) {
            return now;
        }
        if (closed || vainStarts >= VAIN_STARTS) {
            return null;
        }
        DecoderProcess fresh = null;
        try {
            fresh = new DecoderProcess(command);
            String about = fresh.about().get(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (now == null) {
                log.info("Pictures are decoded in a process of their own: pid={} decoders={}", fresh.pid(), about);
            }
            vainStarts = 0;
            shared = fresh;
            return fresh;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | ExecutionException | TimeoutException e) {
            if (++vainStarts == VAIN_STARTS) {
                log.warn(
                        "No process for decoding can be started; Java's own decoders are used, which is slower: cause={}",
                        e.toString());
            }
        }
        if (fresh != null) {
            fresh.close();
        }
        return null;
    }

    /** The process's answer, or null when it died or took too long over something. */
    private @Nullable Answer ask(DecoderProcess process, byte[] file) throws InterruptedException {
        try {
            return process.ask(file).get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            return null;
        } catch (TimeoutException e) {
            process.close();
            return null;
        }
    }

    private Answer alone(byte[] file) throws InterruptedException {
        try (DecoderProcess process = new DecoderProcess(command)) {
            Answer answer = ask(process, file);
            if (answer != null) {
                return answer;
            }
            log.info("A picture that the decoders do not survive was dropped: bytes={}", file.length);
            return new Answer.Refused(PairDrop.UNDECODABLE, "it crashes the decoder or takes too long");
        } catch (IOException e) {
            return new Answer.Refused(PairDrop.UNDECODABLE, "no process to decode it in: " + e.getMessage());
        }
    }

    @Override
    public synchronized String about() {
        DecoderProcess now = live();
        return now == null ? fallback.about() : now.about().getNow("") + ", in a process of its own";
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (shared != null) {
            shared.close();
        }
    }
}
