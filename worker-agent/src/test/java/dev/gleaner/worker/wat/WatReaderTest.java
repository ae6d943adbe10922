package dev.gleaner.worker.wat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Slice;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatReaderTest {
    @TempDir
    Path folder;

    private static byte[] record(String type, String block) {
        byte[] bytes = block.getBytes(StandardCharsets.UTF_8);
        return record(type, Integer.toString(bytes.length), block);
    }

    private static byte[] record(String type, String length, String block) {
        return ("WARC/1.0\r\nWARC-Type: " + type + "\r\nContent-Length: " + length + "\r\n\r\n" + block + "\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] gzip(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
            for (byte[] part : parts) {
                zip.write(part);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static byte[] join(List<byte[]> parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        parts.forEach(out::writeBytes);
        return out.toByteArray();
    }

    private record Read(List<String> blocks, List<Long> offsets, WatReader reader) {}

    private Read read(byte[] file, Slice slice) throws IOException {
        Path path = folder.resolve("x.wat.gz");
        Files.write(path, file);
        WatReader reader = new WatReader(new FileWatSource(path));
        List<String> blocks = new ArrayList<>();
        List<Long> offsets = new ArrayList<>();
        reader.read(slice, (offset, bytes, start, length) -> {
            blocks.add(new String(bytes, start, length, StandardCharsets.UTF_8));
            offsets.add(offset);
            return true;
        });
        return new Read(blocks, offsets, reader);
    }

    private static List<byte[]> members(Random random, int count) {
        List<byte[]> members = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            StringBuilder block = new StringBuilder("{\"n\":" + i + ",\"noise\":\"");
            random.ints(random.nextInt(3_000), 'a', 'z').forEach(c -> block.append((char) c));
            members.add(gzip(record(
                    i % 5 == 0 ? "request" : "metadata", block.append("\"}").toString())));
        }
        return members;
    }

    @Test
    void everyRecordLandsInExactlyOneSliceWhateverTheirNumber() throws IOException {
        long seed = Long.getLong("gleaner.seed", 7);
        byte[] file = join(members(new Random(seed), 60));
        List<String> whole = read(file, Slice.WHOLE).blocks;
        assertEquals(48, whole.size(), "seed " + seed);
        for (int n : new int[] {2, 3, 7, 50, 1_000}) {
            List<String> union = new ArrayList<>();
            long members = 0;
            for (int i = 0; i < n; i++) {
                Read part = read(file, new Slice(i, n));
                union.addAll(part.blocks);
                members += part.reader.members();
            }
            assertEquals(whole, union, n + " slices, seed " + seed);
            assertEquals(60, members, n + " slices, seed " + seed);
        }
    }

    @Test
    void aBrokenMemberInTheMiddleCostsOnlyItself() throws IOException {
        List<byte[]> members = members(new Random(1), 21);
        byte[] broken = members.get(11);
        Arrays.fill(broken, 40, 56, (byte) 0xAA);
        Read read = read(join(members), Slice.WHOLE);
        assertEquals(15, read.blocks.size());
        assertEquals(1, read.reader.brokenMembers());
        for (int n : new int[] {3, 11}) {
            int sum = 0;
            for (int i = 0; i < n; i++) {
                sum += read(join(members), new Slice(i, n)).blocks.size();
            }
            assertEquals(15, sum);
        }
    }

    @Test
    void aMemberWithAWrongChecksumDoesNotCount() throws IOException {
        List<byte[]> members = members(new Random(2), 4);
        byte[] bad = members.get(1);
        bad[bad.length - 8] ^= 1;
        Read read = read(join(members), Slice.WHOLE);
        assertEquals(2, read.blocks.size());
        assertEquals(1, read.reader.brokenMembers());
    }

    @Test
    void aTruncatedFileGivesWhatIsWhole() throws IOException {
        byte[] file = join(members(new Random(3), 5));
        Read read = read(Arrays.copyOf(file, file.length - 30), Slice.WHOLE);
        assertEquals(3, read.blocks.size());
        assertEquals(1, read.reader.brokenMembers());
    }

    @Test
    void garbageBetweenMembersIsSkipped() throws IOException {
        List<byte[]> members = members(new Random(4), 4);
        members.add(2, new byte[600]);
        members.add(3, new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 'n', 'o', 't', ' ', 'g', 'z', 'i', 'p'});
        assertEquals(3, read(join(members), Slice.WHOLE).blocks.size());
    }

    @Test
    void lyingLengthsAreNotBelieved() throws IOException {
        for (String length : new String[] {"99999999999", "-1", "x", ""}) {
            byte[] file = join(List.of(
                    gzip(record("metadata", "{}")),
                    gzip(record("metadata", length, "{}")),
                    gzip(record("metadata", "{}"))));
            Read read = read(file, Slice.WHOLE);
            assertEquals(List.of("{}", "{}"), read.blocks, "length " + length);
            assertEquals(1, read.reader.badRecords(), "length " + length);
        }
    }

    @Test
    void aWholeFileInOneMemberIsReadRecordByRecord() throws IOException {
        byte[][] records = new byte[40_000][];
        String padding = "x".repeat(1_000);
        for (int i = 0; i < records.length; i++) {
            records[i] = record("metadata", "{\"n\":" + i + ",\"p\":\"" + padding + "\"}");
        }
        byte[] file = gzip(records);
        Read read = read(file, Slice.WHOLE);
        assertEquals(40_000, read.blocks.size());
        assertTrue(read.blocks.get(39_999).startsWith("{\"n\":39999,"));
        assertEquals(0, read(file, new Slice(1, 2)).blocks.size());
    }

    @Test
    void aBombBetweenMembersCostsNoMemoryAndNoRecord() throws IOException {
        byte[] bomb = gzip(new byte[100 << 20]);
        byte[] good = gzip(record("metadata", "{}"));
        Read read = read(join(List.of(good, bomb, good)), Slice.WHOLE);
        assertEquals(2, read.blocks.size());
        assertEquals(1, read.reader.badRecords());
    }

    @Test
    void offsetsAreThoseOfTheMembers() throws IOException {
        byte[] first = gzip(record("metadata", "{\"a\":1}"));
        byte[] second = gzip(record("metadata", "{\"b\":2}"));
        assertEquals(List.of(0L, (long) first.length), read(join(List.of(first, second)), Slice.WHOLE).offsets);
    }

    @Test
    void aMissingFileIsAnInputFault() {
        WatReader reader = new WatReader(new FileWatSource(folder.resolve("none.wat.gz")));
        assertThrows(InputUnavailableException.class, () -> reader.read(Slice.WHOLE, (o, b, s, l) -> true));
    }
}
