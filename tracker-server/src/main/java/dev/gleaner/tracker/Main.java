package dev.gleaner.tracker;

import dev.gleaner.tracker.cli.TrackerCommand;

/** Starts the command line. The only place that ends the process. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        // Vert.x, Netty and Hazelcast log through SLF4J like everything else.
        System.setProperty("vertx.logger-delegate-factory-class-name", "io.vertx.core.logging.SLF4JLogDelegateFactory");
        System.setProperty("hazelcast.logging.type", "slf4j");
        System.exit(TrackerCommand.execute(System.out, System.err, args));
    }
}
