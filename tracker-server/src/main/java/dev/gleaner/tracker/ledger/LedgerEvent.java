package dev.gleaner.tracker.ledger;

import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.FencingToken;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What can happen to a job and its attempts. */
public sealed interface LedgerEvent {
    /** Name of the kind, as the transition table and the documents use it. */
    Kind kind();

    enum Kind {
        GRANT,
        SUBMIT,
        ACCEPT,
        HOLD,
        RETRACT,
        REINSTATE,
        REJECT,
        RELEASE,
        FAIL,
        EXPIRE,
        REVOKE,
        REQUEUE,
        QUARANTINE
    }

    /**
     * A worker gets the job.
     *
     * @param request the acquire call's idempotency key
     * @param hardCap the lease's longest life
     * @param hedge the job may be granted although another worker has it: a straggler's second attempt
     * @param policy version of the campaign's policy that the worker is told, which binds all later attempts at the job
     */
    record Grant(String worker, String request, Duration hardCap, boolean hedge, int policy) implements LedgerEvent {
        /** Under the campaign's first policy. */
        public Grant(String worker, String request, Duration hardCap, boolean hedge) {
            this(worker, request, hardCap, hedge, 1);
        }

        @Override
        public Kind kind() {
            return Kind.GRANT;
        }
    }

    /**
     * A worker hands in its result.
     *
     * @param manifest the manifest as JSON
     * @param fingerprint SHA-256 of the manifest, to tell a retry from another result
     * @param candidateDigest the manifest's
     */
    record Submit(String worker, FencingToken token, String manifest, String fingerprint, String candidateDigest)
            implements LedgerEvent {
        @Override
        public Kind kind() {
            return Kind.SUBMIT;
        }
    }

    /**
     * The tracker found the result good.
     *
     * @param opinion what comparing it with others' results said; null where the campaign's results are not compared
     */
    record Accept(int attempt, @Nullable Opinion opinion) implements LedgerEvent {
        /** Of a result that nobody compares. */
        public Accept(int attempt) {
            this(attempt, null);
        }

        @Override
        public Kind kind() {
            return Kind.ACCEPT;
        }
    }

    /** The result is good in itself, and waits for another volunteer's. */
    record Hold(int attempt, String reason) implements LedgerEvent {
        @Override
        public Kind kind() {
            return Kind.HOLD;
        }
    }

    /** The canonical result counts no more: its worker was found out, or an operator takes it back. */
    record Retract(int attempt, String reason) implements LedgerEvent {
        @Override
        public Kind kind() {
            return Kind.RETRACT;
        }
    }

    /** An operator makes a retracted result the canonical one again. */
    record Reinstate(int attempt) implements LedgerEvent {
        @Override
        public Kind kind() {
            return Kind.REINSTATE;
        }
    }

    /** The tracker found the result wrong. */
    record Reject(int attempt, String reason) implements LedgerEvent {
        @Override
        public Kind kind() {
            return Kind.REJECT;
        }
    }

    record Release(String worker, FencingToken token, String reason) implements LedgerEvent {
        @Override
        public Kind kind() {
            return Kind.RELEASE;
        }
    }

    record Fail(String worker, FencingToken token, FailureClass failure, String message) implements LedgerEvent {
        @Override
        public Kind kind() {
            return Kind.FAIL;
        }
    }

    /** The lease's time is over; {@code amnesty} when the tracker itself was to blame. */
    record Expire(int attempt, String cause, boolean amnesty) implements LedgerEvent {
        @Override
        public Kind kind() {
            return Kind.EXPIRE;
        }
    }

    /** An operator or a ban takes the lease away. */
    record Revoke(int attempt, String reason) implements LedgerEvent {
        @Override
        public Kind kind() {
            return Kind.REVOKE;
        }
    }

    /** An operator wants the job done anew: reopens a quarantined one, takes a leased one away from its worker. */
    record Requeue(String reason) implements LedgerEvent {
        @Override
        public Kind kind() {
            return Kind.REQUEUE;
        }
    }

    /** An operator sets the job aside. */
    record Quarantine(String reason) implements LedgerEvent {
        @Override
        public Kind kind() {
            return Kind.QUARANTINE;
        }
    }
}
