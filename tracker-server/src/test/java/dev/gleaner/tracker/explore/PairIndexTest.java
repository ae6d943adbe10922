package dev.gleaner.tracker.explore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.tracker.release.PairRow;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PairIndexTest {
    private static final short ONE = 0x3c00;
    private static final short HALF = 0x3800;

    @TempDir
    Path folder;

    private PairIndex index;

    private static PairRow row(long id, String url, String text, short... embedding) {
        ByteBuffer numbers = ByteBuffer.allocate(2 * embedding.length).order(ByteOrder.LITTLE_ENDIAN);
        for (short number : embedding) {
            numbers.putShort(number);
        }
        return new PairRow(
                id,
                url,
                text,
                640,
                480,
                null,
                new PictureMarks("UNLIKELY", null, null),
                0.4f,
                "https://page.example.org/" + id,
                "a.wat.gz",
                0,
                new ImageHashes(String.format("%064x", id), String.format("%032x", id), null, null),
                9_000,
                "JPEG",
                "en",
                null,
                0,
                200,
                "m",
                numbers.flip().order(ByteOrder.LITTLE_ENDIAN),
                7,
                "t",
                "w");
    }

    @BeforeEach
    void build() throws Exception {
        try (PairIndex.Builder builder = new PairIndex.Builder(folder)) {
            builder.add(row(1, "https://img.example.org/1.jpg", "A red house by the sea", ONE, (short) 0));
            builder.add(row(2, "https://example.org/2.jpg", "A red car", ONE, HALF));
            builder.add(row(3, "https://other.net/x y.jpg", "Ein blaues Haus", (short) 0, ONE));
            builder.add(row(4, "https://other.net/" + "z".repeat(20_000), "<img src=x>", (short) 0, (short) 0));
        }
        index = new PairIndex(folder);
    }

    @AfterEach
    void close() throws Exception {
        index.close();
    }

    private static List<Long> ids(List<Hit> hits) {
        return hits.stream().map(Hit::sampleId).toList();
    }

    @Test
    void wordsFindTheTextThatHasMostOfThem() throws Exception {
        assertEquals(List.of(1L, 2L), ids(index.byWords("RED house", 10)));
        assertEquals(List.of(), index.byWords("nothing", 10));
        assertEquals(List.of(), index.byWords(" .,; ", 10));
        assertEquals("<img src=x>", index.byWords("img", 10).get(0).text(), "as it was");
    }

    @Test
    void aDomainHasAllNamesBelowIt() throws Exception {
        assertEquals(2, index.byDomain("example.org", 10).size());
        assertEquals(List.of(1L), ids(index.byDomain("img.example.org", 10)));
        assertEquals(2, index.byDomain("other.net", 10).size(), "whatever the address looks like");
        assertEquals(0, index.byDomain("example.net", 10).size());
    }

    @Test
    void addressesAndDigestsAreFoundToTheLetter() throws Exception {
        assertEquals(List.of(2L), ids(index.byAddress("https://example.org/2.jpg", 10)));
        assertEquals(List.of(3L), ids(index.byAddress("https://page.example.org/3", 10)));
        assertEquals(List.of(3L), ids(index.byImage(String.format("%032x", 3), 10)));
        assertEquals(List.of(3L), ids(index.byImage(String.format("%064x", 3), 10)));
    }

    @Test
    void whatIsLikeAPairIsNearItInTheModelsEyes() throws Exception {
        assertEquals(List.of(1L, 2L, 3L), ids(index.like(1, 10)));
        assertTrue(index.like(99, 10).isEmpty());
        assertTrue(index.like(4, 10).isEmpty(), "a pair without a usable embedding is like nothing");
    }
}
