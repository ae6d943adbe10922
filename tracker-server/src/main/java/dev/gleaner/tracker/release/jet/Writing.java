package dev.gleaner.tracker.release.jet;

import com.hazelcast.jet.core.AbstractProcessor;
import dev.gleaner.tracker.release.Cut;
import dev.gleaner.tracker.release.Order;
import dev.gleaner.tracker.release.PartFile;
import dev.gleaner.tracker.release.PartWriter;
import dev.gleaner.tracker.release.Preset;
import dev.gleaner.tracker.release.Spill;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Spills the pairs that come, and writes each of its files when all have. One thread of its own, for it waits for disks. */
final class Writing extends AbstractProcessor {
    private final Order order;
    private final List<String> names;
    private @Nullable Place place;
    private @Nullable Spill spill;

    Writing(Order order, Cut cut) {
        this.order = order;
        this.names = cut.names(Preset.parse(order.preset()));
    }

    @Override
    public boolean isCooperative() {
        return false;
    }

    @Override
    protected void init(Context context) throws IOException {
        Place here = Place.of(context.hazelcastInstance());
        place = here;
        Files.createDirectories(here.scratch());
        spill = new Spill(Files.createTempDirectory(here.scratch(), "release"));
    }

    private Spill spill() {
        return Objects.requireNonNull(spill, "made at the start");
    }

    @Override
    protected boolean tryProcess(int ordinal, Object item) throws IOException {
        Packed packed = (Packed) item;
        spill().add(packed.file(), packed.row());
        return true;
    }

    @Override
    public boolean complete() {
        try {
            PartWriter writer = new PartWriter(
                    Objects.requireNonNull(place, "found at the start").store(), order);
            for (int file : spill().files()) {
                for (PartFile written : writer.write(names.get(file), spill().take(file), spill().folder())) {
                    if (!tryEmit(written)) {
                        throw new IllegalStateException("a thread of its own can always emit");
                    }
                }
            }
            return true;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("a file of the release could not be written", e);
        }
    }

    @Override
    public void close() throws IOException {
        if (spill != null) {
            spill.close();
        }
    }
}
