package dev.gleaner.tracker.bench;

import dev.gleaner.tracker.screen.LocalFilter;
import java.io.PrintStream;
import java.util.Locale;
import java.util.SplittableRandom;

/** How the filter of known addresses does when it is full: memory, false positives, speed beside that of plain reads of memory. */
public final class KnownBench {
    private static final int CHUNK = 8_192;
    private static final int CHUNKS_ASKED = 250;
    /** Bits that the filter looks at for a key that it has. */
    private static final int READS_A_KEY = 10;

    private final PrintStream out;

    public KnownBench(PrintStream out) {
        this.out = out;
    }

    /** @param addresses so many are added, all there is room for */
    public void run(long addresses) {
        LocalFilter filter = new LocalFilter(addresses);
        System.gc();
        long empty = used();
        SplittableRandom random = new SplittableRandom(1);
        long began = System.nanoTime();
        long homeless = 0;
        for (long added = 0; added < addresses; added += CHUNK) {
            homeless +=
                    filter.add(random.longs(Math.min(CHUNK, addresses - added)).toArray());
        }
        double addSeconds = seconds(began);
        System.gc();
        double bytes = used() - empty;
        say("added", addresses / addSeconds, "addresses/s, " + homeless + " without room");
        say("memory", bytes / (1 << 20), "MiB in all");
        say("bits an address", bytes * Byte.SIZE / addresses, "");

        SplittableRandom others = new SplittableRandom(2);
        long wrong = 0;
        began = System.nanoTime();
        for (int i = 0; i < CHUNKS_ASKED; i++) {
            wrong += filter.has(others.longs(CHUNK).toArray()).cardinality();
        }
        long asked = (long) CHUNKS_ASKED * CHUNK;
        say("others asked", asked / seconds(began), "addresses/s");
        say("taken for known", 100.0 * wrong / asked, "% of " + asked);

        SplittableRandom same = new SplittableRandom(1);
        long known = 0;
        began = System.nanoTime();
        for (int i = 0; i < CHUNKS_ASKED; i++) {
            known += filter.has(same.longs(CHUNK).toArray()).cardinality();
        }
        double rate = asked / seconds(began);
        say("known asked", rate, "addresses/s, " + (asked - known) + " forgotten");
        double limit = reads(filter.held() == 0 ? 1 : (int) Math.min(Integer.MAX_VALUE - 8, (long) bytes / Long.BYTES))
                / READS_A_KEY;
        say("known asked / " + READS_A_KEY + " plain reads each", rate / limit, "");
    }

    /** Reads of random places in as much memory, in a second. */
    private static double reads(int longs) {
        long[] memory = new long[Math.max(1, longs)];
        SplittableRandom random = new SplittableRandom(3);
        int count = 20_000_000;
        long sum = 0;
        long began = System.nanoTime();
        for (int i = 0; i < count; i++) {
            sum += memory[random.nextInt(memory.length)];
        }
        double rate = count / seconds(began);
        return sum == 0 ? rate : Double.NaN;
    }

    private void say(String what, double figure, String unit) {
        out.printf(Locale.ROOT, "%-32s %,16.3f %s%n", what, figure, unit);
    }

    private static double seconds(long began) {
        return (System.nanoTime() - began) / 1e9;
    }

    private static long used() {
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
