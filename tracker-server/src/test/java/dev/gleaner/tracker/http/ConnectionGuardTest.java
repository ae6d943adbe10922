package dev.gleaner.tracker.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections stand in for what a test on one machine cannot have: other machines' addresses. */
class ConnectionGuardTest {
    private static final long FOREVER = 3_600_000;

    private final Vertx vertx = Vertx.vertx();
    private final ClientAddress addresses = new ClientAddress(List.of("10.0.0.1"));

    @AfterEach
    void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private static final class Line {
        private final CountDownLatch closed = new CountDownLatch(1);
        private Handler<Void> onClose = nothing -> {};
        private final HttpConnection connection;

        Line(String address) {
            connection = (HttpConnection) Proxy.newProxyInstance(
                    Line.class.getClassLoader(), new Class<?>[] {HttpConnection.class}, (self, method, arguments) -> {
                        switch (method.getName()) {
                            case "remoteAddress":
                                return SocketAddress.inetSocketAddress(4_711, address);
                            case "closeHandler":
                                onClose = handler(arguments[0]);
                                return self;
                            case "close":
                                hangUp();
                                return Future.succeededFuture();
                            case "hashCode":
                                return System.identityHashCode(self);
                            case "equals":
                                return self == arguments[0];
                            default:
                                throw new UnsupportedOperationException(method.getName());
                        }
                    });
        }

        @SuppressWarnings("unchecked")
        private static Handler<Void> handler(Object argument) {
            return (Handler<Void>) argument;
        }

        void hangUp() {
            closed.countDown();
            onClose.handle(null);
        }

        boolean isOpen() {
            return closed.getCount() > 0;
        }

        HttpServerRequest request() {
            return (HttpServerRequest) Proxy.newProxyInstance(
                    Line.class.getClassLoader(),
                    new Class<?>[] {HttpServerRequest.class},
                    (self, method, arguments) -> connection);
        }
    }

    private List<Line> open(ConnectionGuard guard, String address, int count) {
        List<Line> lines = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Line line = new Line(address);
            guard.opened(line.connection);
            lines.add(line);
        }
        return lines;
    }

    private static long open(List<Line> lines) {
        return lines.stream().filter(Line::isOpen).count();
    }

    @Test
    void oneAddressHasSoManyConnectionsAndANewOneWhenItHungUp() {
        ConnectionGuard guard = new ConnectionGuard(vertx, addresses, 3, FOREVER);
        List<Line> lines = open(guard, "192.0.2.1", 5);
        assertEquals(3, open(lines));
        assertEquals(1, open(open(guard, "192.0.2.2", 1)), "another address has its own");
        lines.get(0).hangUp();
        assertEquals(1, open(open(guard, "192.0.2.1", 2)));
    }

    @Test
    void aTrustedProxyAndThisMachineHaveAnyNumber() {
        ConnectionGuard guard = new ConnectionGuard(vertx, addresses, 3, FOREVER);
        assertEquals(50, open(open(guard, "10.0.0.1", 50)));
        assertEquals(50, open(open(guard, "127.0.0.1", 50)));
    }

    @Test
    void aConnectionThatSaysNothingIsClosedAndOneThatSpokeStays() throws Exception {
        ConnectionGuard guard = new ConnectionGuard(vertx, addresses, 3, 200);
        Line talker = open(guard, "192.0.2.1", 1).get(0);
        guard.heard(talker.request());
        Line silent = open(guard, "192.0.2.1", 1).get(0);
        assertTrue(silent.closed.await(20, TimeUnit.SECONDS));
        assertFalse(talker.closed.await(100, TimeUnit.MILLISECONDS));
    }
}
