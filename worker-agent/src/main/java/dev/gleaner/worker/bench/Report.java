package dev.gleaner.worker.bench;

import java.io.PrintStream;
import java.util.Locale;

/** Prints what was measured: a line each, figure, unit, and where there is a goal, the ratio, the goal and whether it is met. */
public final class Report {
    private final PrintStream out;

    public Report(PrintStream out) {
        this.out = out;
    }

    void title(String stage, String input) {
        out.printf(Locale.ROOT, "%n%s: %s%n", stage, input);
    }

    void figure(String what, double value, String unit) {
        out.printf(Locale.ROOT, "  %-58s %12.3f %s%n", what, value, unit);
    }

    void atLeast(String what, double ratio, double goal) {
        ratio(what, ratio, ">=", goal, ratio >= goal);
    }

    void atMost(String what, double ratio, double goal) {
        ratio(what, ratio, "<=", goal, ratio <= goal);
    }

    private void ratio(String what, double ratio, String sign, double goal, boolean met) {
        out.printf(Locale.ROOT, "  %-58s %12.3f goal %s %.2f: %s%n", what, ratio, sign, goal, met ? "met" : "MISSED");
    }

    void note(String text) {
        out.println("  " + text);
    }

    void missing(String what, String why) {
        out.printf(Locale.ROOT, "  %-58s %12s %s%n", what, "-", why);
    }
}
