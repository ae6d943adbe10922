package dev.gleaner.tracker.cluster;

import dev.gleaner.tracker.service.Feed;
import dev.gleaner.tracker.service.Json;
import dev.gleaner.tracker.service.Refusal;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets all trackers' feeds tell of all trackers' verdicts, over Vert.x's event bus: what is lost there is missed by who watches. */
public final class BusFeed {
    private static final Logger log = LoggerFactory.getLogger(BusFeed.class);
    private static final String ADDRESS = "gleaner.results";

    private BusFeed() {}

    public static void join(Vertx vertx, Feed feed) {
        vertx.eventBus().<Buffer>consumer(ADDRESS, message -> {
            try {
                feed.take(Json.read(message.body().getBytes(), Feed.Batch.class));
            } catch (Refusal e) {
                log.warn(
                        "Another tracker tells of results in words that this one does not know: cause={}",
                        e.getMessage());
            }
        });
        feed.spread(batch -> vertx.eventBus().publish(ADDRESS, Buffer.buffer(Json.bytes(batch))));
    }
}
