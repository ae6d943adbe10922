package dev.gleaner.tracker.release;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.shard.ShardColumn;
import dev.gleaner.tracker.storage.Digests;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.example.data.Group;

/**
 * Looks at every byte and row of a release in a folder. Does not trust the manifest: it counts again. Duplicates show by the order of
 * ranks, which must rise without a repetition through all files of a part.
 */
public final class ReleaseCheck {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int MOST_FAULTS = 100;

    private final Path folder;
    private final ReleaseManifest manifest;
    private final List<String> faults = new ArrayList<>();
    private byte[] rankBefore = new byte[0];
    private long rows;

    private ReleaseCheck(Path folder, ReleaseManifest manifest) {
        this.folder = folder;
        this.manifest = manifest;
    }

    /** @param faults in words, empty when the release is sound */
    public record Found(String name, int files, long rows, List<String> faults) {}

    /** Blocks for as long as it takes to read everything. */
    public static Found of(Path folder) throws IOException {
        ReleaseManifest manifest =
                JSON.readValue(folder.resolve(ReleaseManifest.FILE).toFile(), ReleaseManifest.class);
        ReleaseCheck check = new ReleaseCheck(folder, manifest);
        check.look();
        return new Found(manifest.name(), manifest.files().size(), check.rows, List.copyOf(check.faults));
    }

    private void fault(String text) {
        if (faults.size() < MOST_FAULTS) {
            faults.add(text);
        }
    }

    private void look() throws IOException {
        List<PartFile> whole = new ArrayList<>();
        for (PartFile file : manifest.files()) {
            Path path = folder.resolve(file.name()).normalize();
            if (!folder.normalize().equals(path.getParent()) || !Files.isRegularFile(path)) {
                fault(file.name() + " is not there");
            } else if (Files.size(path) != file.bytes()) {
                fault(file.name() + " has " + Files.size(path) + " bytes instead of " + file.bytes());
            } else if (!Digests.sha256(path).equals(file.sha256())) {
                fault(file.name() + " has other bytes than the manifest says");
            } else {
                whole.add(file);
            }
        }
        for (Preset.Part part : manifest.preset().parts()) {
            rankBefore = new byte[0];
            for (PartFile file : whole) {
                boolean ofPart = file.name().matches(part.name() + "-[0-9]{5}[.](parquet|npy)");
                if (ofPart && file.name().endsWith(".parquet")) {
                    try {
                        table(part, file);
                    } catch (IOException | RuntimeException e) {
                        fault(file.name() + " is not readable Parquet: " + e);
                    }
                } else if (ofPart) {
                    embeddings(file);
                }
            }
        }
        if (rows != manifest.rows()) {
            fault("the files hold " + rows + " pairs, the manifest says " + manifest.rows());
        }
        long accounted = manifest.rows()
                + manifest.duplicates()
                + manifest.leftOut().values().stream()
                        .mapToLong(Long::longValue)
                        .sum();
        if (accounted != manifest.read()) {
            fault("of " + manifest.read() + " pairs that were read " + accounted + " are accounted for");
        }
    }

    private void table(Preset.Part part, PartFile file) throws IOException {
        long before = rows;
        try (Groups groups = new Groups(folder.resolve(file.name()))) {
            for (Group row = groups.next(); row != null; row = groups.next()) {
                row(part, file, row);
            }
        }
        if (rows - before != file.rows()) {
            fault(file.name() + " holds " + (rows - before) + " pairs, the manifest says " + file.rows());
        }
    }

    private void row(Preset.Part part, PartFile file, Group g) {
        rows++;
        PairRow row = ReleaseRows.of(g, ByteBuffer.allocate(0));
        byte[] rank = row.rank();
        if (rankBefore.length > 0 && Arrays.compareUnsigned(rankBefore, rank) >= 0) {
            fault(file.name() + ": " + ShardColumn.SAMPLE_ID + " " + row.sampleId() + " stands twice or out of order");
        }
        rankBefore = rank;
        String objection = manifest.preset().objection(part, row);
        if (!objection.isEmpty()) {
            fault(file.name() + ": " + ShardColumn.SAMPLE_ID + " " + row.sampleId() + " is not what the preset takes: "
                    + objection);
        }
        if (!g.getString(ReleaseColumn.PRESET.column(), 0)
                .equals(manifest.preset().id())) {
            fault(file.name() + ": a pair was judged by another preset");
        }
    }

    /** Header and size of NumPy's format: as many rows as the table beside it, two bytes a number. */
    private void embeddings(PartFile file) throws IOException {
        byte[] start = new byte[128];
        int length;
        try (InputStream in = Files.newInputStream(folder.resolve(file.name()))) {
            length = in.readNBytes(start, 0, start.length);
        }
        String header = new String(start, 0, length, java.nio.charset.StandardCharsets.ISO_8859_1);
        java.util.regex.Matcher shape = java.util.regex.Pattern.compile("'descr': '<f2'.*'shape': \\((\\d+), (\\d+)\\)")
                .matcher(header);
        if (!shape.find()) {
            fault(file.name() + " is no .npy of half precision numbers");
            return;
        }
        long rowsHere = Long.parseLong(shape.group(1));
        long numbers = Long.parseLong(shape.group(2));
        int headerBytes = PartWriter.npyHeader((int) rowsHere, (int) numbers).length;
        if (rowsHere != file.rows() || file.bytes() != headerBytes + 2 * rowsHere * numbers) {
            fault(file.name() + " has " + rowsHere + " rows of " + numbers + " numbers in " + file.bytes()
                    + " bytes; the manifest says " + file.rows() + " rows");
        }
    }
}
