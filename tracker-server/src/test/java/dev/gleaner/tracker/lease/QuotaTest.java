package dev.gleaner.tracker.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class QuotaTest {
    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");

    private Limits limits = new Limits(0, 0, 0, 0);
    private final Quota quota = new Quota(() -> limits);

    private static Caller caller(String worker, String address, String invitation, int standing) {
        return new Caller(worker, "agent/1", address, invitation, standing, 0);
    }

    @Test
    void aWorkerHoldsNoMoreThanItMay() {
        limits = new Limits(3, 0, 0, 0);
        Caller ada = caller("ada", null, null, 1_000);
        quota.took("ada");
        quota.took("ada");
        assertEquals(1, quota.left(ada, NOON).leases());
        quota.took("ada");
        assertEquals(0, quota.left(ada, NOON).leases());
        assertNotNull(quota.left(ada, NOON).objection());
        assertEquals(3, quota.left(caller("bela", null, null, 1_000), NOON).leases());
        quota.gaveBack("ada");
        assertEquals(1, quota.left(ada, NOON).leases());
        assertNull(quota.left(ada, NOON).objection());
    }

    @Test
    void workersOfOneAddressOrInvitationShareWhatTheyMayHold() {
        limits = new Limits(0, 2, 3, 0);
        Caller ada = caller("ada", "192.0.2.1", "i", 1_000);
        Caller bela = caller("bela", "192.0.2.1", "i", 1_000);
        Caller cleo = caller("cleo", "192.0.2.2", "i", 1_000);
        Caller dora = caller("dora", null, null, 1_000);
        assertEquals(2, quota.left(ada, NOON).leases());
        quota.took("ada");
        assertEquals(1, quota.left(bela, NOON).leases());
        quota.took("bela");
        assertEquals(0, quota.left(ada, NOON).leases());
        assertEquals(1, quota.left(cleo, NOON).leases());
        quota.took("cleo");
        assertTrue(quota.left(cleo, NOON).objection().reason().contains("invitation"));
        assertEquals(Integer.MAX_VALUE, quota.left(dora, NOON).leases());
    }

    @Test
    void leasesTakenOverFromAnotherTrackerCountForTheirAddressOnceTheirWorkerIsKnown() {
        limits = new Limits(0, 2, 0, 0);
        quota.took("ada");
        quota.took("ada");
        Caller bela = caller("bela", "192.0.2.1", null, 1_000);
        assertEquals(2, quota.left(bela, NOON).leases());
        assertEquals(
                0, quota.left(caller("ada", "192.0.2.1", null, 1_000), NOON).leases());
        assertEquals(0, quota.left(bela, NOON).leases());
        quota.gaveBack("ada");
        assertEquals(1, quota.left(bela, NOON).leases());
    }

    @Test
    void aDaysJobsFollowTheStandingAndComeAnewTheNextDay() {
        limits = new Limits(0, 0, 0, 2_000);
        assertEquals(20, quota.left(caller("new", null, null, 10), NOON).leases());
        assertEquals(2_000, quota.left(caller("old", null, null, 1_000), NOON).leases());
        assertEquals(2, quota.left(caller("bad", null, null, 1), NOON).leases());
        Caller young = caller("new", null, null, 10);
        for (int i = 0; i < 20; i++) {
            quota.granted("new");
        }
        assertTrue(quota.left(young, NOON).objection().reason().contains("20 jobs"));
        assertEquals(20, quota.left(caller("new", null, null, 20), NOON).leases(), "the standing has doubled");
        assertEquals(20, quota.left(young, NOON.plus(Duration.ofHours(12))).leases());
    }

    @Test
    void aDayIsNeverShorterThanOneJob() {
        assertEquals(1, Quota.allowed(1, 5));
        assertEquals(1, Quota.allowed(10, 20));
        assertEquals(Integer.MAX_VALUE, Quota.allowed(1_000, Integer.MAX_VALUE));
    }

    @Test
    void nobodyOwesLeasesThatHeNeverTook() {
        limits = new Limits(3, 3, 0, 0);
        Caller ada = caller("ada", "192.0.2.1", null, 1_000);
        quota.gaveBack("ada");
        quota.took("ada");
        quota.gaveBack("ada");
        quota.gaveBack("ada");
        assertEquals(3, quota.left(ada, NOON).leases());
    }

    @Test
    void zeroMeansNoLimit() {
        Caller ada = caller("ada", "192.0.2.1", "i", 1);
        for (int i = 0; i < 5_000; i++) {
            quota.granted("ada");
            quota.took("ada");
        }
        assertEquals(new Quota.Left(Integer.MAX_VALUE, null), quota.left(ada, NOON));
    }

    @Test
    void leasesFollowAWorkerThatComesFromAnotherAddress() {
        limits = new Limits(0, 2, 0, 0);
        Caller before = caller("ada", "192.0.2.1", null, 1_000);
        assertEquals(2, quota.left(before, NOON).leases());
        quota.took("ada");
        quota.took("ada");
        assertEquals(
                0, quota.left(caller("ada", "192.0.2.2", null, 1_000), NOON).leases());
        assertEquals(
                2, quota.left(caller("bela", "192.0.2.1", null, 1_000), NOON).leases());
        assertEquals(
                0, quota.left(caller("cleo", "192.0.2.2", null, 1_000), NOON).leases());
    }

    @Test
    void aWorkerThatWorksThroughMidnightBeginsANewDayToo() {
        limits = new Limits(0, 0, 0, 100);
        Caller ada = caller("ada", null, null, 1_000);
        assertEquals(100, quota.left(ada, NOON).leases());
        quota.granted("ada");
        quota.took("ada");
        assertEquals(99, quota.left(ada, NOON).leases());
        assertEquals(100, quota.left(ada, NOON.plus(Duration.ofDays(1))).leases());
    }

    @Test
    void theTightestLimitIsTheOneThatIsNamed() {
        limits = new Limits(2, 2, 2, 2);
        Caller ada = caller("ada", "192.0.2.1", "i", 1_000);
        assertEquals(2, quota.left(ada, NOON).leases());
        quota.granted("ada");
        quota.took("ada");
        quota.granted("ada");
        quota.took("ada");
        assertTrue(quota.left(ada, NOON).objection().reason().contains("this worker holds"));
    }
}
