package dev.gleaner.worker.clip;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.jar.JarEntry;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ONNX Runtime's native libraries, unpacked once into the worker's own folder. ONNX Runtime itself unpacks them at every start to
 * where temporary files lie, leaves an empty folder there at each end, and all of them when the process is killed.
 */
final class OnnxNatives {
    /** In the order of their names in {@code ai.onnxruntime.OnnxRuntime}; those of graphics cards are in jars built for these. */
    private static final List<String> LIBRARIES = List.of(
            "onnxruntime",
            "onnxruntime4j_jni",
            "onnxruntime_providers_shared",
            "onnxruntime_providers_cuda",
            "onnxruntime_providers_tensorrt");

    private static final Logger log = LoggerFactory.getLogger(OnnxNatives.class);
    private static final String PREFIX = "onnxruntime-";

    private OnnxNatives() {}

    /**
     * The folder with this platform's libraries; null where the program was not loaded from a jar, or the jar has none for this
     * platform: then ONNX Runtime must see to it.
     */
    static @Nullable Path unpack(Path cache) throws IOException {
        Path folder = null;
        for (String library : LIBRARIES) {
            String file = System.mapLibraryName(library);
            URL resource = OnnxNatives.class.getResource("/ai/onnxruntime/native/" + platform() + "/" + file);
            if (resource == null || !(resource.openConnection() instanceof JarURLConnection connection)) {
                if (folder == null) {
                    return null;
                }
                continue;
            }
            connection.setUseCaches(false);
            try (InputStream in = connection.getInputStream()) {
                JarEntry entry = connection.getJarEntry();
                if (folder == null) {
                    folder = Files.createDirectories(cache.resolve(PREFIX + Long.toHexString(entry.getCrc())));
                }
                copy(in, entry.getSize(), folder.resolve(file));
            }
        }
        if (folder != null) {
            removeOthers(cache, folder);
        }
        return folder;
    }

    /** What earlier versions of the worker unpacked. A process that runs on them has them open, or they cannot be deleted yet. */
    private static void removeOthers(Path cache, Path folder) throws IOException {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(cache, PREFIX + "*")) {
            for (Path other : all) {
                if (!other.equals(folder) && Files.isDirectory(other, LinkOption.NOFOLLOW_LINKS)) {
                    removeIfPossible(other);
                }
            }
        }
    }

    private static void removeIfPossible(Path folder) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.delete(file);
            }
            Files.delete(folder);
        } catch (IOException e) {
            log.debug("Libraries of an earlier version stay for now: folder={} cause={}", folder, e.toString());
        }
    }

    /** Whole or not at all, whoever else does the same. */
    private static void copy(InputStream in, long size, Path target) throws IOException {
        if (Files.exists(target) && Files.size(target) == size) {
            return;
        }
        Path coming = Files.createTempFile(target.toAbsolutePath().getParent(), "coming-", ".part");
        try {
            Files.copy(in, coming, StandardCopyOption.REPLACE_EXISTING);
            Files.move(coming, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(coming);
        }
    }

    private static String platform() {
        String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        return (os.contains("mac") ? "osx" : os.contains("win") ? "win" : "linux")
                + "-"
                + switch (arch) {
                    case "amd64", "x86_64" -> "x64";
                    case "arm64" -> "aarch64";
                    default -> arch;
                };
    }
}
