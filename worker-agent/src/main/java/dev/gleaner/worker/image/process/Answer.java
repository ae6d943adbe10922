package dev.gleaner.worker.image.process;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/** What the decoding process says to one picture. On the pipe: whether there are pixels; then those, or reason and message. */
sealed interface Answer {
    /** Longest message, in characters. */
    int MAX_MESSAGE = 1_000;

    record Pixels(byte[] rgb) implements Answer {}

    record Refused(PairDrop reason, String message) implements Answer {
        ImageRefusedException asException() {
            return new ImageRefusedException(reason, message);
        }
    }

    /**
     * An answer and the picture that it is for. On the pipe: the id, the answer, and the CRC-32C of both, for a native decoder
     * that prints while another thread's answer is half written must not have its text taken for pixels.
     */
    record Numbered(int id, Answer answer) {
        void write(OutputStream to) throws IOException {
            CheckedOutputStream checked = new CheckedOutputStream(to, new CRC32C());
            DataOutputStream out = new DataOutputStream(checked);
            out.writeInt(id);
            answer.write(out);
            out.writeInt((int) checked.getChecksum().getValue());
            out.flush();
        }

        /** @throws IOException also when what comes is no answer: the other side has gone mad */
        static Numbered read(InputStream from) throws IOException {
            CheckedInputStream checked = new CheckedInputStream(from, new CRC32C());
            DataInputStream in = new DataInputStream(checked);
            Numbered numbered = new Numbered(in.readInt(), Answer.read(in));
            int sum = (int) checked.getChecksum().getValue();
            if (in.readInt() != sum) {
                throw new IOException("an answer with something foreign in it");
            }
            return numbered;
        }
    }

    private void write(DataOutputStream out) throws IOException {
        if (this instanceof Pixels pixels) {
            out.writeByte(1);
            out.write(pixels.rgb());
        } else if (this instanceof Refused refused) {
            out.writeByte(0);
            out.writeUTF(refused.reason().name());
            out.writeUTF(refused.message()
                    .substring(0, Math.min(MAX_MESSAGE, refused.message().length())));
        }
    }

    private static Answer read(DataInputStream in) throws IOException {
        int kind = in.readByte();
        if (kind == 1) {
            byte[] rgb = new byte[Preprocessor.BYTES];
            in.readFully(rgb);
            return new Pixels(rgb);
        } else if (kind != 0) {
            throw new IOException("an answer of unknown kind " + kind);
        }
        String reason = in.readUTF();
        try {
            return new Refused(PairDrop.valueOf(reason), in.readUTF());
        } catch (IllegalArgumentException e) {
            throw new IOException("an answer for no known reason", e);
        }
    }
}
