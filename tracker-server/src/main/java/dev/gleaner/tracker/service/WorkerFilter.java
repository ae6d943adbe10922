package dev.gleaner.tracker.service;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.operator.WorkerView;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which workers to show, and in which order: a plain rule.
 *
 * @param text that is part of name, team, id or program, in whatever case; null: any
 * @param limit most workers shown
 */
public record WorkerFilter(@Nullable String text, State state, Order order, int limit) {
    /** What a worker does or what is wrong with it. */
    public enum State {
        ANY,
        WORKING,
        IDLE,
        WAITING,
        /** Paused or draining. */
        DIRECTED,
        BANNED,
        /** With its own network. */
        TROUBLED
    }

    /** What stands first. */
    public enum Order {
        KEPT,
        LIVE,
        FAILED,
        REJECTED,
        AGENT
    }

    /** As somebody has written it. */
    public static WorkerFilter of(@Nullable String text, String state, String order, long limit) {
        try {
            return new WorkerFilter(
                    text == null ? null : text.toLowerCase(Locale.ROOT),
                    State.valueOf(state.toUpperCase(Locale.ROOT)),
                    Order.valueOf(order.toUpperCase(Locale.ROOT)),
                    (int) Math.min(Integer.MAX_VALUE, limit));
        } catch (IllegalArgumentException e) {
            throw new Refusal(
                    ProblemCode.MALFORMED_REQUEST,
                    "state must be any, working, idle, waiting, directed, banned or troubled; order kept, live, failed, rejected or agent");
        }
    }

    boolean fits(WorkerView worker) {
        boolean is =
                switch (state) {
                    case ANY -> true;
                    case WORKING -> worker.live() > 0;
                    case IDLE -> worker.live() == 0 && !worker.banned() && !worker.waiting();
                    case WAITING -> worker.waiting();
                    case DIRECTED -> worker.directive() != Heartbeat.Directive.NONE;
                    case BANNED -> worker.banned();
                    case TROUBLED -> !worker.troubles().isEmpty();
                };
        return is
                && (text == null
                        || Stream.of(
                                        worker.nickname(),
                                        worker.team() == null ? "" : worker.team(),
                                        worker.worker(),
                                        worker.agent())
                                .anyMatch(part -> part.toLowerCase(Locale.ROOT).contains(text)));
    }

    Comparator<WorkerView> comparator() {
        Comparator<WorkerView> first =
                switch (order) {
                    case KEPT -> Comparator.comparingLong(WorkerView::kept).reversed();
                    case LIVE -> Comparator.comparingInt(WorkerView::live).reversed();
                    case FAILED -> Comparator.comparingLong(WorkerView::failed).reversed();
                    case REJECTED ->
                        Comparator.comparingLong(WorkerView::rejected).reversed();
                    case AGENT -> Comparator.comparing(WorkerView::agent);
                };
        // Those that wait need a person, whatever the order.
        return Comparator.comparing(WorkerView::waiting)
                .reversed()
                .thenComparing(first)
                .thenComparing(WorkerView::nickname)
                .thenComparing(WorkerView::worker);
    }
}
