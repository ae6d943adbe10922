package dev.gleaner.worker.image.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.image.Preprocessor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AnswerTest {
    private final Random random = new Random(Long.getLong("gleaner.seed", 7));
    private final byte[] rgb = new byte[Preprocessor.BYTES];

    private static byte[] written(Answer.Numbered... answers) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Answer.Numbered answer : answers) {
            answer.write(out);
        }
        return out.toByteArray();
    }

    @Test
    void answersComeAsTheyWent() throws IOException {
        random.nextBytes(rgb);
        Answer.Refused refused = new Answer.Refused(PairDrop.UNDECODABLE, "no end of image");
        ByteArrayInputStream in = new ByteArrayInputStream(
                written(new Answer.Numbered(7, new Answer.Pixels(rgb)), new Answer.Numbered(8, refused)));

        Answer.Numbered first = Answer.Numbered.read(in);
        assertEquals(7, first.id());
        assertArrayEquals(rgb, ((Answer.Pixels) first.answer()).rgb());
        assertEquals(new Answer.Numbered(8, refused), Answer.Numbered.read(in));
    }

    @Test
    void textPrintedIntoAnAnswerIsNeverTakenForPixels() throws IOException {
        random.nextBytes(rgb);
        byte[] two =
                written(new Answer.Numbered(1, new Answer.Pixels(rgb)), new Answer.Numbered(2, new Answer.Pixels(rgb)));
        byte[] text = "libjpeg: a warning where it does not belong".getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 200; i++) {
            // At the very start too, where the text is taken for an id.
            int at = i < 12 ? i : random.nextInt(two.length / 2);
            byte[] spoilt = new byte[two.length + text.length];
            System.arraycopy(two, 0, spoilt, 0, at);
            System.arraycopy(text, 0, spoilt, at, text.length);
            System.arraycopy(two, at, spoilt, at + text.length, two.length - at);
            assertThrows(IOException.class, () -> Answer.Numbered.read(new ByteArrayInputStream(spoilt)), "at " + at);
        }
    }
}
