package dev.gleaner.tracker.service;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.tracker.ledger.JobStatus;
import dev.gleaner.tracker.ledger.Statistics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;

/**
 * A campaign's jobs as cells of a picture, by tiles of {@value #CELLS} cells. At zoom level 0 a cell is one job; at level n it stands
 * for 4<sup>n</sup> jobs that follow each other.
 *
 * <p>A cell is one byte: its upper three bits say the state (0 open, 1 leased, 2 done, 3 quarantined, 4 cancelled), of several jobs the
 * one that needs most attention. At level 0 the lower five bits are the age of the state, as {@link #age} makes it; above, how many of
 * the cell's jobs are done, in 31ths.
 *
 * <p>All who look share the tiles; one that is costly to make lives longer. Safe for any thread.
 */
final class FieldView {
    static final int CELLS = 4_096;
    static final int MOST_LEVELS = 5;
    private static final Duration LEAST_LIFE = Duration.ofSeconds(2);
    private static final int COST_FACTOR = 30;
    private static final int STATE_SHIFT = 5;
    private static final int LOWER = 31;

    private final Statistics statistics;
    private final InstantSource clock;
    private final Cache<String, Statistics.Field> fields = Caffeine.newBuilder()
            .maximumSize(100)
            .expireAfterWrite(Duration.ofSeconds(30))
            .build();
    private final Cache<Tile, Made> tiles;

    private record Tile(String campaign, int level, long number) {}

    private record Made(byte[] cells, Duration cost) {}

    /** A tile that was costly to make lives longer. */
    private static final class ByCost implements Expiry<Tile, Made> {
        @Override
        public long expireAfterCreate(Tile tile, Made made, long now) {
            return Math.max(LEAST_LIFE.toNanos(), made.cost.toNanos() * COST_FACTOR);
        }

        @Override
        public long expireAfterUpdate(Tile tile, Made made, long now, long left) {
            return expireAfterCreate(tile, made, now);
        }

        @Override
        public long expireAfterRead(Tile tile, Made made, long now, long left) {
            return left;
        }
    }

    FieldView(Statistics statistics, InstantSource clock) {
        this.statistics = statistics;
        this.clock = clock;
        this.tiles = Caffeine.newBuilder()
                .maximumSize(4_000)
                .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
                .expireAfter(new ByCost())
                .build();
    }

    private Statistics.Field field(String campaign) {
        Statistics.Field known = fields.getIfPresent(campaign);
        if (known == null) {
            known = statistics
                    .field(campaign)
                    .orElseThrow(() -> new Refusal(ProblemCode.UNKNOWN_CAMPAIGN, "there is no such campaign"));
            fields.put(campaign, known);
        }
        return known;
    }

    /** Jobs of the campaign. */
    long jobs(String campaign) {
        return field(campaign).jobs();
    }

    /** One tile, shorter than the others at the end of the campaign. */
    byte[] tile(String campaign, int level, long number) {
        Statistics.Field field = field(campaign);
        long jobsOfCell = 1L << (2 * level);
        long from = number * CELLS * jobsOfCell;
        if (level < 0 || level >= MOST_LEVELS || number < 0 || from >= Math.max(1, field.jobs())) {
            throw new Refusal(ProblemCode.NOT_FOUND, "there is no such tile");
        }
        // All who ask for it meanwhile wait for the one that makes it.
        return tiles.get(new Tile(campaign, level, number), tile -> {
                    Instant began = clock.instant();
                    byte[] cells = make(field, from, level);
                    return new Made(cells, Duration.between(began, clock.instant()));
                })
                .cells;
    }

    private byte[] make(Statistics.Field field, long from, int level) {
        long jobsOfCell = 1L << (2 * level);
        long jobs = Math.min(field.jobs() - from, CELLS * jobsOfCell);
        byte[] cells = new byte[(int) ((jobs + jobsOfCell - 1) / jobsOfCell)];
        Row row = new Row(cells, level, clock.millis());
        statistics.jobs(field.campaign(), field.before(from), jobs, row);
        row.end();
        return cells;
    }

    /** The number of the job in this place of the campaign. */
    long job(String campaign, long place) {
        Statistics.Field field = field(campaign);
        if (place < 0 || place >= field.jobs()) {
            throw new Refusal(ProblemCode.NOT_FOUND, "there is no such job");
        }
        if (field.starts().isEmpty()) {
            return field.first() + place;
        }
        long[] found = new long[1];
        statistics.jobs(
                field.campaign(),
                field.before(place),
                place % Statistics.Field.EVERY + 1,
                (job, status, leased, changedAt, tried) -> found[0] = job);
        return found[0];
    }

    /** Puts jobs into cells. */
    private static final class Row implements Statistics.JobVisitor {
        private final byte[] cells;
        private final int level;
        private final long now;
        private long seen;
        private long done;
        private int state;

        Row(byte[] cells, int level, long now) {
            this.cells = cells;
            this.level = level;
            this.now = now;
        }

        @Override
        public void job(long job, JobStatus status, boolean leased, long changedAt, int tried) {
            int code = code(status, leased);
            if (level == 0) {
                cells[(int) seen++] = (byte) (code << STATE_SHIFT | age(changedAt, now));
                return;
            }
            state = seen % (1L << (2 * level)) == 0 ? code : moreUrgent(state, code);
            done += status == JobStatus.DONE ? 1 : 0;
            seen++;
            if (seen % (1L << (2 * level)) == 0) {
                put(1L << (2 * level));
            }
        }

        private void put(long jobs) {
            cells[(int) ((seen - 1) >> (2 * level))] = (byte) (state << STATE_SHIFT | (int) (LOWER * done / jobs));
            done = 0;
        }

        void end() {
            long rest = seen % (1L << (2 * level));
            if (rest > 0) {
                put(rest);
            }
        }
    }

    private static int code(JobStatus status, boolean leased) {
        return switch (status) {
            case OPEN -> leased ? 1 : 0;
            case DONE -> 2;
            case QUARANTINED -> 3;
            case CANCELLED -> 4;
        };
    }

    /** Quarantined before leased, open, done, cancelled. */
    private static int moreUrgent(int a, int b) {
        String order = "31024";
        return order.indexOf('0' + a) <= order.indexOf('0' + b) ? a : b;
    }

    /** 0 for below ten seconds, 1 more for each time as long by half again, 30 at most; 31: not known. */
    static int age(long changedAt, long now) {
        if (changedAt <= 0) {
            return LOWER;
        }
        double seconds = Math.max(0, now - changedAt) / 1_000.0;
        int age = seconds < 10 ? 0 : 1 + (int) (Math.log(seconds / 10) / Math.log(1.5));
        return Math.min(LOWER - 1, age);
    }
}
