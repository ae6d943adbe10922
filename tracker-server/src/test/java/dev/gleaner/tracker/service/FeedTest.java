package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.intake.Intake;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.screen.Screened;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import dev.gleaner.tracker.trust.Draw;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeedTest {
    private static final Pattern ID = Pattern.compile("id: (\\S+)");

    @TempDir
    Path folder;

    private final ManualClock clock = new ManualClock();
    private final ExecutorService threads = Executors.newSingleThreadExecutor();
    private final List<String> heard = new ArrayList<>();
    private SqlLedger ledger;
    private Feed feed;

    @BeforeEach
    void open() throws Exception {
        ledger = SqlLedger.sqlite(folder.resolve("ledger.db"), clock, LedgerMonitor.NONE);
        Intake intake = new Intake(new FileObjectStore(folder.resolve("objects"), new byte[32], clock));
        Judge judge = new Judge(
                ledger,
                ledger.reputation(),
                new Draw(new byte[32]),
                intake,
                new Hosts(ledger.statistics()::keptFrom, clock),
                threads,
                clock,
                Screened.NOTHING,
                JudgeMonitor.NONE);
        feed = new Feed(new PublicCalls(ledger, ledger.statistics(), ledger.chain(), judge, clock));
        feed.watch(frame -> heard.add(new String(frame, StandardCharsets.UTF_8)));
    }

    @AfterEach
    void close() {
        ledger.close();
        threads.shutdownNow();
    }

    private void results(int from, int to) {
        for (int job = from; job < to; job++) {
            feed.hear(new Judge.Verdict("2026-01-01T00:00:00Z", "c", job, "a\nda", "accepted", 10, 5));
        }
    }

    private static String id(String frame) {
        Matcher matcher = ID.matcher(frame);
        assertTrue(matcher.find(), frame);
        return matcher.group(1);
    }

    private String hello(String last) {
        return new String(feed.hello(last).frames(), StandardCharsets.UTF_8);
    }

    @Test
    void aThousandResultsAreOneEventThatSaysHowMany() {
        results(0, 1_000);
        feed.tick();
        feed.tick();
        assertEquals(1, heard.size());
        assertTrue(heard.get(0).contains("\"count\":1000"), heard.get(0));
        assertTrue(heard.get(0).contains("\"job\":999"), "the last of them are shown");
        assertFalse(heard.get(0).contains("\"job\":900"));
        assertTrue(heard.get(0).length() < 3_000, "however many there were");
        assertEquals(5, heard.get(0).split("\n", -1).length, "a name with a line end does not break an event");
    }

    @Test
    void whoComesBackHearsExactlyWhatItMissed() {
        results(1, 2);
        feed.tick();
        String last = id(heard.get(0));
        results(2, 3);
        feed.tick();
        results(3, 4);
        feed.tick();
        String missed = hello(last);
        assertFalse(missed.contains("\"job\":1,"), missed);
        assertTrue(missed.contains("\"job\":2,") && missed.contains("\"job\":3,"), missed);
        assertTrue(missed.contains("event: overview"));
        assertFalse(hello(id(heard.get(2))).contains("event: results"));
    }

    @Test
    void whoseNumberIsUnknownHearsWhatCameLast() {
        results(1, 3);
        feed.tick();
        for (String last : new String[] {null, "deadbeef-7", id(heard.get(0)) + "999", "-", "x"}) {
            String hello = hello(last);
            assertTrue(hello.contains("event: recent") && hello.contains("\"job\":2,"), hello);
        }
        String old = id(heard.get(0));
        for (int i = 0; i < 300; i++) {
            results(i, i + 1);
            feed.tick();
        }
        assertTrue(hello(old).contains("event: recent"), "what is too long ago is not remembered");
        assertEquals(0, feed.since(feed.hello(null).sequence()).length);
    }

    @Test
    void whatTrackersTellEachOtherIsCountedOnce() {
        List<Feed.Batch> told = new ArrayList<>();
        feed.spread(batch -> {
            told.add(batch);
            feed.take(batch);
        });
        results(0, 500);
        feed.tick();
        assertEquals(500, told.get(0).count());
        assertTrue(told.get(0).results().size() <= 30);
        assertTrue(heard.get(0).contains("\"count\":500"));
    }

    @Test
    void anOverviewThatSaysNothingNewIsSentSeldom() {
        for (int i = 0; i < 8; i++) {
            feed.tellOverview();
            clock.advance(java.time.Duration.ofSeconds(2));
        }
        assertTrue(heard.size() >= 2 && heard.size() <= 4, heard.size() + " of 8");
    }
}
