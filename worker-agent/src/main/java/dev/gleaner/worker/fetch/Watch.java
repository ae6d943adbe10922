package dev.gleaner.worker.fetch;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Looks at all exchanges of an event loop a few times a second: cheaper than timers of their own, of which each would need
 * several and nearly none ever rings. On the loop only.
 */
final class Watch {
    private static final long MILLIS = 250;

    private final Set<Exchange> exchanges = Collections.newSetFromMap(new IdentityHashMap<>());

    Watch(EventLoop loop) {
        ScheduledFuture<?> unused = loop.scheduleAtFixedRate(this::look, MILLIS, MILLIS, TimeUnit.MILLISECONDS);
    }

    void add(Exchange exchange) {
        exchanges.add(exchange);
    }

    void remove(Exchange exchange) {
        exchanges.remove(exchange);
    }

    private void look() {
        long now = System.nanoTime();
        for (Exchange exchange : new ArrayList<>(exchanges)) {
            exchange.check(now);
        }
    }
}
