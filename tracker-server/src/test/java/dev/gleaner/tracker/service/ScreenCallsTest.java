package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Marks;
import dev.gleaner.protocol.lease.Screen;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.ReleaseBook;
import dev.gleaner.tracker.ledger.ReleaseBook.WishState;
import dev.gleaner.tracker.screen.KnownAddresses;
import dev.gleaner.tracker.screen.LocalFilter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** A worker hears what its own lease's links must leave out, and too little to find out what is on the list. */
class ScreenCallsTest extends JudgeHarness {
    private static final byte[] NONE = new byte[0];
    private static final ImageHashes IMAGE = new ImageHashes("a".repeat(64), "b".repeat(32), null, null);

    private final List<String> stopped = new ArrayList<>();
    private ScreenCalls calls;

    @BeforeEach
    void openCalls() throws Exception {
        calls = new ScreenCalls(
                ledger,
                ledger.releaseBook(),
                () -> List.copyOf(stopped),
                new KnownAddresses(ledger, store, new LocalFilter(1_000), folder.resolve("scratch")));
        grant(1, "ada", false);
    }

    private static byte[] link(String url) {
        return Marks.bytes(Marks.of("MD5", url), Marks.of("SHA-1", url), Marks.of("SHA-256", url));
    }

    private Screen.Response ask(byte[] links, byte[] sites, byte[] pages, byte[] pictures) throws Exception {
        return calls.screen("ada", 1, token(1), new Screen.Request(links, sites, pages, pictures));
    }

    private static void assertRefused(ProblemCode code, Executable call) {
        assertEquals(code, assertThrows(Refusal.class, call).code());
    }

    private void optOut(String kind, String value, WishState state) throws Exception {
        await(ledger.releaseBook()
                .optOut(new ReleaseBook.Wish(kind, value, state, null, null, clock.instant(), "op"), "op"));
        calls.refresh();
    }

    @Test
    void whatAnOptOutNamesIsToldAndNoMore() throws Exception {
        assertFalse(calls.mustAsk(ledger.job(1).orElseThrow()), "there is nothing to ask about");
        optOut("url", "https://x/1.jpg", WishState.HONOURED);
        optOut("page", "https://x/page", WishState.HONOURED);
        optOut("image", "a".repeat(64), WishState.HONOURED);
        optOut("url", "https://x/asked.jpg", WishState.ASKED);
        assertTrue(calls.mustAsk(ledger.job(1).orElseThrow()));
        assertEquals(
                new Screen.Response(List.of(0), List.of(), List.of(0), List.of(0), List.of()),
                ask(
                        link("https://x/1.jpg"),
                        Marks.bytes(Marks.of("x")),
                        Marks.bytes(Marks.of("https://x/page")),
                        Marks.bytes(0, 0, Marks.ofDigest("a".repeat(64)))));
        assertEquals(
                List.of(), ask(link("https://x/asked.jpg"), NONE, NONE, NONE).links(), "it was not decided yet");
        assertTrue(calls.isLeftOut("https://x/1.jpg", new ImageHashes("c".repeat(64), "b".repeat(32), null, null)));
        assertTrue(calls.isLeftOut("https://x/2.jpg", IMAGE));
        assertFalse(calls.isLeftOut("https://x/2.jpg", new ImageHashes("c".repeat(64), "b".repeat(32), null, null)));
    }

    @Test
    void aSiteWhoseOwnerStoppedItIsLeftOutOnceThatIsLookedUpAgain() throws Exception {
        assertEquals(
                List.of(),
                ask(NONE, Marks.bytes(Marks.of("example.org")), NONE, NONE).sites());
        stopped.add("example.org");
        calls.refresh();
        assertEquals(
                List.of(0),
                ask(NONE, Marks.bytes(Marks.of("example.org")), NONE, NONE).sites());
        assertTrue(calls.mustAsk(ledger.job(1).orElseThrow()));
        stopped.clear();
        calls.refresh();
        assertEquals(
                List.of(),
                ask(NONE, Marks.bytes(Marks.of("example.org")), NONE, NONE).sites());
    }

    @Test
    void onlyTheLeasesOwnWorkerMayAsk() throws Exception {
        Screen.Request nothing = new Screen.Request(NONE, NONE, NONE, NONE);
        assertRefused(ProblemCode.LEASE_LOST, () -> calls.screen("eve", 1, token(1), nothing));
        assertRefused(
                ProblemCode.LEASE_LOST, () -> calls.screen("ada", 1, new FencingToken("f".repeat(16), 1), nothing));
        apply(1, new LedgerEvent.Revoke(1, "an operator's word"));
        assertRefused(ProblemCode.LEASE_LOST, () -> calls.screen("ada", 1, token(1), nothing));
    }

    @Test
    void aLeaseAsksSomeHundredTimes() throws Exception {
        for (int i = 0; i < 500; i++) {
            ask(NONE, NONE, NONE, NONE);
        }
        assertRefused(ProblemCode.LEASE_LOST, () -> ask(NONE, NONE, NONE, NONE));
        grant(2, "ada", false);
        Screen.Request nothing = new Screen.Request(NONE, NONE, NONE, NONE);
        assertEquals(List.of(), calls.screen("ada", 2, token(1), nothing).links(), "another lease begins anew");
    }

    @Test
    void whatIsAskedAboutIsWholeAndBounded() throws Exception {
        int most = Screen.MAX * Long.BYTES;
        ask(new byte[3 * most], new byte[9 * most], new byte[most], new byte[3 * most]);
        for (Screen.Request request : List.of(
                new Screen.Request(new byte[3 * most + 24], NONE, NONE, NONE),
                new Screen.Request(NONE, new byte[9 * most + 8], NONE, NONE),
                new Screen.Request(NONE, NONE, new byte[most + 8], NONE),
                new Screen.Request(NONE, NONE, NONE, new byte[3 * most + 24]),
                new Screen.Request(new byte[8], NONE, NONE, NONE),
                new Screen.Request(NONE, new byte[7], NONE, NONE),
                new Screen.Request(NONE, NONE, new byte[9], NONE),
                new Screen.Request(NONE, NONE, NONE, new byte[16]))) {
            assertRefused(ProblemCode.MALFORMED_REQUEST, () -> calls.screen("ada", 1, token(1), request));
        }
    }
}
