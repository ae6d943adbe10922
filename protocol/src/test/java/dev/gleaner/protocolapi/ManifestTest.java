package dev.gleaner.protocolapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.ShardObject;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ManifestTest {
    private static final String SHA = "a".repeat(64);

    private static Counts counts(
            long images, long candidates, long kept, Map<String, Long> extract, Map<String, Long> pairs) {
        return new Counts(10, 1, 9, 0, images, candidates, kept, extract, pairs, 1_000);
    }

    private static Manifest manifest(Counts counts, List<ShardObject> objects) {
        return new Manifest("b".repeat(64), "fp32", 5_000, "0".repeat(32), counts, objects, 1.5);
    }

    @Test
    void countsThatAddUpHaveNoFault() {
        Counts good =
                counts(10, 6, 2, Map.of("no_text", 3L, "duplicate", 1L), Map.of("dns", 1L, "below_threshold", 3L));
        assertEquals("", good.fault());
        assertEquals(
                "",
                manifest(good, List.of(new ShardObject("shard-0.parquet", 10, SHA, 2)))
                        .fault());
    }

    @Test
    void everyWayOfNotAddingUpIsNamed() {
        assertTrue(counts(11, 6, 2, Map.of("no_text", 4L), Map.of("dns", 4L))
                .fault()
                .contains("images"));
        assertTrue(counts(10, 6, 2, Map.of("no_text", 4L), Map.of("dns", 3L))
                .fault()
                .contains("kept"));
        assertTrue(counts(10, 6, 2, Map.of("no_such_reason", 4L), Map.of("dns", 4L))
                .fault()
                .contains("unknown"));
        assertTrue(counts(2, 6, 2, Map.of("no_text", -4L), Map.of("dns", 4L))
                .fault()
                .contains("negative"));
        Counts good = counts(10, 6, 2, Map.of("no_text", 4L), Map.of("dns", 4L));
        assertTrue(manifest(good, List.of()).fault().contains("rows"));
        ShardObject one = new ShardObject("shard-0.parquet", 10, SHA, 1);
        assertTrue(manifest(good, List.of(one, one)).fault().contains("twice"));
    }

    @Test
    void anObjectsNameAndDigestCannotLeaveTheirPlace() {
        assertThrows(IllegalArgumentException.class, () -> new ShardObject("../up", 1, SHA, 1));
        assertThrows(IllegalArgumentException.class, () -> new ShardObject("a", 1, "xyz", 1));
        assertThrows(IllegalArgumentException.class, () -> new ShardObject("a", -1, SHA, 1));
    }

    @Test
    void itSurvivesItsJson() throws Exception {
        Manifest manifest = manifest(
                counts(10, 6, 2, Map.of("no_text", 4L), Map.of("dns", 4L)),
                List.of(new ShardObject("shard-0.parquet", 10, SHA, 2)));
        ObjectMapper json = new ObjectMapper();
        assertEquals(manifest, json.readValue(json.writeValueAsBytes(manifest), Manifest.class));
    }
}
