package dev.gleaner.worker.tracker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Slice;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Marks;
import dev.gleaner.protocol.lease.Screen;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.worker.extract.Candidate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TrackerScreeningTest {
    private static final Lease LEASE = new Lease(
            7,
            FencingToken.parse("0123456789abcdef-1"),
            "c",
            "https://data.commoncrawl.org/a.warc.wat.gz",
            "a.warc.wat.gz",
            new Slice(1, 4),
            Policy.laion400m(),
            "ab".repeat(32),
            600,
            7200,
            null,
            true,
            null);

    private final List<Screen.Request> asked = new ArrayList<>();

    private static Candidate candidate(String url, String page) {
        return new Candidate(url, "text", page, null, null, 0, 0);
    }

    /** Leaves out what has one of these marks. */
    private TrackerScreening leavingOut(Long... marks) {
        Set<Long> out = Set.of(marks);
        return new TrackerScreening(LEASE, (lease, request) -> {
            asked.add(request);
            return new Screen.Response(
                    places(Marks.read(request.links(), 3), 3, out),
                    places(Marks.read(request.sites(), 1), 1, out),
                    places(Marks.read(request.pages(), 1), 1, out),
                    places(Marks.read(request.pictures(), Screen.MARKS_A_PICTURE), Screen.MARKS_A_PICTURE, out),
                    List.of());
        });
    }

    private static List<Integer> places(long[] marks, int each, Set<Long> out) {
        return IntStream.range(0, marks.length)
                .filter(i -> out.contains(marks[i]))
                .mapToObj(i -> i / each)
                .toList();
    }

    private static BitSet bits(int... places) {
        BitSet bits = new BitSet();
        for (int place : places) {
            bits.set(place);
        }
        return bits;
    }

    @Test
    void aLinkIsLeftOutForItsAddressItsSiteOneAboveItOrItsPage() throws Exception {
        List<Candidate> links = List.of(
                candidate("https://img.example.org/a.jpg", "https://p.net/1"),
                candidate("https://IMG.example.org:8443/b.jpg?x=1", "https://p.net/2"),
                candidate("https://other.net/c.jpg", "https://p.net/2"),
                candidate("https://other.net/d.jpg", "https://p.net/3"));
        assertEquals(
                bits(0),
                leavingOut(Marks.of("https://img.example.org/a.jpg"))
                        .links(links)
                        .leftOut());
        assertEquals(
                bits(3),
                leavingOut(Marks.of("MD5", "https://other.net/d.jpg"))
                        .links(links)
                        .leftOut());
        assertEquals(
                bits(0, 1), leavingOut(Marks.of("example.org")).links(links).leftOut());
        assertEquals(
                bits(1, 2), leavingOut(Marks.of("https://p.net/2")).links(links).leftOut());
        assertEquals(bits(), leavingOut(Marks.of("org")).links(links).leftOut(), "nobody owns a top-level domain");
        Screen.Request request = asked.get(0);
        assertEquals(3, Marks.read(request.sites(), 1).length, "each site is named once");
        assertEquals(3, Marks.read(request.pages(), 1).length, "and each page");
    }

    @Test
    void manyAreAskedAboutInSeveralCallsAndPlacesAreThoseOfAll() throws Exception {
        List<Candidate> links = IntStream.range(0, Screen.MAX + 10)
                .mapToObj(i -> candidate("https://example.org/" + i, "https://p.net/" + i))
                .toList();
        TrackerScreening screening =
                leavingOut(Marks.of("https://example.org/3"), Marks.of("https://p.net/" + (Screen.MAX + 4)));
        assertEquals(bits(3, Screen.MAX + 4), screening.links(links).leftOut());
        assertEquals(2, asked.size());
        List<ImageHashes> pictures = IntStream.range(0, Screen.MAX + 10)
                .mapToObj(i ->
                        new ImageHashes("%064x".formatted(1L << 62 | i), "%032x".formatted(i), "f".repeat(40), null))
                .toList();
        assertEquals(
                IntStream.range(0, Screen.MAX + 10).boxed().toList(),
                leavingOut(Marks.ofDigest("0".repeat(32))).pictures(pictures).stream()
                        .boxed()
                        .toList(),
                "these MD5 all begin alike");
    }

    @Test
    void picturesAreToldByEachDigestThatListsUse() throws Exception {
        ImageHashes whole = new ImageHashes("a".repeat(64), "b".repeat(32), "c".repeat(40), null);
        ImageHashes older = new ImageHashes("d".repeat(64), "e".repeat(32), null, null);
        for (String known : List.of("a".repeat(64), "b".repeat(32), "c".repeat(40))) {
            assertEquals(bits(0), leavingOut(Marks.ofDigest(known)).pictures(List.of(whole, older)), known);
        }
        assertEquals(bits(1), leavingOut(Marks.ofDigest("d".repeat(64))).pictures(List.of(whole, older)));
    }

    @Test
    void anAnswerAboutWhatWasNotAskedIsAFaultOfTheTracker() {
        List<Integer> none = List.of();
        for (int odd : new int[] {1, -1, Integer.MAX_VALUE}) {
            List<Integer> one = List.of(odd);
            for (Screen.Response answer : List.of(
                    new Screen.Response(one, none, none, none, none),
                    new Screen.Response(none, one, none, none, none),
                    new Screen.Response(none, none, one, none, none),
                    new Screen.Response(none, none, none, none, one))) {
                TrackerScreening mad = new TrackerScreening(LEASE, (lease, request) -> answer);
                assertThrows(
                        IOException.class,
                        () -> mad.links(List.of(candidate("https://example.org/a", "https://example.org/"))));
            }
            TrackerScreening mad =
                    new TrackerScreening(LEASE, (lease, request) -> new Screen.Response(none, none, none, one, none));
            ImageHashes image = new ImageHashes("a".repeat(64), "b".repeat(32), null, null);
            assertThrows(IOException.class, () -> mad.pictures(List.of(image)));
        }
    }

    @Test
    void namesOfManyLabelsDoNotMakeARequestTooLarge() {
        List<String> sites = TrackerScreening.sites("https://" + "a.".repeat(60) + "example.org/x");
        assertEquals("a.".repeat(60) + "example.org", sites.get(0));
        assertEquals("example.org", sites.get(sites.size() - 1));
        assertEquals(9, sites.size());
        assertEquals(List.of(), TrackerScreening.sites("data:image/png;base64,AA"));
        assertEquals(List.of("127.0.0.1", "0.0.1", "0.1"), TrackerScreening.sites("http://127.0.0.1:80/"));
    }
}
