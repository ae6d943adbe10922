package dev.gleaner.worker.image.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.image.DirectPreprocessor;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
@Tag("jdk")
class IsolatedPreprocessorIT {
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    private static IsolatedPreprocessor brittle(Duration patience) {
        return new IsolatedPreprocessor(
                List.of(JAVA, "-cp", System.getProperty("java.class.path"), BrittleDecoder.class.getName(), "4"),
                patience);
    }

    private static byte[] picture(int type, String format, int seed) throws Exception {
        BufferedImage image = new BufferedImage(300 + seed, 260, type);
        Random random = new Random(seed);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                int soft = (x * (seed + 3) / 5 + y) & 255;
                image.setRGB(x, y, soft << 16 | (255 - soft) << 8 | random.nextInt(64));
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertTrue(ImageIO.write(image, format, out));
        return out.toByteArray();
    }

    private static byte[] ending(byte[] file, byte last) {
        byte[] longer = Arrays.copyOf(file, file.length + 1);
        longer[file.length] = last;
        return longer;
    }

    private static byte[] prepare(Preprocessor preprocessor, byte[] file) throws Exception {
        return preprocessor.prepare(file, ImageHeader.read(file));
    }

    @Test
    void theProcessThatReadsStrangersBytesSeesNoneOfTheOwnersKeys(@TempDir Path natives) throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/environ")), "/proc tells what a process sees");
        assumeTrue(
                !DecoderProcess.NEEDED.containsAll(System.getenv().keySet()),
                "there is nothing in this environment to be left out");
        byte[] good = picture(BufferedImage.TYPE_INT_RGB, "png", 1);
        try (IsolatedPreprocessor isolated = IsolatedPreprocessor.start(natives, 1)) {
            prepare(isolated, good);
            Set<String> seen = new HashSet<>();
            for (ProcessHandle child : ProcessHandle.current().children().toList()) {
                Path proc = Path.of("/proc", Long.toString(child.pid()));
                if (Files.readString(proc.resolve("cmdline")).contains(DecoderMain.class.getName())) {
                    for (String variable :
                            Files.readString(proc.resolve("environ")).split("\0", -1)) {
                        seen.add(variable.split("=", 2)[0]);
                    }
                }
            }
            assertTrue(seen.contains("PATH"), seen.toString());
            seen.removeAll(DecoderProcess.NEEDED);
            seen.removeAll(Set.of("", "OPENCV_IO_MAX_IMAGE_PIXELS"));
            assertEquals(Set.of(), seen);
        }
    }

    @Test
    void whatCrashesHangsOrBabblesCostsOnlyItself() throws Exception {
        byte[] good = picture(BufferedImage.TYPE_INT_RGB, "png", 1);
        byte[] expected = prepare(DirectPreprocessor.pureJava(), good);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (IsolatedPreprocessor isolated = brittle(Duration.ofSeconds(6))) {
            List<Future<byte[]>> answers = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                byte last = i == 7 || i == 31
                        ? BrittleDecoder.CRASH
                        : i == 20 ? BrittleDecoder.HANG : i == 44 ? BrittleDecoder.BABBLE : 0;
                answers.add(threads.submit(() -> prepare(isolated, ending(good, last))));
            }
            for (int i = 0; i < 60; i++) {
                Future<byte[]> answer = answers.get(i);
                if (i == 7 || i == 31 || i == 20 || i == 44) {
                    ExecutionException failed = assertThrows(ExecutionException.class, answer::get, "picture " + i);
                    ImageRefusedException refused = (ImageRefusedException) failed.getCause();
                    assertEquals(PairDrop.UNDECODABLE, refused.reason());
                } else {
                    assertArrayEquals(expected, answer.get(), "picture " + i);
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void theProcessEndsWithItsOwner() throws Exception {
        // Those of other tests may still be ending.
        List<ProcessHandle> before = ProcessHandle.current().children().toList();
        IsolatedPreprocessor isolated = brittle(Duration.ofSeconds(20));
        prepare(isolated, picture(BufferedImage.TYPE_INT_RGB, "png", 1));
        List<ProcessHandle> mine = ProcessHandle.current()
                .children()
                .filter(child -> !before.contains(child))
                .toList();
        assertEquals(1, mine.size());
        isolated.close();
        assertFalse(mine.get(0).onExit().get(20, TimeUnit.SECONDS).isAlive());
    }

    @Test
    void withoutAProcessJavaDecodes() throws Exception {
        byte[] good = picture(BufferedImage.TYPE_INT_RGB, "jpg", 1);
        try (IsolatedPreprocessor isolated =
                new IsolatedPreprocessor(List.of(JAVA, "-cp", "/nowhere", "no.such.Main"), Duration.ofSeconds(20))) {
            for (int i = 0; i < 5; i++) {
                assertArrayEquals(prepare(DirectPreprocessor.pureJava(), good), prepare(isolated, good));
            }
            assertTrue(isolated.about().contains("Java's own"), isolated.about());
        }
    }

    @Test
    void processesThatDoNotSpeakInTimeAreNotLeftBehind() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sleep")), "a program that says nothing is needed");
        Set<Long> before = children();
        byte[] good = picture(BufferedImage.TYPE_INT_RGB, "jpg", 1);
        try (IsolatedPreprocessor isolated =
                new IsolatedPreprocessor(List.of("/bin/sleep", "600"), Duration.ofMillis(50))) {
            for (int i = 0; i < 5; i++) {
                assertArrayEquals(prepare(DirectPreprocessor.pureJava(), good), prepare(isolated, good));
            }
            for (ProcessHandle child : ProcessHandle.current().children().toList()) {
                if (!before.contains(child.pid())) {
                    child.onExit().get(20, TimeUnit.SECONDS);
                }
            }
        }
    }

    private static Set<Long> children() {
        return ProcessHandle.current().children().map(ProcessHandle::pid).collect(Collectors.toSet());
    }

    @Test
    void theNativeDecodersGiveJavasPixels(@TempDir Path natives) throws Exception {
        try (IsolatedPreprocessor isolated = IsolatedPreprocessor.start(natives, 2)) {
            assertTrue(isolated.about().startsWith("OpenCV"), isolated.about());
            for (int seed = 0; seed < 20; seed++) {
                for (String format : new String[] {"jpg", "png", "gif"}) {
                    for (int type : new int[] {
                        BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_BYTE_INDEXED
                    }) {
                        byte[] file = picture(type, format, seed);
                        assertArrayEquals(
                                prepare(DirectPreprocessor.pureJava(), file),
                                prepare(isolated, file),
                                format + ", type " + type + ", seed " + seed);
                    }
                }
            }
        }
    }

    @Test
    void brokenFilesAreRefusedByTheRealProcessAndItLivesOn(@TempDir Path natives) throws Exception {
        Random random = new Random(Long.getLong("gleaner.seed", 23));
        try (IsolatedPreprocessor isolated = IsolatedPreprocessor.start(natives, 2)) {
            int refused = 0;
            for (int i = 0; i < 400; i++) {
                String format = new String[] {"jpg", "png", "gif"}[i % 3];
                byte[] good = picture(BufferedImage.TYPE_INT_RGB, format, i % 5);
                byte[] bad = Arrays.copyOf(good, good.length / 4 + random.nextInt(good.length * 3 / 4));
                for (int flips = random.nextInt(8); flips > 0; flips--) {
                    bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
                }
                try {
                    assertEquals(Preprocessor.BYTES, prepare(isolated, bad).length);
                } catch (ImageRefusedException e) {
                    refused++;
                }
            }
            assertNotEquals(0, refused);
        }
    }
}
