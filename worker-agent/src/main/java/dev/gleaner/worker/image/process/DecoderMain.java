package dev.gleaner.worker.image.process;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.image.DirectPreprocessor;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The decoding process. Reads pictures from standard input (an id, a length, the file), writes answers to standard output (the
 * id, the answer) in the order in which they are ready, and ends with its input, so that it never outlives the worker.
 */
public final class DecoderMain {
    private DecoderMain() {}

    /** @param args the folder for native libraries, and the number of threads */
    public static void main(String[] args) throws IOException {
        System.setProperty("java.awt.headless", "true");
        OutputStream answers = System.out;
        // Whatever prints must not break the pipe's format.
        System.setOut(System.err);
        serve(System.in, answers, DirectPreprocessor.withNatives(Path.of(args[0])), Integer.parseInt(args[1]));
    }

    static void serve(InputStream pictures, OutputStream answers, Preprocessor preprocessor, int count)
            throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(pictures, 1 << 16));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(answers, 1 << 16));
        out.writeUTF(preprocessor.about());
        out.flush();
        ExecutorService threads = Executors.newFixedThreadPool(count, work -> {
            Thread thread = new Thread(work, "decode");
            thread.setDaemon(true);
            return thread;
        });
        while (true) {
            int id;
            try {
                id = in.readInt();
            } catch (EOFException e) {
                return;
            }
            byte[] file = in.readNBytes(in.readInt());
            threads.execute(() -> {
                Answer answer = answer(preprocessor, file);
                synchronized (out) {
                    try {
                        new Answer.Numbered(id, answer).write(out);
                    } catch (IOException e) {
                        // The worker is gone; so will this process be when it reads on.
                        System.err.println("answer not taken: " + e.getMessage());
                    }
                }
            });
        }
    }

    private static Answer answer(Preprocessor preprocessor, byte[] file) {
        try {
            return new Answer.Pixels(preprocessor.prepare(file, ImageHeader.read(file)));
        } catch (ImageRefusedException e) {
            return new Answer.Refused(e.reason(), String.valueOf(e.getMessage()));
        } catch (Exception | Error e) {
            return new Answer.Refused(PairDrop.UNDECODABLE, e.toString());
        }
    }
}
