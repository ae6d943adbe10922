package dev.gleaner.worker.fuzz;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Slice;
import dev.gleaner.worker.extract.Extractor;
import dev.gleaner.worker.wat.WatReader;
import dev.gleaner.worker.wat.WatSource;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A WAT's file, read whole and in three slices: the counts agree and add up. */
public final class WatTarget implements Target {
    private static final Target SELF = new WatTarget();

    private record Memory(byte[] bytes) implements WatSource {
        @Override
        public long length() {
            return bytes.length;
        }

        @Override
        public InputStream open(long from, long likelyEnd) {
            return new ByteArrayInputStream(bytes, (int) from, bytes.length - (int) from);
        }

        @Override
        public String name() {
            return "memory";
        }
    }

    private record Counts(long members, long broken, long records, long bad, long images, long candidates) {
        Counts plus(Counts o) {
            return new Counts(
                    members + o.members,
                    broken + o.broken,
                    records + o.records,
                    bad + o.bad,
                    images + o.images,
                    candidates + o.candidates);
        }
    }

    @Override
    public void take(byte[] bytes) throws IOException {
        Counts whole = read(bytes, Slice.WHOLE);
        if (whole.broken > whole.members || whole.bad > whole.records || whole.candidates > whole.images) {
            throw new AssertionError(whole.toString());
        }
        Counts parts = new Counts(0, 0, 0, 0, 0, 0);
        for (int i = 0; i < 3; i++) {
            parts = parts.plus(read(bytes, new Slice(i, 3)));
        }
        // What is twice in the file counts as such within a slice only.
        if (whole.members == parts.members && (whole.images != parts.images || whole.candidates > parts.candidates)) {
            throw new AssertionError("whole " + whole + ", in slices " + parts);
        }
    }

    private static Counts read(byte[] bytes, Slice slice) throws IOException {
        Extractor extractor = new Extractor(Policy.laion400m(), candidate -> {});
        WatReader reader = new WatReader(new Memory(bytes));
        reader.read(slice, extractor::accept);
        return new Counts(
                reader.members(),
                reader.brokenMembers(),
                reader.records(),
                reader.badRecords(),
                extractor.counts().images(),
                extractor.counts().candidates());
    }

    public static void fuzzerTestOneInput(byte[] bytes) throws Exception {
        SELF.take(bytes);
    }
}
