package dev.gleaner.tracker.lease;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.tracker.ledger.Ledger;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long leases live now: as operators last said, kept in the ledger for all trackers, else as the tracker was started. Safe for any
 * thread.
 */
public final class LeaseTimes implements Supplier<LeaseSettings> {
    private static final Logger log = LoggerFactory.getLogger(LeaseTimes.class);
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final String NAME = "lease.times";

    private final Ledger ledger;
    private final LeaseSettings atStart;
    private volatile LeaseSettings now;

    /** On the wire and in the ledger. */
    public record Seconds(int ttl, int hardCap, int heartbeat) {
        static Seconds of(LeaseSettings settings) {
            return new Seconds(
                    (int) settings.ttl().toSeconds(), (int) settings.hardCap().toSeconds(), (int)
                            settings.heartbeat().toSeconds());
        }

        LeaseSettings settings() {
            return new LeaseSettings(
                    Duration.ofSeconds(ttl), Duration.ofSeconds(hardCap), Duration.ofSeconds(heartbeat));
        }
    }

    public LeaseTimes(Ledger ledger, LeaseSettings atStart) {
        this.ledger = ledger;
        this.atStart = atStart;
        this.now = atStart;
        refresh();
    }

    @Override
    public LeaseSettings get() {
        return now;
    }

    public Seconds seconds() {
        return Seconds.of(now);
    }

    /** Looks whether operators said something else, at this tracker or another. */
    public void refresh() {
        Optional<String> kept = ledger.kept(NAME);
        LeaseSettings fresh = atStart;
        if (kept.isPresent()) {
            try {
                fresh = JSON.readValue(kept.get(), Seconds.class).settings();
            } catch (JsonProcessingException | IllegalArgumentException e) {
                log.error(
                        "The lease times in the ledger cannot be used; those of the start hold: cause={}",
                        e.toString());
            }
        }
        if (!fresh.equals(now)) {
            log.info("Lease times: ttl={} hard_cap={} heartbeat={}", fresh.ttl(), fresh.hardCap(), fresh.heartbeat());
            now = fresh;
        }
    }

    /**
     * Changes them for all trackers of this ledger. Leases that live get the new TTL with their next heartbeat and keep their hard cap.
     *
     * @throws IllegalArgumentException when they do not fit together
     */
    public CompletionStage<Seconds> change(Seconds wish, String actor) {
        LeaseSettings settings = wish.settings();
        String text;
        try {
            text = JSON.writeValueAsString(wish);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("three numbers can always be written", e);
        }
        return ledger.replace(NAME, text, actor).thenApply(done -> {
            now = settings;
            return wish;
        });
    }
}
