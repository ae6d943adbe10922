package dev.gleaner.deploy.demo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DemoWorldTest {
    @Test
    void theSameNumbersGiveTheSamePagesAndPictures() {
        DemoPages pages = new DemoPages("http://127.0.0.1:1");
        assertEquals(pages.html(1, 2, 8), pages.html(1, 2, 8));
        assertNotEquals(pages.html(1, 2, 8), pages.html(1, 3, 8));
        assertArrayEquals(
                DemoPages.scene(5).file(new Random(5), 256, "jpg"),
                DemoPages.scene(5).file(new Random(5), 256, "jpg"));
    }

    @Test
    void everyFaultOfTheWebIsLinkedFromSomePage() {
        DemoPages pages = new DemoPages("http://127.0.0.1:1");
        StringBuilder all = new StringBuilder();
        for (int page = 0; page < DemoPages.FAULTS.length; page++) {
            all.append(pages.html(0, page, 1));
        }
        for (String fault : DemoPages.FAULTS) {
            assertTrue(all.indexOf("/fault/" + fault + "/") > 0, fault);
        }
    }

    @Test
    void anotherScenesCaptionIsFalseOfThePicture() {
        Random random = new Random(1);
        for (int i = 0; i < 1_000; i++) {
            Scene scene = Scene.random(random);
            assertFalse(scene.caption().equals(scene.other(random).caption()));
        }
    }

    /** The model was trained on the words of scenes.py; a caption in other words would mean nothing to it. */
    @Test
    void captionsUseTheWordsTheModelWasTrainedOn() throws Exception {
        String trained = Files.readString(Path.of("model/scenes.py"));
        Random random = new Random(2);
        for (int i = 0; i < 2_000; i++) {
            String caption = Scene.random(random).caption();
            assertTrue(
                    Pattern.matches(
                            "(an?|two|three|four) [a-z]+ [a-z]+( in the (top|bottom) (left|right) corner)? on a (white|black|grey) background",
                            caption),
                    caption);
            for (String word : caption.split(" ", -1)) {
                String stem = word.equals("crosses")
                        ? "cross"
                        : word.equals("an") ? "a" : word.replaceAll("s$", "").replace("cros", "cross");
                assertTrue(trained.contains(stem), word);
            }
        }
    }
}
