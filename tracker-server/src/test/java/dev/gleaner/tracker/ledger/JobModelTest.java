package dev.gleaner.tracker.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.tracker.trust.Standing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Not some histories of a job but all of them, as far as two workers and three attempts go in eight events. */
@Tag("pure")
class JobModelTest {
    private static final int EVENTS = 8;
    private static final int ATTEMPTS = 3;
    private static final List<String> WORKERS = List.of("ada", "bela");

    @Test
    void everyHistoryOfEightEventsKeepsThePromises() {
        Set<JobSnapshot> reached = new HashSet<>();
        Set<JobSnapshot> edge = new LinkedHashSet<>(List.of(JobModel.newJob()));
        Set<JobStatus> ends = EnumSet.noneOf(JobStatus.class);
        long steps = 0;
        for (int event = 0; event < EVENTS; event++) {
            Set<JobSnapshot> next = new LinkedHashSet<>();
            for (JobSnapshot job : edge) {
                for (LedgerEvent possible : events(job)) {
                    Decision decision = JobRules.decide(job, possible);
                    JobSnapshot after = JobModel.after(job, possible, decision);
                    JobModel.requirePromises(job, possible, decision, after);
                    assertEquals(decision, JobRules.decide(job, possible), "the rules have no memory of their own");
                    steps++;
                    if (reached.add(after)) {
                        ends.add(after.status());
                        next.add(after);
                    }
                }
            }
            edge = next;
        }
        System.out.println("model: " + reached.size() + " jobs reached by " + steps + " steps");
        assertEquals(EnumSet.of(JobStatus.OPEN, JobStatus.DONE, JobStatus.QUARANTINED), ends);
        assertTrue(reached.size() > 1_000, reached.size() + " jobs reached");
    }

    private static List<LedgerEvent> events(JobSnapshot job) {
        List<LedgerEvent> events = new ArrayList<>();
        for (String worker : WORKERS) {
            if (job.attempts().size() < ATTEMPTS) {
                events.add(new LedgerEvent.Grant(worker, "r", Duration.ofHours(1), false));
                events.add(new LedgerEvent.Grant(worker, "r", Duration.ofHours(1), true));
            }
            // One number more than there are: a token that was never granted.
            for (int number = 1; number <= Math.min(ATTEMPTS, job.attempts().size() + 1); number++) {
                FencingToken token = new FencingToken(JobModel.EPOCH, number);
                for (String digest : List.of("d", "e")) {
                    events.add(new LedgerEvent.Submit(worker, token, "{}", "print " + digest, digest));
                }
                events.add(new LedgerEvent.Release(worker, token, "bye"));
                for (FailureClass failure : FailureClass.values()) {
                    events.add(new LedgerEvent.Fail(worker, token, failure, "failed"));
                }
            }
        }
        for (int number = 1; number <= Math.min(ATTEMPTS, job.attempts().size() + 1); number++) {
            events.add(new LedgerEvent.Accept(number));
            for (Standing.Outcome outcome : Standing.Outcome.values()) {
                Map<Integer, Standing.Outcome> others = new HashMap<>();
                job.attempts().forEach(a -> others.put(a.number(), outcome));
                others.remove(number);
                events.add(new LedgerEvent.Accept(number, new Opinion(!others.isEmpty(), others, Map.of())));
            }
            events.add(new LedgerEvent.Hold(number, "waits"));
            events.add(new LedgerEvent.Retract(number, "found out"));
            events.add(new LedgerEvent.Reinstate(number));
            events.add(new LedgerEvent.Reject(number, "wrong"));
            events.add(new LedgerEvent.Expire(number, "no heartbeat", false));
            events.add(new LedgerEvent.Expire(number, "amnesty", true));
            events.add(new LedgerEvent.Revoke(number, "banned"));
        }
        events.add(new LedgerEvent.Requeue("why"));
        events.add(new LedgerEvent.Quarantine("why"));
        return events;
    }
}
