package dev.gleaner.tracker.simulation;

import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Trouble;
import dev.gleaner.protocol.operator.WorkerView;
import dev.gleaner.tracker.ledger.Enrolment;
import dev.gleaner.tracker.ledger.Roster;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Nobody enrols or signs in during a simulation: its workers are known. */
final class NoRoster implements Roster {
    @Override
    public CompletionStage<Enrolment.Answer> enrol(Newcomer newcomer, Enrolment rules) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<WorkerRow> workerByToken(String tokenHash) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<WorkerView> workers() {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Boolean> banWorker(String worker, boolean banned, String actor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Boolean> directWorker(
            String worker, Heartbeat.Directive directive, String message, String actor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Boolean> changeAgent(String worker, String agent) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Boolean> noteTroubles(String worker, List<Trouble> troubles) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Map<String, String> nicknames(List<String> workers) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Given> given() {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Boolean> admitWorker(String worker, String actor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Boolean> changeToken(String worker, String tokenHash) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> invite(Invitation invitation, String codeHash, String actor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Invitation> invitations() {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Boolean> withdrawInvitation(String id, String actor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> addKey(AccessKey key, String tokenHash, String actor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<AccessKey> keyByToken(String tokenHash) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<AccessKey> keys() {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Boolean> revokeKey(String id, String actor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Boolean> changeKey(String id, String tokenHash, String actor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Machine> machine(String worker) {
        throw new UnsupportedOperationException();
    }
}
