package dev.gleaner.tracker.http;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import java.net.InetAddress;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps connections from being hoarded: so many from one address, and none that says nothing for long. This machine and trusted proxies
 * may have any number. Safe for any thread.
 */
public final class ConnectionGuard {
    private static final int MOST_PER_ADDRESS = 2_000;
    private static final long SILENT_MILLIS = 30_000;

    private final Vertx vertx;
    private final ClientAddress addresses;
    private final int most;
    private final long silentMillis;
    private final Map<InetAddress, Integer> open = new ConcurrentHashMap<>();
    private final Set<HttpConnection> silent = Collections.newSetFromMap(new ConcurrentHashMap<>());

    public ConnectionGuard(Vertx vertx, ClientAddress addresses) {
        this(vertx, addresses, MOST_PER_ADDRESS, SILENT_MILLIS);
    }

    ConnectionGuard(Vertx vertx, ClientAddress addresses, int most, long silentMillis) {
        this.vertx = vertx;
        this.addresses = addresses;
        this.most = most;
        this.silentMillis = silentMillis;
    }

    /** A connection was opened. */
    public void opened(HttpConnection connection) {
        silent.add(connection);
        long timer = vertx.setTimer(silentMillis, id -> {
            if (silent.remove(connection)) {
                connection.close();
            }
        });
        InetAddress from = ClientAddress.address(connection.remoteAddress());
        boolean counted = from != null && !from.isLoopbackAddress() && !addresses.isTrusted(from);
        connection.closeHandler(closed -> {
            vertx.cancelTimer(timer);
            silent.remove(connection);
            if (counted) {
                open.computeIfPresent(from, (address, count) -> count == 1 ? null : count - 1);
            }
        });
        if (counted && open.merge(from, 1, Integer::sum) > most) {
            connection.close();
        }
    }

    /** It has said something. */
    public void heard(HttpServerRequest request) {
        silent.remove(request.connection());
    }
}
