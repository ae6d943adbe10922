package dev.gleaner.tracker.release.jet;

import com.hazelcast.jet.core.Processor;
import com.hazelcast.jet.pipeline.SourceBuilder;
import dev.gleaner.tracker.release.Cut;
import dev.gleaner.tracker.release.Order;
import dev.gleaner.tracker.release.PairRow;
import dev.gleaner.tracker.release.Preset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Sends each pair of its share of the shards that the release takes on to its file. */
final class Packing extends Reading {
    private final Cut cut;
    private final List<Packed> packed = new ArrayList<>();

    Packing(Order order, Cut cut, Place place, Processor.Context context) {
        super(order, place, context);
        this.cut = cut;
    }

    @Override
    boolean needsEmbeddings() {
        return true;
    }

    @Override
    void take(PairRow row, Preset.Place place) {
        if (place instanceof Preset.Place.In in && cut.takes(in.part(), row.similarity())) {
            Long hash = preset.nearDuplicates() == null ? null : row.hashes().perceptual();
            packed.add(new Packed(cut.file(in.part(), row.rank()), hash, row.similarity(), row.pack()));
        }
    }

    void fill(SourceBuilder.SourceBuffer<Packed> buffer) throws IOException {
        boolean more = read();
        packed.forEach(buffer::add);
        packed.clear();
        if (!more) {
            buffer.close();
        }
    }
}
