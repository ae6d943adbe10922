package dev.gleaner.worker.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HomeOptionTest {
    @TempDir
    Path folder;

    @Test
    void whatAKilledWorkerLeftIsDeletedAndWhatIsInUseStays() throws Exception {
        FileTime before = FileTime.from(Instant.now().minus(Duration.ofDays(1)));
        Path left = Files.createDirectories(folder.resolve("temporary/onnxruntime-java1"));
        Path library = Files.writeString(left.resolve("libonnxruntime.so"), "25 MB");
        Path used = Files.createDirectories(folder.resolve("temporary/onnxruntime-java2"));
        Path newer = Files.writeString(used.resolve("libonnxruntime.so"), "of a doctor that runs");
        Files.setLastModifiedTime(library, before);
        Files.setLastModifiedTime(left, before);
        Files.setLastModifiedTime(used, before);
        HomeOption home = new HomeOption();
        home.home = folder;
        String usual = System.getProperty("java.io.tmpdir");
        try {
            home.keepTemporaryFiles();
            assertFalse(Files.exists(left), "a folder whose library goes is gone, too, as old as it was");
            assertTrue(Files.exists(newer));
            assertEquals(folder.resolve("temporary").toString(), System.getProperty("java.io.tmpdir"));
        } finally {
            System.setProperty("java.io.tmpdir", usual);
        }
    }
}
