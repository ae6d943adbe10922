package dev.gleaner.tracker.intake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds objects that no result will ever need, and deletes them when told to. When in doubt, an object stays: one that is
 * young, that has no key of ours, whose attempt is at work, or that a submitted, held or accepted manifest names.
 */
public final class Collector {
    private static final Logger log = LoggerFactory.getLogger(Collector.class);
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int SAMPLE = 100;

    /** Younger objects are never touched, whatever an operator says: they may belong to an upload under way. */
    public static final Duration SHORTEST_DELAY = Duration.ofHours(1);

    private final Ledger ledger;
    private final ObjectStore store;
    private final InstantSource clock;

    public Collector(Ledger ledger, ObjectStore store, InstantSource clock) {
        this.ledger = ledger;
        this.store = store;
        this.clock = clock;
    }

    /**
     * What was found.
     *
     * @param sample keys of the first of them
     */
    public record Found(long looked, long objects, long bytes, List<String> sample) {}

    /**
     * Looks through the store; blocks for as long as that takes.
     *
     * @param delete false for a dry run
     * @throws IllegalArgumentException when the delay is too short
     */
    public Found collect(Duration delay, boolean delete) throws IOException {
        if (delay.compareTo(SHORTEST_DELAY) < 0) {
            throw new IllegalArgumentException("the delay must be at least " + SHORTEST_DELAY.toHours() + " hour");
        }
        Instant before = clock.instant().minus(delay);
        long[] looked = {0};
        List<ObjectStore.Listed> old = new ArrayList<>();
        for (String prefix : List.of(ObjectKeys.INCOMING, ObjectKeys.ACCEPTED, ObjectKeys.SCREENED)) {
            store.each(prefix, object -> {
                looked[0]++;
                if (object.modified().isBefore(before)) {
                    old.add(object);
                }
            });
        }
        long objects = 0;
        long bytes = 0;
        List<String> sample = new ArrayList<>();
        for (ObjectStore.Listed object : old) {
            if (isNeeded(object.key())) {
                continue;
            }
            objects++;
            bytes += object.bytes();
            if (sample.size() < SAMPLE) {
                sample.add(object.key());
            }
            if (delete) {
                store.delete(object.key());
                log.info(
                        "Object collected: key={} bytes={} modified={}",
                        object.key(),
                        object.bytes(),
                        object.modified());
            }
        }
        List<String> unfinished = new ArrayList<>();
        store.eachUnfinished(ObjectKeys.INCOMING, upload -> {
            looked[0]++;
            if (upload.modified().isBefore(before)) {
                unfinished.add(upload.key());
            }
        });
        for (String key : unfinished) {
            if (isNeeded(key)) {
                continue;
            }
            objects++;
            if (sample.size() < SAMPLE) {
                sample.add(key);
            }
            if (delete) {
                store.abandon(key);
                log.info("Unfinished upload collected: key={}", key);
            }
        }
        return new Found(looked[0], objects, bytes, sample);
    }

    /** Whether some result has, or may still get, a claim to the object. The ledger is asked after the store was listed. */
    private boolean isNeeded(String key) {
        Optional<ObjectKeys.Place> place = ObjectKeys.parse(key);
        if (place.isEmpty()) {
            return true;
        }
        ObjectKeys.Place object = place.get();
        Optional<Ledger.AttemptRow> attempt = ledger.attempt(
                        object.job(), object.token().attempt())
                .filter(row -> row.token().equals(object.token()));
        if (key.startsWith(ObjectKeys.SCREENED)) {
            return attempt.filter(row -> mayCount(row.status())).isPresent();
        }
        return attempt.isPresent()
                && isNeeded(attempt.get(), object.sha256(), key.startsWith(ObjectKeys.ACCEPTED), isSpent(object.job()));
    }

    /** What an attempt asked is needed for as long as its result may count, or others agree with it. */
    private static boolean mayCount(AttemptStatus status) {
        return switch (status) {
            case LEASED, SUBMITTED, HELD, ACCEPTED, SUPERSEDED, RETRACTED -> true;
            case REJECTED, RELEASED, FAILED, EXPIRED, REVOKED -> false;
        };
    }

    /** Batches are there to be scored, and take far more room than what comes of them. */
    private boolean isSpent(long job) {
        return ledger.job(job).filter(j -> j.stage() == Stage.FETCH).isPresent() && ledger.isSpent(job);
    }

    private static boolean isNeeded(Ledger.AttemptRow attempt, String sha256, boolean accepted, boolean spent) {
        AttemptStatus status = attempt.status();
        return switch (status) {
            // Uploading, or about to be judged: the manifest may not be known, or may name what is not here yet.
            case LEASED, SUBMITTED -> true;
            case ACCEPTED -> accepted && names(attempt, sha256) && !spent;
            case HELD -> names(attempt, sha256);
            // An operator may want it back.
            case RETRACTED -> names(attempt, sha256);
            case REJECTED, SUPERSEDED, RELEASED, FAILED, EXPIRED, REVOKED -> false;
        };
    }

    private static boolean names(Ledger.AttemptRow attempt, String sha256) {
        String manifest = attempt.manifest();
        if (manifest == null) {
            return true;
        }
        try {
            return JSON.readValue(manifest, Manifest.class).objects().stream()
                    .anyMatch(object -> object.sha256().equals(sha256));
        } catch (JsonProcessingException e) {
            log.error("A manifest of the ledger cannot be read; its objects stay: token={}", attempt.token(), e);
            return true;
        }
    }
}
