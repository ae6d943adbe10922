package dev.gleaner.tracker.intake;

import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ledger.Ledger.ReadyJob;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Judges what an attempt handed in, believing nobody: the manifest's sums, then each object's size, digest and contents as the
 * store gives them. Good objects move to where no ticket reaches. Blocks on I/O; safe for any thread.
 */
public final class Intake {
    private final ObjectStore store;

    public Intake(ObjectStore store) {
        this.store = store;
    }

    /** Takes back what {@link #fault} moved, when the ledger did not make the result the job's canonical one after all. */
    public void withdraw(ReadyJob job, FencingToken token, Manifest manifest) throws IOException {
        for (ShardObject object : manifest.objects()) {
            store.delete(ObjectKeys.accepted(job.campaign(), job.job(), token, object.sha256()));
        }
    }

    /**
     * What is wrong with the result, or an empty text when it is good and its objects have been moved.
     *
     * @throws IOException when the store cannot be used: then there is no judgement yet
     */
    public String fault(ReadyJob job, FencingToken token, String worker, Manifest manifest) throws IOException {
        String fault = manifest.fault();
        if (!fault.isEmpty()) {
            return fault;
        }
        if (!manifest.bundle().equals(job.bundle())) {
            return "scored with another model bundle";
        }
        Map<String, String> metadata = ShardVerifier.metadata(job.campaign(), job.job(), token.toString(), worker);
        List<Judged> judged = new ArrayList<>();
        for (ShardObject object : manifest.objects()) {
            String incoming = ObjectKeys.incoming(job.campaign(), job.job(), token, object.sha256());
            String accepted = ObjectKeys.accepted(job.campaign(), job.job(), token, object.sha256());
            Optional<Long> size = store.size(incoming);
            // After a crash between move and acceptance the object is in its final place already.
            String key = size.isPresent() ? incoming : accepted;
            if (size.isEmpty()) {
                size = store.size(accepted);
            }
            if (size.isEmpty()) {
                return "object " + object.name() + " was not uploaded";
            }
            if (size.get() != object.bytes()) {
                return "object " + object.name() + " has " + size.get() + " bytes instead of " + object.bytes();
            }
            try (ObjectStore.LocalCopy copy = store.open(key, object.bytes())) {
                judged.add(new Judged(key, copy.version(), accepted));
                if (!Digests.sha256(copy.path()).equals(object.sha256())) {
                    return "object " + object.name() + " has other bytes than declared";
                }
                ShardVerifier.Expected expected = new ShardVerifier.Expected(
                        object.rows(), job.policy().threshold(), job.watPath(), job.bundle(), metadata);
                fault = ShardVerifier.fault(copy.path(), expected);
                if (!fault.isEmpty()) {
                    return "object " + object.name() + ": " + fault;
                }
            }
        }
        for (Judged object : judged) {
            store.promote(object.key, object.version, object.accepted);
        }
        return "";
    }

    /** An object as it was when it was read. */
    private record Judged(String key, String version, String accepted) {}
}
