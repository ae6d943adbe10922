package dev.gleaner.tracker.screen;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Marks;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which addresses were candidates of accepted jobs of a campaign, so that nobody fetches them again.
 *
 * <ul>
 *   <li>An address is known once a job that had it is accepted: a job that dies takes none with it.
 *   <li>All attempts at a job are told the same, so that their results can be compared.
 *   <li>A job that was accepted before and is done again is told nothing, for it is itself what made its addresses known.
 *   <li>Whoever lists more addresses than its result has candidates, or others than those who agree with it, adds none of these.
 * </ul>
 *
 * <p>Blocks on the ledger and the store; safe for any thread.
 */
public final class KnownAddresses {
    private static final Logger log = LoggerFactory.getLogger(KnownAddresses.class);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Ledger ledger;
    private final ObjectStore store;
    private final Answers answers;
    private final KnownFilter filter;
    private volatile long held;
    private volatile boolean full;

    /** @param scratch folder for files under way */
    public KnownAddresses(Ledger ledger, ObjectStore store, KnownFilter filter, Path scratch) {
        this.ledger = ledger;
        this.store = store;
        this.filter = filter;
        this.answers = new Answers(store, scratch);
    }

    /** Whether a job's worker is to ask. */
    public static boolean concern(Ledger.ReadyJob job) {
        return job.policy().skipsKnown() && job.stage() != Stage.SCORE;
    }

    /**
     * Places of the addresses that are known, and notes for good that this attempt was told so.
     *
     * @param addresses marks by SHA-256
     */
    public BitSet known(Ledger.ReadyJob job, FencingToken token, long[] addresses) throws IOException {
        if (addresses.length == 0) {
            return new BitSet();
        }
        BitSet known = new BitSet();
        if (!wasAccepted(job.job())) {
            Map<Long, Boolean> before = token.attempt() == 1 ? Map.of() : told(job, token);
            known = ask(job, addresses);
            for (int i = 0; i < addresses.length; i++) {
                known.set(i, before.getOrDefault(addresses[i], known.get(i)));
            }
        }
        answers.keep(job.campaign(), job.job(), token, addresses, known);
        return known;
    }

    /** How often an attempt was told that an address is known. */
    public long toldKnown(Ledger.ReadyJob job, FencingToken token) throws IOException {
        return answers.of(job.campaign(), token.epoch(), job.job()).stream()
                .filter(told -> told.token().equals(token))
                .mapToLong(told -> told.known().cardinality())
                .sum();
    }

    private BitSet ask(Ledger.ReadyJob job, long[] addresses) {
        try {
            return filter.has(keys(job.campaign(), addresses));
        } catch (IOException e) {
            // To fetch something twice is better than to make a volunteer wait.
            log.warn("Known addresses cannot be asked for now: job={} cause={}", job.job(), e.toString());
            return new BitSet();
        }
    }

    private boolean wasAccepted(long job) {
        return ledger.tried(List.of(job)).getOrDefault(job, List.of()).stream()
                .map(Ledger.Tried::status)
                .anyMatch(status -> status == AttemptStatus.ACCEPTED || status == AttemptStatus.RETRACTED);
    }

    private Map<Long, Boolean> told(Ledger.ReadyJob job, FencingToken token) throws IOException {
        Map<Long, Boolean> told = new HashMap<>();
        for (Answers.Told answer : answers.of(job.campaign(), token.epoch(), job.job())) {
            for (int i = 0; i < answer.marks().length; i++) {
                told.putIfAbsent(answer.marks()[i], answer.known().get(i));
            }
        }
        return told;
    }

    /** Campaigns keep their addresses apart. */
    private static long[] keys(String campaign, long[] addresses) {
        long salt = Marks.of(campaign);
        long[] keys = new long[addresses.length];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = addresses[i] ^ salt;
        }
        return keys;
    }

    /** An attempt's result counts: its addresses are known from now on. */
    public void accepted(long job, FencingToken token) {
        Ledger.ReadyJob ready = ledger.job(job).orElse(null);
        if (ready == null || !concern(ready)) {
            return;
        }
        try {
            learn(ready.campaign(), job, token);
        } catch (IOException e) {
            log.warn(
                    "Addresses of an accepted job are not known before the next start: job={} cause={}",
                    job,
                    e.toString());
        }
    }

    private void learn(String campaign, long job, FencingToken token) throws IOException {
        Set<Long> own = new HashSet<>();
        Map<Integer, Set<Long>> others = new HashMap<>();
        for (Answers.Told told : answers.of(campaign, token.epoch(), job)) {
            Set<Long> of = told.token().equals(token)
                    ? own
                    : others.computeIfAbsent(told.token().attempt(), attempt -> new HashSet<>());
            for (long mark : told.marks()) {
                of.add(mark);
            }
        }
        others.forEach((attempt, marks) -> {
            if (agreed(job, attempt)) {
                own.retainAll(marks);
            }
        });
        long candidates = candidates(job, token);
        if (own.size() > candidates) {
            log.warn(
                    "An accepted job asked about more addresses than it has candidates; none of them is known: job={} asked={} candidates={}",
                    job,
                    own.size(),
                    candidates);
            return;
        }
        int homeless = filter.add(
                keys(campaign, own.stream().mapToLong(Long::longValue).toArray()));
        if (homeless > 0 && !full) {
            full = true;
            log.warn(
                    "There is no room for more known addresses; later ones are fetched again. Give serve a greater --known-addresses.");
        }
    }

    private boolean agreed(long job, int attempt) {
        return ledger.attempt(job, attempt)
                .filter(a -> a.status() == AttemptStatus.SUPERSEDED)
                .isPresent();
    }

    private long candidates(long job, FencingToken token) throws IOException {
        @Nullable
        String manifest = ledger.attempt(job, token.attempt())
                .map(Ledger.AttemptRow::manifest)
                .orElse(null);
        try {
            return manifest == null
                    ? 0
                    : JSON.readValue(manifest, Manifest.class).counts().candidates();
        } catch (JsonProcessingException e) {
            throw new IOException("the manifest of job " + job + " cannot be read", e);
        }
    }

    /** Makes the filter again where that is due, and looks how much it holds; to be called every few seconds on a thread of its own. */
    public void tend() {
        try {
            if (filter.rebuild(this::rebuild)) {
                log.info("Known addresses were made from the store: held={}", filter.held());
            }
            held = filter.held();
        } catch (IOException | UncheckedIOException e) {
            log.warn("Known addresses cannot be made from the store now: cause={}", e.toString());
        }
    }

    private void rebuild() throws IOException {
        for (CampaignStatus campaign : ledger.campaigns()) {
            Set<Long> done = new HashSet<>();
            store.each(
                    ObjectKeys.SCREENED + campaign.name() + "/",
                    object -> ObjectKeys.parse(object.key())
                            .filter(place -> !done.contains(place.job()))
                            .filter(place -> counts(place.job(), place.token()))
                            .ifPresent(place -> {
                                done.add(place.job());
                                try {
                                    learn(campaign.name(), place.job(), place.token());
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            }));
        }
    }

    private boolean counts(long job, FencingToken token) {
        return ledger.attempt(job, token.attempt())
                .filter(a -> a.token().equals(token) && a.status() == AttemptStatus.ACCEPTED)
                .isPresent();
    }

    /** About how many are known, as of a few seconds ago. */
    public long held() {
        return held;
    }
}
