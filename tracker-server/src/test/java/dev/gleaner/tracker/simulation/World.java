package dev.gleaner.tracker.simulation;

import java.time.Instant;
import java.time.InstantSource;
import java.util.PriorityQueue;
import java.util.Random;

/** Time that stands still between events, and one source of chance for everything. One thread. */
final class World implements InstantSource {
    private record Event(long at, long order, Runnable task) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
        }
    }

    final Random random;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long now = 1_000_000_000_000L;
    private long order;

    World(long seed) {
        random = new Random(seed);
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(now);
    }

    @Override
    public long millis() {
        return now;
    }

    void after(long millis, Runnable task) {
        events.add(new Event(now + millis, order++, task));
    }

    /** A time up to the bound, short ones more likely, as waits on a network are. */
    long some(long most) {
        double x = random.nextDouble();
        return (long) (x * x * x * most) + 1;
    }

    boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    void run(long millis) {
        long until = now + millis;
        while (!events.isEmpty() && events.peek().at <= until) {
            Event event = events.remove();
            now = event.at;
            event.task.run();
        }
        now = until;
    }
}
