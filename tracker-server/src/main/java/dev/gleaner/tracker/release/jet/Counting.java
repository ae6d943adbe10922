package dev.gleaner.tracker.release.jet;

import com.hazelcast.jet.core.Processor;
import com.hazelcast.jet.pipeline.SourceBuilder;
import dev.gleaner.tracker.release.Order;
import dev.gleaner.tracker.release.PairRow;
import dev.gleaner.tracker.release.Preset;
import dev.gleaner.tracker.release.Survey;
import java.io.IOException;

/** Counts its share of the shards, and says the sums at the end. */
final class Counting extends Reading {
    private final Survey survey;

    Counting(Order order, Place place, Processor.Context context) {
        super(order, place, context);
        this.survey = new Survey(preset.parts().size());
    }

    @Override
    boolean needsEmbeddings() {
        return false;
    }

    @Override
    void take(PairRow row, Preset.Place place) {
        if (place instanceof Preset.Place.In in) {
            survey.in(in.part(), row.similarity());
        } else if (place instanceof Preset.Place.Out out) {
            survey.out(out.reason());
        }
    }

    void fill(SourceBuilder.SourceBuffer<Survey> buffer) throws IOException {
        if (!read()) {
            buffer.add(survey);
            buffer.close();
        }
    }
}
