package dev.gleaner.worker.image.process;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

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

    default void write(DataOutputStream out) throws IOException {
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

    /** @throws IOException also when what comes is no answer: the other side has gone mad */
    static Answer read(DataInputStream in) throws IOException {
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
