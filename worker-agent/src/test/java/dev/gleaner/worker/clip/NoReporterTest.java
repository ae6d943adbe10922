package dev.gleaner.worker.clip;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtEnvironment;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/** ONNX Runtime reports usage to its maker from 1.29 on, and nothing in Java can stop it: docs/adr/0005. */
class NoReporterTest {
    @Test
    void noNativeLibraryOfOnnxRuntimeKnowsWhereToReport() throws Exception {
        String name = "/" + OrtEnvironment.class.getName().replace('.', '/') + ".class";
        JarURLConnection connection =
                (JarURLConnection) OrtEnvironment.class.getResource(name).openConnection();
        int libraries = 0;
        JarFile jar = connection.getJarFile();
        for (JarEntry entry : Collections.list(jar.entries())) {
            if (entry.getName().contains("/native/") && entry.getName().matches(".*libonnxruntime\\.(so|dylib)")) {
                libraries++;
                try (InputStream in = jar.getInputStream(entry)) {
                    String text = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
                    assertFalse(text.contains("events.data.microsoft.com"), entry.getName());
                }
            }
        }
        assertTrue(libraries >= 2, "only " + libraries + " native libraries were looked at");
    }
}
