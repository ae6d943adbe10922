package dev.gleaner.worker.job;

/**
 * How many requests are under way at a time, learnt from how pictures come: one step up, and if they do not come faster for it one
 * step back; one step down when most come too late, and back if that was worse. What is learnt holds from job to job. A plain rule
 * without a clock; one caller at a time.
 */
public final class FetchWidth {
    /** What a step must bring, or may cost. */
    private static final double WORTH_IT = 0.05;

    private static final double STEP = 1.25;
    /** Periods after a step that was taken back. */
    private static final int REST = 12;

    private static final int ENOUGH = 20;
    private static final double MOSTLY = 0.5;

    private final int least;
    private final int most;
    private int width;
    private int before;
    private double rateBefore;
    private Step step = Step.NONE;
    private int rest;

    private enum Step {
        NONE,
        UP,
        DOWN
    }

    /**
     * What happened in one period; all periods are as long.
     *
     * @param pictures that came
     * @param late that did not come in time
     * @param held whether what comes after the fetching was the slower, so that nothing can be learnt
     */
    public record Period(long pictures, long late, boolean held) {}

    /**
     * @param start where to begin
     * @param most never more; equal to start: always that
     */
    public FetchWidth(int start, int most) {
        this.width = Math.min(start, most);
        this.least = start == most ? most : Math.max(1, Math.min(16, start));
        this.most = most;
    }

    /** Requests under way at a time. */
    public synchronized int width() {
        return width;
    }

    /** Takes a period into account; gives the width for the next. */
    public synchronized int next(Period period) {
        if (least == most) {
            return width;
        }
        if (period.held() || period.pictures() + period.late() < ENOUGH) {
            step = Step.NONE;
            return width;
        }
        if (step != Step.NONE) {
            double expected = step == Step.UP ? rateBefore * (1 + WORTH_IT) : rateBefore * (1 - WORTH_IT);
            if (period.pictures() < expected) {
                width = before;
                step = Step.NONE;
                rest = REST;
                return width;
            }
        }
        if (step == Step.NONE && rest > 0) {
            rest--;
            return width;
        }
        boolean late = period.late() >= MOSTLY * (period.pictures() + period.late());
        take(late ? Step.DOWN : step == Step.DOWN ? Step.NONE : Step.UP, (double) period.pictures());
        return width;
    }

    private void take(Step next, double rate) {
        int wanted =
                switch (next) {
                    case UP -> (int) Math.min(most, Math.ceil(width * STEP));
                    case DOWN -> (int) Math.max(least, width / STEP);
                    case NONE -> width;
                };
        step = wanted == width ? Step.NONE : next;
        before = width;
        rateBefore = rate;
        width = wanted;
    }
}
