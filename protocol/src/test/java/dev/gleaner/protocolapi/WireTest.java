package dev.gleaner.protocolapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.ProtocolVersion;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.shard.ShardColumn;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WireTest {
    private final ObjectMapper json = new ObjectMapper();

    @Test
    void aFencingTokenIsEpochAndAttempt() throws Exception {
        FencingToken token = new FencingToken("0123456789abcdef", 12);
        assertEquals("\"0123456789abcdef-12\"", json.writeValueAsString(token));
        assertEquals(token, json.readValue("\"0123456789abcdef-12\"", FencingToken.class));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-1",
                "0123456789abcdef",
                "0123456789abcdef-0",
                "0123456789abcdef--1",
                "0123456789ABCDEF-1",
                "0123456789abcdef-99999999999"
            })
    void whatIsNoFencingTokenIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> FencingToken.parse(text));
    }

    @Test
    void theDefaultPolicySurvivesItsJsonAndHasLaionsFigures() throws Exception {
        Policy policy = Policy.laion400m();
        assertEquals(policy, json.readValue(json.writeValueAsBytes(policy), Policy.class));
        assertEquals(0.3, policy.threshold());
        assertEquals(5_000, policy.minImageBytes());
        assertEquals(89_478_484, policy.maxPixels());
    }

    @Test
    void laionsColumnsKeepTheirNames() {
        String names =
                Arrays.stream(ShardColumn.values()).map(ShardColumn::column).collect(Collectors.joining(" "));
        assertEquals(
                "SAMPLE_ID URL TEXT WIDTH HEIGHT LICENSE NSFW similarity aesthetic pwatermark page_url wat_path wat_offset"
                        + " image_sha256 image_md5 image_sha1 image_phash image_bytes format language text_language fetched_at http_status model_id embedding",
                names);
    }

    @Test
    void versionsOutsideTheServedRangeAreNotServed() {
        assertTrue(ProtocolVersion.serves(ProtocolVersion.CURRENT));
        assertFalse(ProtocolVersion.serves(ProtocolVersion.CURRENT + 1));
        assertFalse(ProtocolVersion.serves(0));
    }

    @Test
    void textFromOutsideCannotDriveATerminal() {
        assertEquals("a\\u001b[31m\\u000ab", Printable.of("a\u001b[31m\nb", 100));
        assertEquals("\\u202eevil", Printable.of("\u202eevil", 100));
        assertEquals("abc…", Printable.of("abcdef", 3));
        assertEquals("-", Printable.of(null, 3));
        assertEquals("Grüße 🙂", Printable.of("Grüße 🙂", 100));
    }

    @Test
    void everyProblemCodeIsDocumented() throws Exception {
        String documented = Files.readString(Path.of("../docs/protocol/problems.md"));
        for (ProblemCode code : ProblemCode.values()) {
            String row = "| `" + code.wire() + "` | " + code.status() + " | "
                    + code.action().name().toLowerCase(java.util.Locale.ROOT).replace('_', '-') + " | " + code.title()
                    + " |";
            assertTrue(documented.contains(row), "docs/protocol/problems.md lacks the row " + row);
        }
    }
}
