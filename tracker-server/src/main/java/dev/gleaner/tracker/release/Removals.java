package dev.gleaner.tracker.release;

import dev.gleaner.protocol.shard.ShardColumn;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.parquet.example.data.Group;

/**
 * What people asked to leave out of a release that is out: a release never changes, so this is published beside it, as small
 * tables of file, row and SAMPLE_ID. Each holds everything up to its time; the one with the highest number counts. They name no
 * wish. Blocks; safe for any thread.
 */
public final class Removals {
    private static final Pattern NAME = Pattern.compile("removals-([1-9][0-9]{0,5})[.]csv");

    private final ObjectStore store;
    private final Path scratch;

    /** @param scratch folder for files under way; is there */
    public Removals(ObjectStore store, Path scratch) {
        this.store = store;
        this.scratch = scratch;
    }

    /** @param rows pairs that are to be removed */
    public record Made(String file, long rows) {}

    /** Whether a file's name is that of such a table. */
    public static boolean isName(String file) {
        return NAME.matcher(file).matches();
    }

    /** The table that counts; empty when there is none. */
    public Optional<String> latest(String release) throws IOException {
        int number = number(release);
        return number == 0 ? Optional.empty() : Optional.of(name(number));
    }

    private static String name(int number) {
        return "removals-" + number + ".csv";
    }

    private int number(String release) throws IOException {
        String folder = ReleaseManifest.folder(release);
        AtomicInteger highest = new AtomicInteger();
        store.each(folder + "removals-", object -> {
            Matcher name = NAME.matcher(object.key().substring(folder.length()));
            if (name.matches()) {
                highest.accumulateAndGet(Integer.parseInt(name.group(1)), Math::max);
            }
        });
        return highest.get();
    }

    /** Reads the whole release and publishes what of it shall be removed by now. */
    public Made make(ReleaseManifest release, OptOuts wishes) throws IOException {
        Path table = Files.createTempFile(scratch, "removals-", ".csv");
        try {
            long rows = 0;
            try (BufferedWriter out = Files.newBufferedWriter(table)) {
                out.write("file,row," + ShardColumn.SAMPLE_ID + "\n");
                for (PartFile file : release.files()) {
                    if (file.name().endsWith(".parquet")) {
                        rows += removed(release, file, wishes, out);
                    }
                }
            }
            String name = name(number(release.name()) + 1);
            store.put(ReleaseManifest.folder(release.name()) + name, table);
            return new Made(name, rows);
        } finally {
            Files.deleteIfExists(table);
        }
    }

    private long removed(ReleaseManifest release, PartFile file, OptOuts wishes, BufferedWriter out)
            throws IOException {
        long removed = 0;
        try (ObjectStore.LocalCopy copy =
                        store.open(ReleaseManifest.folder(release.name()) + file.name(), file.bytes());
                Groups groups = new Groups(copy.path())) {
            long place = 0;
            for (Group group = groups.next(); group != null; group = groups.next()) {
                PairRow row = ReleaseRows.of(group, ByteBuffer.allocate(0));
                if (wishes.cover(row)) {
                    out.write(file.name() + "," + place + "," + row.sampleId() + "\n");
                    removed++;
                }
                place++;
            }
        }
        return removed;
    }
}
