package dev.gleaner.worker;

import dev.gleaner.worker.cli.WorkerCommand;

/** Starts the command line. The only place that ends the process. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        // ImageIO must not start a window system on a donated machine.
        System.setProperty("java.awt.headless", "true");
        System.exit(WorkerCommand.execute(System.out, System.err, args));
    }
}
