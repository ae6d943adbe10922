package dev.gleaner.worker.clip;

import ai.djl.Device;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtProvider;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What ONNX Runtime computes with. In the order in which they are tried; DJL knows no DirectML. */
public enum Provider {
    CUDA(OrtProvider.CUDA, null, 16),
    /** On Macs. */
    COREML(OrtProvider.CORE_ML, "CoreML", 1),
    CPU(OrtProvider.CPU, null, 1),
    /** Builds an engine for each shape, which takes minutes: only where it is asked for. */
    TENSORRT(OrtProvider.TENSOR_RT, "TensorRT", 16);

    private static final Logger log = LoggerFactory.getLogger(Provider.class);

    private final OrtProvider named;
    private final @Nullable String option;
    private final int mostDevices;

    Provider(OrtProvider named, @Nullable String option, int mostDevices) {
        this.named = named;
        this.option = option;
        this.mostDevices = mostDevices;
    }

    /** Its name on the wire and in options. */
    public String wire() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Those that this build carries, best first; none where ONNX Runtime has no build for the machine. */
    public static List<Provider> carried() {
        Set<OrtProvider> there;
        try {
            there = OrtEnvironment.getAvailableProviders();
        } catch (LinkageError | RuntimeException e) {
            log.warn("ONNX Runtime does not load on this machine: cause={}", e.toString());
            return List.of();
        }
        return Arrays.stream(values())
                .filter(provider -> there.contains(provider.named))
                .toList();
    }

    /** Those to try when nobody says which, best first. */
    static List<Provider> byDefault() {
        return carried().stream().filter(provider -> provider != TENSORRT).toList();
    }

    /** DJL's value of {@code ortDevice}; null when it needs none. */
    @Nullable
    String option() {
        return option;
    }

    /** Devices to look for, one after the other, until one is not there. */
    int mostDevices() {
        return mostDevices;
    }

    Device device(int number) {
        return this == CUDA || this == TENSORRT ? Device.gpu(number) : Device.cpu();
    }
}
