package dev.gleaner.tracker.intake;

import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ledger.Ledger.ReadyJob;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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
     * What is wrong with the result; empty when it is good and its objects have been moved.
     *
     * @param fetched what handed in the batches of a scoring job; null for other jobs
     * @param each is told of the pairs that were read, also when the result turns out bad in the end
     * @throws IOException when the store cannot be used: then there is no judgement yet
     */
    public Optional<Fault> fault(
            ReadyJob job,
            FencingToken token,
            String worker,
            Manifest manifest,
            @Nullable Manifest fetched,
            Consumer<SeenPair> each)
            throws IOException {
        String fault = manifest.fault();
        if (!fault.isEmpty()) {
            return fault(Fault.Kind.SUMS, fault);
        }
        if (fetched != null) {
            fault = Scored.fault(fetched, manifest);
            if (!fault.isEmpty()) {
                return fault(Fault.Kind.SUMS, fault);
            }
        }
        if (!manifest.bundle().equals(job.bundle())) {
            return fault(Fault.Kind.BUNDLE, "scored with another model bundle");
        }
        boolean batches = job.stage() == Stage.FETCH;
        Map<String, String> metadata =
                ShardVerifier.metadata(job.campaign(), job.job(), token.toString(), worker, batches);
        Map<ObjectStore.Known, String> good = new LinkedHashMap<>();
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
                store.complete(incoming, object);
                size = store.size(incoming);
                key = incoming;
            }
            if (size.isEmpty()) {
                return fault(Fault.Kind.MISSING, "object " + object.name() + " was not uploaded");
            }
            if (size.get() != object.bytes()) {
                return fault(
                        Fault.Kind.SIZE,
                        "object " + object.name() + " has " + size.get() + " bytes instead of " + object.bytes());
            }
            try (ObjectStore.LocalCopy copy = store.open(key, object.bytes())) {
                if (!Digests.sha256(copy.path()).equals(object.sha256())) {
                    return fault(Fault.Kind.DIGEST, "object " + object.name() + " has other bytes than declared");
                }
                ShardVerifier.Expected expected = new ShardVerifier.Expected(
                        object.rows(), job.policy().threshold(), job.watPath(), job.bundle(), metadata, batches);
                fault = ShardVerifier.fault(copy.path(), expected, each);
                if (!fault.isEmpty()) {
                    return fault(Fault.Kind.CONTENTS, "object " + object.name() + ": " + fault);
                }
                good.put(new ObjectStore.Known(key, copy.version(), object.bytes(), object.sha256()), accepted);
            }
        }
        for (Map.Entry<ObjectStore.Known, String> object : good.entrySet()) {
            store.promote(object.getKey(), object.getValue());
        }
        return Optional.empty();
    }

    private static Optional<Fault> fault(Fault.Kind kind, String detail) {
        return Optional.of(new Fault(kind, detail));
    }
}
