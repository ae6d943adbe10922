package dev.gleaner.tracker.ledger;

import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.lease.Trouble;
import dev.gleaner.protocol.operator.WorkerView;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The port behind which is kept who may do what: workers, invitations, and the keys of those who sign in. Secrets are kept as SHA-256
 * only. Durability, failures and threads as with {@link Ledger}.
 */
public interface Roster {
    /** Registers a worker if the rules allow it, and counts its invitation as used. */
    CompletionStage<Enrolment.Answer> enrol(Newcomer newcomer, Enrolment rules);

    Optional<WorkerRow> workerByToken(String tokenHash);

    List<WorkerView> workers();

    /** What a worker said of its machine when it registered; empty when there is no such worker. */
    Optional<Machine> machine(String worker);

    /** @return whether there is such a worker */
    CompletionStage<Boolean> banWorker(String worker, boolean banned, String actor);

    /**
     * Says what a worker should do, and something to its volunteer.
     *
     * @return whether there is such a worker
     */
    CompletionStage<Boolean> directWorker(
            String worker, Heartbeat.Directive directive, @Nullable String message, String actor);

    /** A worker runs another version now, which is what a directive to update was about. */
    CompletionStage<Boolean> changeAgent(String worker, String agent);

    /** What a worker finds wrong with its own network now. */
    CompletionStage<Boolean> noteTroubles(String worker, List<Trouble> troubles);

    /** Names of the volunteers of these workers, of at most 1,000; unknown workers are left out. */
    Map<String, String> nicknames(List<String> workers);

    /** Workers that gave pairs, most first. */
    List<Given> given();

    record Machine(Register.Capabilities capabilities, Instant registeredAt) {}

    /** @param kept pairs in a worker's accepted results */
    record Given(String worker, long kept) {}

    /** @return whether such a worker was waiting */
    CompletionStage<Boolean> admitWorker(String worker, String actor);

    /** @return false when another worker has this token */
    CompletionStage<Boolean> changeToken(String worker, String tokenHash);

    CompletionStage<Void> invite(Invitation invitation, String codeHash, String actor);

    List<Invitation> invitations();

    /** Nobody registers with it from now on. @return whether there is such an invitation */
    CompletionStage<Boolean> withdrawInvitation(String id, String actor);

    CompletionStage<Void> addKey(AccessKey key, String tokenHash, String actor);

    /** The key of this token, revoked or run out as it may be. */
    Optional<AccessKey> keyByToken(String tokenHash);

    List<AccessKey> keys();

    /** @return whether there is such a key, and it was not revoked before */
    CompletionStage<Boolean> revokeKey(String id, String actor);

    /** Gives a key a new token. @return whether there is such a key, and it is not revoked */
    CompletionStage<Boolean> changeKey(String id, String tokenHash, String actor);

    /**
     * Somebody who registers.
     *
     * @param invitationHash of the code that came along, or null
     * @param address where from, null when that says nothing about who it is
     */
    record Newcomer(
            String worker,
            String tokenHash,
            Register.Request request,
            @Nullable String invitationHash,
            @Nullable String address) {}

    /**
     * A worker as a call needs it.
     *
     * @param team or null
     * @param proven results in a row that another volunteer's confirmed
     * @param convicted others found its results wrong: people must look before it gets a job
     * @param standing in thousandths of the full daily allowance
     * @param streak accepted results since its last rejected, expired or starved attempt
     * @param directive what operators want of it
     * @param message from them to its volunteer, or null
     * @param troubles that it last found with its own network
     */
    record WorkerRow(
            String worker,
            String nickname,
            @Nullable String team,
            String agent,
            boolean banned,
            boolean waiting,
            int proven,
            boolean convicted,
            @Nullable String address,
            @Nullable String invitation,
            int standing,
            int streak,
            Heartbeat.Directive directive,
            @Nullable String message,
            List<Trouble> troubles) {}

    /**
     * @param note whom it is for
     * @param uses most workers that may come with it, 0 for any number
     * @param used workers that came with it
     */
    record Invitation(
            String id,
            String note,
            int uses,
            int used,
            Instant createdAt,
            @Nullable Instant expiresAt,
            boolean withdrawn) {}

    /** What a signed-in person may do. */
    enum Role {
        /** See what operators see. */
        VIEWER,
        /** And change it. */
        OPERATOR
    }

    /** @param name who signs in with it; stands in the audit trail */
    record AccessKey(
            String id,
            String name,
            Role role,
            Instant createdAt,
            @Nullable Instant expiresAt,
            boolean revoked) {}
}
