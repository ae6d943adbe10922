package dev.gleaner.worker.image.process;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** One decoding process as its owner sees it. Safe for any thread. */
final class DecoderProcess implements AutoCloseable {
    /** The process ended, or stopped making sense, before it answered. */
    static final class DiedException extends IOException {
        private static final long serialVersionUID = 1L;

        DiedException(String how) {
            super("the decoding process " + how);
        }
    }

    /** Of the environment, what finds libraries and folders. */
    static final Set<String> NEEDED = Set.of(
            "PATH",
            "HOME",
            "LANG",
            "LC_ALL",
            "TMPDIR",
            "TEMP",
            "TMP",
            "SystemRoot",
            "LD_LIBRARY_PATH",
            "DYLD_LIBRARY_PATH");

    private final Process process;
    private final DataOutputStream pictures;
    private final Map<Integer, CompletableFuture<Answer>> open = new ConcurrentHashMap<>();
    private final CompletableFuture<String> about = new CompletableFuture<>();
    private volatile boolean dead;
    private int lastId;

    DecoderProcess(List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        // It reads strangers' bytes: the environment's secrets are none of its business, and options meant for the
        // worker (a
        // debugger's port, a profiler) must not be taken by its child, too.
        builder.environment().keySet().retainAll(NEEDED);
        // A second line behind the check of the header, should header and decoder read a file differently.
        builder.environment().put("OPENCV_IO_MAX_IMAGE_PIXELS", Long.toString(1L << 28));
        process = builder.start();
        pictures = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 16));
        Thread reader = new Thread(this::read, "decoder-answers");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        String end = "ended";
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16))) {
            about.complete(in.readUTF());
            while (true) {
                Answer.Numbered answer = Answer.Numbered.read(in);
                CompletableFuture<Answer> asked = open.remove(answer.id());
                if (asked != null) {
                    asked.complete(answer.answer());
                }
            }
        } catch (IOException e) {
            end = "ended" + (e.getMessage() == null ? "" : ": " + e.getMessage());
        } finally {
            die(end);
        }
    }

    private void die(String how) {
        dead = true;
        process.destroyForcibly();
        DiedException died = new DiedException(how);
        about.completeExceptionally(died);
        open.values().forEach(asked -> asked.completeExceptionally(died));
    }

    /** What decodes there; failed when it did not start. */
    CompletableFuture<String> about() {
        return about;
    }

    /** Gives it a picture; the future fails with {@link DiedException} when the process does not live to answer. */
    CompletableFuture<Answer> ask(byte[] file) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        synchronized (pictures) {
            int id = ++lastId;
            open.put(id, answer);
            try {
                pictures.writeInt(id);
                pictures.writeInt(file.length);
                pictures.write(file);
                pictures.flush();
            } catch (IOException e) {
                die("takes no more pictures");
            }
        }
        if (dead) {
            answer.completeExceptionally(new DiedException("is gone"));
        }
        return answer;
    }

    boolean isAlive() {
        return !dead;
    }

    long pid() {
        return process.pid();
    }

    /** Ends it at once; whatever is asked fails. */
    @Override
    public void close() {
        die("was ended");
    }
}
