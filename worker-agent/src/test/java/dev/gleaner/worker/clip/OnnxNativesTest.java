package dev.gleaner.worker.clip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxNativesTest {
    @TempDir
    Path cache;

    @Test
    void librariesAreUnpackedOnce() throws Exception {
        Path folder = OnnxNatives.unpack(cache);
        Path library = folder.resolve(System.mapLibraryName("onnxruntime"));
        assertTrue(Files.size(library) > 1_000_000);
        FileTime then = FileTime.fromMillis(0);
        Files.setLastModifiedTime(library, then);

        assertEquals(folder, OnnxNatives.unpack(cache));
        assertEquals(then, Files.getLastModifiedTime(library), "it was written again");
    }

    @Test
    void aLibraryThatWasCutOffIsWrittenAgain() throws Exception {
        Path library = OnnxNatives.unpack(cache).resolve(System.mapLibraryName("onnxruntime"));
        long whole = Files.size(library);
        Files.write(library, new byte[10]);

        OnnxNatives.unpack(cache);
        assertEquals(whole, Files.size(library));
    }

    @Test
    void librariesOfEarlierVersionsGoAndNothingElse() throws Exception {
        Path earlier = Files.createDirectories(cache.resolve("onnxruntime-abc"));
        Files.writeString(earlier.resolve("libonnxruntime.so"), "old");
        Path other = Files.writeString(cache.resolve("jna-1.tmp"), "of another library");
        Path file = Files.writeString(cache.resolve("onnxruntime-notes"), "no folder");

        Path folder = OnnxNatives.unpack(cache);
        assertFalse(Files.exists(earlier));
        assertTrue(Files.exists(other));
        assertTrue(Files.exists(file));
        assertTrue(Files.isDirectory(folder));
    }
}
