package dev.gleaner.worker.extract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Slice;
import dev.gleaner.protocol.result.CandidateDigest;
import dev.gleaner.worker.wat.FileWatSource;
import dev.gleaner.worker.wat.WatReader;
import dev.gleaner.worker.wat.WatSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Compares the candidates of real WATs, whole and in slices, with those of an independent program. */
class ReferenceCandidatesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int[] SLICES = {2, 3, 7, 50};
    private static final String WAT = ".wat.gz";

    /** What the reference has of a WAT: what must be found, and what may be, because rules of browsers differ there. */
    private record Reference(Set<String> must, Set<String> may) {
        static Reference of(Path wat) throws IOException {
            Path file = wat.resolveSibling(wat.getFileName().toString().replace(WAT, ".candidates.jsonl"));
            Set<String> must = new HashSet<>();
            Set<String> may = new HashSet<>();
            for (String line : Files.readAllLines(file)) {
                JsonNode row = JSON.readTree(line);
                String pair = row.path("url").asText() + "\n" + row.path("text").asText();
                (row.path("simple").asBoolean() ? must : may).add(pair);
            }
            return new Reference(must, may);
        }
    }

    private record Extracted(List<Candidate> candidates, String digest) {
        Set<String> pairs() {
            Set<String> pairs = new HashSet<>();
            candidates.forEach(candidate -> pairs.add(candidate.url() + "\n" + candidate.text()));
            return pairs;
        }

        Set<Long> members() {
            Set<Long> members = new HashSet<>();
            candidates.forEach(candidate -> members.add(candidate.offset()));
            return members;
        }
    }

    private static Extracted extract(Path wat, Slice slice) throws IOException {
        List<Candidate> candidates = new ArrayList<>();
        Extractor extractor = new Extractor(Policy.laion400m(), candidates::add);
        try (WatSource source = new FileWatSource(wat)) {
            new WatReader(source).read(slice, extractor::accept);
        }
        return new Extracted(candidates, extractor.digest().hex());
    }

    @TestFactory
    Stream<DynamicTest> everyWatGivesTheCandidatesOfTheReference() throws IOException {
        String shared = System.getProperty("gleaner.shared", "");
        assumeTrue(!shared.isEmpty(), "skipped: no shared test material beside the checkout");
        List<Path> wats = new ArrayList<>();
        for (String folder : List.of("data/wat", "data/more/wat", "data/more/damaged/wat")) {
            try (Stream<Path> files = Files.list(Path.of(shared, folder))) {
                files.filter(file -> file.toString().endsWith(WAT)).sorted().forEach(wats::add);
            }
        }
        assertTrue(wats.size() > 20, wats.toString());
        return wats.stream()
                .map(wat -> DynamicTest.dynamicTest(wat.getFileName().toString(), () -> compare(wat)));
    }

    private static void compare(Path wat) throws IOException {
        Reference reference = Reference.of(wat);
        Extracted whole = extract(wat, Slice.WHOLE);
        Set<String> missing = new HashSet<>(reference.must());
        missing.removeAll(whole.pairs());
        assertEquals(Set.of(), missing, "missing");
        Set<String> more = new HashSet<>(whole.pairs());
        more.removeAll(reference.must());
        // The reference counts such links, and does not say which address they have.
        assertTrue(more.size() <= reference.may().size(), () -> "too many, among " + more);
        CandidateDigest digest = new CandidateDigest();
        whole.candidates().forEach(candidate -> digest.add(candidate.url(), candidate.text()));
        assertEquals(digest.hex(), whole.digest());
        for (int slices : SLICES) {
            Set<Candidate> union = new HashSet<>();
            Set<Long> members = new HashSet<>();
            int ofSlices = 0;
            for (int i = 0; i < slices; i++) {
                Extracted slice = extract(wat, new Slice(i, slices));
                union.addAll(slice.candidates());
                members.addAll(slice.members());
                ofSlices += slice.members().size();
            }
            assertTrue(union.containsAll(whole.candidates()), slices + " slices lose candidates");
            assertEquals(ofSlices, members.size(), slices + " slices share a record");
        }
    }
}
