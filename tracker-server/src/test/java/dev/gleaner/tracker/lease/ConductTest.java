package dev.gleaner.tracker.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ConductTest {
    private final Conduct conduct = new Conduct();
    private Instant now = Instant.parse("2026-01-02T12:00:00Z");

    private void ended(String worker, String agent, long job, Ending how) {
        conduct.ended(worker, agent, "c", job, how, now);
    }

    private void after(Duration time) {
        now = now.plus(time);
    }

    private boolean rests(String worker, String agent) {
        return conduct.objection(new Caller(worker, agent, null, null, 1_000, 0), now)
                .isPresent();
    }

    @Test
    void aWorkerThatOnlyGivesBackRestsForAnHour() {
        for (int i = 0; i < Conduct.RELEASES_PER_HOUR; i++) {
            ended("ada", "a/1", i, Ending.RELEASED);
        }
        assertFalse(rests("ada", "a/1"));
        ended("ada", "a/1", 99, Ending.RELEASED);
        assertTrue(rests("ada", "a/1"));
        assertFalse(rests("bela", "a/1"));
        after(Duration.ofMinutes(59));
        assertTrue(rests("ada", "a/1"));
        after(Duration.ofMinutes(1));
        assertFalse(rests("ada", "a/1"));
    }

    @Test
    void jobsGivenBackNowAndThenAreNobodysBusiness() {
        for (int i = 0; i < 200; i++) {
            ended("ada", "a/1", i, Ending.RELEASED);
            after(Duration.ofMinutes(4));
            assertFalse(rests("ada", "a/1"), "after " + i);
        }
    }

    @Test
    void aWorkerWhoseMachineIsStarvedRestsUnlessAResultCameBetween() {
        for (int i = 0; i < Conduct.STARVED_IN_A_ROW - 1; i++) {
            ended("ada", "a/1", i, Ending.RESOURCE);
        }
        conduct.good("ada", "a/1", "c", now);
        for (int i = 0; i < Conduct.STARVED_IN_A_ROW - 1; i++) {
            ended("ada", "a/1", i, Ending.RESOURCE);
        }
        assertFalse(rests("ada", "a/1"));
        ended("ada", "a/1", 9, Ending.RESOURCE);
        assertTrue(rests("ada", "a/1"));
    }

    @Test
    void anAgentThatFailsOnThreeMachinesWithThreeJobsRestsEverywhereUntilOneSucceeds() {
        ended("ada", "a/2", 1, Ending.BUG);
        ended("bela", "a/2", 2, Ending.BUG);
        ended("bela", "a/2", 3, Ending.BUG);
        assertFalse(rests("dora", "a/2"), "two machines only");
        ended("cleo", "a/2", 3, Ending.BUG);
        assertTrue(rests("dora", "a/2"));
        assertFalse(rests("dora", "a/1"), "the version before is not to blame");
        conduct.good("emil", "a/2", "c", now);
        assertFalse(rests("dora", "a/2"), "a result proves it can");
    }

    @Test
    void oneJobThatBreaksEveryMachineIsNotTheAgentsFault() {
        for (String worker : new String[] {"ada", "bela", "cleo", "dora", "emil"}) {
            ended(worker, "a/2", 7, Ending.BUG);
        }
        assertFalse(rests("ada", "a/2"));
    }

    @Test
    void aCampaignWhoseSourceManyCannotReachWaitsAMinute() {
        for (int i = 0; i < Conduct.CUT_OFF_WORKERS - 1; i++) {
            ended("w" + i, "a/1", i, Ending.NETWORK);
        }
        assertFalse(conduct.rests("c", now));
        ended("w9", "a/1", 9, Ending.NETWORK);
        assertTrue(conduct.rests("c", now));
        assertFalse(conduct.rests("d", now));
        after(Duration.ofMinutes(1));
        assertFalse(conduct.rests("c", now));
    }

    @Test
    void aFewThatCannotReachItAmongManyThatCanAreTheirOwnTrouble() {
        for (int i = 0; i < 40; i++) {
            conduct.good("good" + i, "a/1", "c", now);
        }
        for (int i = 0; i < 10; i++) {
            ended("w" + i, "a/1", i, Ending.NETWORK);
        }
        assertFalse(conduct.rests("c", now));
        after(Duration.ofMinutes(6));
        for (int i = 0; i < 5; i++) {
            ended("w" + i, "a/1", i, Ending.NETWORK);
        }
        assertTrue(conduct.rests("c", now), "good results of six minutes ago say nothing about now");
    }

    @Test
    void theWaitThatIsAdvisedIsNeverLongerThanFiveMinutes() {
        for (int i = 0; i <= Conduct.RELEASES_PER_HOUR; i++) {
            ended("ada", "a/1", i, Ending.RELEASED);
        }
        Objection objection = conduct.objection(Caller.unknown("ada"), now).orElseThrow();
        assertEquals(300, objection.retrySeconds());
        assertTrue(objection.reason().contains("look at its log"), objection.reason());
    }

    @Test
    void hordesOfNewNamesCannotKeepTheRulesFromWorking() {
        for (int i = 0; i < 100_001; i++) {
            ended("w" + i, "agent/" + i, i, Ending.BUG);
        }
        ended("ada", "bad/1", 1, Ending.BUG);
        ended("bela", "bad/1", 2, Ending.BUG);
        ended("cleo", "bad/1", 3, Ending.BUG);
        assertTrue(rests("dora", "bad/1"));
    }

    @Test
    void aWorkerIsToldHowMuchLongerItRests() {
        for (int i = 0; i <= Conduct.RELEASES_PER_HOUR; i++) {
            ended("ada", "a/1", i, Ending.RELEASED);
        }
        after(Duration.ofMinutes(59));
        assertEquals(
                61, conduct.objection(Caller.unknown("ada"), now).orElseThrow().retrySeconds());
    }

    @Test
    void whatWasNotedBeforeTheClockWasSetBackIsForgotten() {
        for (int i = 0; i <= Conduct.RELEASES_PER_HOUR; i++) {
            ended("ada", "a/1", i, Ending.RELEASED);
        }
        for (int i = 0; i < Conduct.CUT_OFF_WORKERS; i++) {
            ended("w" + i, "a/1", i, Ending.NETWORK);
        }
        for (int i = 0; i < Conduct.RELEASES_PER_HOUR; i++) {
            ended("bela", "a/1", i, Ending.RELEASED);
        }
        after(Duration.ofDays(-365));
        conduct.forget();
        assertFalse(rests("ada", "a/1"));
        assertFalse(conduct.rests("c", now));
        ended("bela", "a/1", 99, Ending.RELEASED);
        assertFalse(rests("bela", "a/1"));
        ended("w9", "a/1", 9, Ending.NETWORK);
        assertFalse(conduct.rests("c", now));
    }
}
