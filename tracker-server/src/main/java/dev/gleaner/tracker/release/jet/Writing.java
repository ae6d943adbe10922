package dev.gleaner.tracker.release.jet;

import com.hazelcast.jet.Traverser;
import com.hazelcast.jet.Traversers;
import com.hazelcast.jet.core.AbstractProcessor;
import dev.gleaner.tracker.release.Cut;
import dev.gleaner.tracker.release.Order;
import dev.gleaner.tracker.release.PartFile;
import dev.gleaner.tracker.release.PartWriter;
import dev.gleaner.tracker.release.Preset;
import dev.gleaner.tracker.release.Spill;
import java.io.IOException;
import java.io.UncheckedIOException;
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
    private @Nullable Traverser<PartFile> written;

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
        if (written == null) {
            PartWriter writer = new PartWriter(
                    Objects.requireNonNull(place, "found at the start").store(), order);
            written = Traversers.traverseIterable(spill().files())
                    .flatMap(file -> Traversers.traverseIterable(write(writer, file)));
        }
        // Jet takes so many at a time and calls again.
        return emitFromTraverser(written);
    }

    private List<PartFile> write(PartWriter writer, int file) {
        try {
            return writer.write(names.get(file), spill().take(file), spill().folder());
        } catch (IOException e) {
            throw new UncheckedIOException("a file of the release could not be written", e);
        }
    }

    @Override
    public void close() throws IOException {
        if (spill != null) {
            spill.close();
        }
    }
}
