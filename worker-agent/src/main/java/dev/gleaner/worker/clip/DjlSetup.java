package dev.gleaner.worker.clip;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * Settings that must stand before the first class of DJL loads: no usage reports, no cloud-metadata probe, no downloads,
 * and native libraries unpacked into the worker's own folder.
 */
public final class DjlSetup {
    private DjlSetup() {}

    /**
     * @param cache folder for unpacked native libraries
     * @throws UncheckedIOException when they cannot be unpacked there
     */
    public static synchronized void before(Path cache) {
        try {
            Path natives = OnnxNatives.unpack(cache.toAbsolutePath());
            if (natives != null) {
                System.setProperty("onnxruntime.native.path", natives.toString());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "native libraries cannot be unpacked in " + cache + ": " + e.getMessage(), e);
        }
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("ai.djl.default_engine", "OnnxRuntime");
        System.setProperty("DJL_CACHE_DIR", cache.toAbsolutePath().toString());
        System.setProperty("ENGINE_CACHE_DIR", cache.toAbsolutePath().toString());
        // DJL looks for CUDA through JNA, which would unpack itself into the user's cache.
        System.setProperty("jna.tmpdir", cache.toAbsolutePath().toString());
        System.setProperty("RUST_FLAVOR", "cpu");
    }
}
