package dev.gleaner.tracker.intake;

import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ledger.Ledger.ReadyJob;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Judges what an attempt handed in, believing nobody: the manifest's sums, then each object's size, digest and contents as the
 * store gives them. Blocks on I/O; safe for any thread.
 */
public final class Intake {
    private final ObjectStore store;

    public Intake(ObjectStore store) {
        this.store = store;
    }

    /**
     * What was found.
     *
     * @param fault or null
     * @param good where its objects lie, and where they belong once the result counts
     */
    public record Looked(@Nullable Fault fault, Map<ObjectStore.Known, String> good) {
        public Looked {
            good = Map.copyOf(good);
        }

        private static Looked bad(Fault.Kind kind, String detail) {
            return new Looked(new Fault(kind, detail), Map.of());
        }
    }

    /** Moves the objects of a good result to where no ticket reaches. */
    public void promote(Looked looked) throws IOException {
        for (Map.Entry<ObjectStore.Known, String> object : looked.good().entrySet()) {
            store.promote(object.getKey(), object.getValue());
        }
    }

    /** What the pairs of a canonical result are like; those of objects that are gone are left out. */
    public Profile profile(ReadyJob job, FencingToken token, Manifest manifest) throws IOException {
        Profile.Builder profile = new Profile.Builder();
        for (ShardObject object : manifest.objects()) {
            for (String key : List.of(
                    ObjectKeys.accepted(job.campaign(), job.job(), token, object.sha256()),
                    ObjectKeys.retracted(job.campaign(), job.job(), token, object.sha256()))) {
                if (store.size(key).isPresent()) {
                    try (ObjectStore.LocalCopy copy = store.open(key, object.bytes())) {
                        ShardVerifier.eachPair(copy.path(), pair -> pair.addTo(profile));
                    }
                    break;
                }
            }
        }
        return profile.build();
    }

    /** Moves the objects of a result that counts no more away from those that do; does nothing where that is done. */
    public void retire(ReadyJob job, FencingToken token, Manifest manifest) throws IOException {
        for (ShardObject object : manifest.objects()) {
            move(
                    ObjectKeys.accepted(job.campaign(), job.job(), token, object.sha256()),
                    ObjectKeys.retracted(job.campaign(), job.job(), token, object.sha256()),
                    object);
        }
    }

    /**
     * The other way round of {@link #retire}.
     *
     * @return whether all are there
     */
    public boolean restore(ReadyJob job, FencingToken token, Manifest manifest) throws IOException {
        boolean all = true;
        for (ShardObject object : manifest.objects()) {
            String accepted = ObjectKeys.accepted(job.campaign(), job.job(), token, object.sha256());
            move(ObjectKeys.retracted(job.campaign(), job.job(), token, object.sha256()), accepted, object);
            all &= store.size(accepted).isPresent();
        }
        return all;
    }

    private void move(String from, String to, ShardObject object) throws IOException {
        if (store.size(from).isEmpty()) {
            return;
        }
        ObjectStore.Known known;
        try (ObjectStore.LocalCopy copy = store.open(from, object.bytes())) {
            known = new ObjectStore.Known(from, copy.version(), object.bytes(), object.sha256());
        }
        store.promote(known, to);
    }

    /** Takes back what {@link #promote} moved, when the ledger did not make the result the job's canonical one after all. */
    public void withdraw(ReadyJob job, FencingToken token, Manifest manifest) throws IOException {
        for (ShardObject object : manifest.objects()) {
            store.delete(ObjectKeys.accepted(job.campaign(), job.job(), token, object.sha256()));
        }
    }

    /**
     * What is wrong with the result, if anything is.
     *
     * @param fetched what handed in the batches of a scoring job; null for other jobs
     * @param each is told of the pairs that were read, also when the result turns out bad in the end
     * @throws IOException when the store cannot be used: then there is no judgement yet
     */
    public Looked look(
            ReadyJob job,
            FencingToken token,
            String worker,
            Manifest manifest,
            @Nullable Manifest fetched,
            Consumer<SeenPair> each)
            throws IOException {
        String fault = manifest.fault();
        if (!fault.isEmpty()) {
            return Looked.bad(Fault.Kind.SUMS, fault);
        }
        if (fetched != null) {
            fault = Scored.fault(fetched, manifest);
            if (!fault.isEmpty()) {
                return Looked.bad(Fault.Kind.SUMS, fault);
            }
        }
        if (!manifest.bundle().equals(job.bundle())) {
            return Looked.bad(Fault.Kind.BUNDLE, "scored with another model bundle");
        }
        boolean batches = job.stage() == Stage.FETCH;
        Map<String, String> metadata = ShardVerifier.metadata(job.campaign(), job.job(), token.toString(), worker);
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
                return Looked.bad(Fault.Kind.MISSING, "object " + object.name() + " was not uploaded");
            }
            if (size.get() != object.bytes()) {
                return Looked.bad(
                        Fault.Kind.SIZE,
                        "object " + object.name() + " has " + size.get() + " bytes instead of " + object.bytes());
            }
            try (ObjectStore.LocalCopy copy = store.open(key, object.bytes())) {
                if (!Digests.sha256(copy.path()).equals(object.sha256())) {
                    return Looked.bad(Fault.Kind.DIGEST, "object " + object.name() + " has other bytes than declared");
                }
                ShardVerifier.Expected expected = new ShardVerifier.Expected(
                        object.rows(), job.policy().threshold(), job.watPath(), job.bundle(), metadata, batches);
                fault = ShardVerifier.fault(copy.path(), expected, each);
                if (!fault.isEmpty()) {
                    return Looked.bad(Fault.Kind.CONTENTS, "object " + object.name() + ": " + fault);
                }
                good.put(new ObjectStore.Known(key, copy.version(), object.bytes(), object.sha256()), accepted);
            }
        }
        return new Looked(null, good);
    }
}
