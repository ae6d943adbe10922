package dev.gleaner.tracker.settings;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.tracker.ledger.Ledger;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A record that operators may change: as they last said, kept in the ledger for all trackers, else as the tracker was started. Safe for
 * any thread.
 *
 * @param <T> a record whose constructor refuses what does not fit together with {@link IllegalArgumentException}
 */
public final class Setting<T> implements Supplier<T> {
    private static final Logger log = LoggerFactory.getLogger(Setting.class);
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private final Ledger ledger;
    private final String name;
    private final Class<T> type;
    private final T atStart;
    private volatile T now;

    /** @param name under which the ledger keeps it */
    public Setting(Ledger ledger, String name, Class<T> type, T atStart) {
        this.ledger = ledger;
        this.name = name;
        this.type = type;
        this.atStart = atStart;
        this.now = atStart;
        refresh();
    }

    @Override
    public T get() {
        return now;
    }

    /** Looks whether operators said something else, at this tracker or another. */
    public void refresh() {
        Optional<String> kept = ledger.kept(name);
        T fresh = atStart;
        if (kept.isPresent()) {
            try {
                fresh = JSON.readValue(kept.get(), type);
            } catch (JsonProcessingException | IllegalArgumentException e) {
                log.error("{} in the ledger cannot be used; that of the start holds: cause={}", name, e.toString());
            }
        }
        if (!fresh.equals(now)) {
            log.info("Setting changed: {}={}", name, fresh);
            now = fresh;
        }
    }

    /** Changes it for all trackers of this ledger; the others hear of it within a quarter of a minute. */
    public CompletionStage<T> change(T wish, String actor) {
        String text;
        try {
            text = JSON.writeValueAsString(wish);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records can always be written", e);
        }
        return ledger.replace(name, text, actor).thenApply(done -> {
            now = wish;
            return wish;
        });
    }
}
