package dev.gleaner.tracker.cluster;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** The members of a Hazelcast cluster, spoken to over Vert.x's event bus. */
public final class BusPeers implements Peers {
    private static final long ANSWER_MILLIS = 3_000;

    private final Cluster cluster;
    private final EventBus bus;

    public BusPeers(Cluster cluster, Vertx vertx) {
        this.cluster = cluster;
        this.bus = vertx.eventBus();
    }

    private static String address(String tracker) {
        return "gleaner.desk." + tracker;
    }

    @Override
    public String self() {
        return cluster.self();
    }

    @Override
    public List<String> others() {
        return cluster.others();
    }

    @Override
    public Map<Integer, String> owners() {
        return cluster.owners();
    }

    @Override
    public CompletionStage<byte[]> ask(String tracker, byte[] message) {
        return bus.<Buffer>request(
                        address(tracker), Buffer.buffer(message), new DeliveryOptions().setSendTimeout(ANSWER_MILLIS))
                .toCompletionStage()
                .thenApply(answer -> answer.body().getBytes());
    }

    @Override
    public void tell(String tracker, byte[] message) {
        bus.send(address(tracker), Buffer.buffer(message));
    }

    @Override
    public void serve(Function<byte[], CompletionStage<byte[]>> answer) {
        bus.<Buffer>consumer(
                address(self()),
                message -> answer.apply(message.body().getBytes()).whenComplete((bytes, error) -> {
                    if (message.replyAddress() == null) {
                        return;
                    }
                    if (error != null) {
                        message.fail(1, String.valueOf(error.getMessage()));
                    } else {
                        message.reply(Buffer.buffer(bytes));
                    }
                }));
    }
}
