package dev.gleaner.worker.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.result.PairDrop;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is tried again, how long a site is left alone, and which robots tags forbid use. */
class RetryRuleTest {
    private static Fetched.Dropped status(int status) {
        return new Fetched.Dropped(PairDrop.HTTP_STATUS, status, "status " + status);
    }

    @Test
    void onlyWhatMayPassIsTriedAgain() {
        for (int passing : new int[] {429, 500, 502, 503, 504}) {
            assertTrue(RetryRule.mayPass(status(passing)), "status " + passing);
        }
        for (int meant : new int[] {400, 401, 403, 404, 410, 451, 501}) {
            assertFalse(RetryRule.mayPass(status(meant)), "status " + meant);
        }
        for (PairDrop reason : PairDrop.values()) {
            boolean connection = reason == PairDrop.PROTOCOL || reason == PairDrop.TLS;
            assertEquals(connection, RetryRule.mayPass(new Fetched.Dropped(reason, 0, "", true)), reason.name());
            assertFalse(RetryRule.mayPass(new Fetched.Dropped(reason, 0, "", false)), reason.name());
            assertFalse(RetryRule.mayPass(new Fetched.Dropped(reason, 200, "", true)), reason.name());
        }
    }

    @Test
    void aSiteThatIsOverloadedIsLeftAloneAsLongAsItSaysWithinADay() {
        assertTrue(RetryRule.wantsRest(status(429)));
        assertTrue(RetryRule.wantsRest(status(503)));
        assertFalse(RetryRule.wantsRest(status(500)));
        assertFalse(RetryRule.wantsRest(new Fetched.Dropped(PairDrop.OPTED_OUT, 429, "")));
        assertEquals(Duration.ofSeconds(17), RetryRule.rest(17, false));
        assertEquals(Duration.ofDays(1), RetryRule.rest(Long.MAX_VALUE, false));
        assertEquals(Duration.ofSeconds(5), RetryRule.rest(-1, false));
        assertEquals(Duration.ofMinutes(1), RetryRule.rest(-1, true));
    }

    @Test
    void allWorkersHearOfASiteThatSaysSoItselfOrTwice() {
        assertTrue(RetryRule.wantsRestOfAll(status(429), -1, false));
        assertTrue(RetryRule.wantsRestOfAll(status(503), 0, false));
        assertTrue(RetryRule.wantsRestOfAll(status(503), -1, true));
        assertFalse(RetryRule.wantsRestOfAll(status(503), -1, false));
        assertFalse(RetryRule.wantsRestOfAll(status(500), 17, true));
    }

    @Test
    void aRobotsTagForbidsWhenItSpeaksToAllOrToThisCrawler() {
        Set<String> respected = Set.of("noai", "noimageindex");
        for (String no : List.of(
                "noai",
                "NoAI",
                "noindex, noai",
                " noimageindex ",
                "gleaner: noai",
                "Gleaner: x, noai",
                "unavailable_after: 25 Jun 2010 15:00:00 PST, noai")) {
            assertTrue(RobotsTag.forbids(List.of("all", no), respected), no);
        }
        for (String yes :
                List.of("", "all", "noindex", "otherbot: noai", "noai2", "gleaner: all", "gleanerbot: noai")) {
            assertFalse(RobotsTag.forbids(List.of(yes), respected), yes);
        }
    }

    @Test
    void aHostThatIsUnreachableSeveralTimesInARowIsLeftAloneForTenMinutes() {
        long[] now = {0};
        DeadHosts hosts = new DeadHosts(() -> now[0]);
        for (int i = 1; i < DeadHosts.IN_A_ROW; i++) {
            hosts.unreachable("a.example");
        }
        assertFalse(hosts.isDead("a.example"));
        hosts.answered("a.example");
        for (int i = 0; i < DeadHosts.IN_A_ROW; i++) {
            assertFalse(hosts.isDead("a.example"));
            hosts.unreachable("a.example");
        }
        assertTrue(hosts.isDead("a.example"));
        assertFalse(hosts.isDead("b.example"));
        now[0] += Duration.ofMinutes(10).toNanos();
        assertTrue(hosts.isDead("a.example"));
        now[0]++;
        assertFalse(hosts.isDead("a.example"));
        for (int i = 0; i < DeadHosts.IN_A_ROW; i++) {
            hosts.unreachable("a.example");
        }
        hosts.forget();
        assertFalse(hosts.isDead("a.example"));
    }
}
