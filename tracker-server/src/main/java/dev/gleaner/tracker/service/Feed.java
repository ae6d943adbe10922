package dev.gleaner.tracker.service;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens, for all who watch, as server-sent events (WHATWG HTML section 9.2): {@code results} tells of verdicts, {@code overview}
 * how everything goes. Whatever happens between two ticks is one event, made once for all watchers. Safe for any thread.
 *
 * <p>A result's event has a number; who comes back with the last one it has seen hears what it missed, or where that is too much,
 * what came last ({@code recent}).
 */
public final class Feed {
    private static final Logger log = LoggerFactory.getLogger(Feed.class);
    private static final int OF_AN_EVENT = 10;
    private static final int RECENT = 30;
    private static final int REMEMBERED = 240;
    private static final int MOST_WAITING = 2_000;
    /** An overview that says nothing new is sent every so many ticks of it, so that nobody takes it for old. */
    private static final int UNCHANGED_TICKS = 4;

    private final PublicCalls calls;
    private final String boot;
    private final Set<Consumer<byte[]>> watchers = ConcurrentHashMap.newKeySet();
    private final List<Judge.Verdict> outbox = new ArrayList<>();
    private final List<Judge.Verdict> inbox = new ArrayList<>();
    private final Deque<Event> past = new ArrayDeque<>();
    private final Deque<Judge.Verdict> recent = new ArrayDeque<>();
    private volatile Consumer<Batch> spread = this::take;
    private volatile PublicCalls.@Nullable Overview last;
    private long outCount;
    private long inCount;
    private long sequence;
    private int unchanged;

    private record Event(long number, byte[] frame) {}

    /**
     * Verdicts of one tracker.
     *
     * @param count how many there were
     * @param results the last of them, oldest first
     */
    public record Batch(long count, List<Judge.Verdict> results) {}

    /** What a newcomer is to be told, and the number up to which that goes. */
    public record Hello(byte[] frames, long sequence) {}

    public Feed(PublicCalls calls) {
        this.calls = calls;
        byte[] random = new byte[4];
        new SecureRandom().nextBytes(random);
        this.boot = HexFormat.of().formatHex(random);
    }

    /** Says how the other trackers are told; each must {@link #take} what it is told, this one, too. */
    public void spread(Consumer<Batch> how) {
        this.spread = how;
    }

    /** A verdict of this tracker. */
    public void hear(Judge.Verdict verdict) {
        synchronized (outbox) {
            outCount++;
            if (outbox.size() < MOST_WAITING) {
                outbox.add(verdict);
            }
        }
    }

    /** What some tracker has told. */
    public void take(Batch batch) {
        synchronized (inbox) {
            inCount += Math.max(batch.results().size(), batch.count());
            inbox.addAll(batch.results());
            while (inbox.size() > MOST_WAITING) {
                inbox.remove(0);
            }
        }
    }

    /** Who gets every event from now on, made ready to be sent. It must not block. */
    public void watch(Consumer<byte[]> watcher) {
        watchers.add(watcher);
    }

    /** To be called a few times a second: makes one event of all that has come in. */
    public void tick() {
        Batch own = null;
        synchronized (outbox) {
            if (outCount > 0) {
                int from = Math.max(0, outbox.size() - RECENT);
                own = new Batch(outCount, List.copyOf(outbox.subList(from, outbox.size())));
                outbox.clear();
                outCount = 0;
            }
        }
        if (own != null) {
            spread.accept(own);
        }
        List<Judge.Verdict> news;
        long count;
        synchronized (inbox) {
            news = List.copyOf(inbox);
            count = inCount;
            inbox.clear();
            inCount = 0;
        }
        if (count > 0) {
            send(results(news, count));
        }
    }

    private synchronized byte[] results(List<Judge.Verdict> news, long count) {
        for (Judge.Verdict verdict : news) {
            recent.addFirst(verdict);
        }
        while (recent.size() > RECENT) {
            recent.removeLast();
        }
        List<Judge.Verdict> shown = news.subList(Math.max(0, news.size() - OF_AN_EVENT), news.size());
        sequence++;
        byte[] frame = frame(boot + "-" + sequence, "results", new Batch(count, shown));
        past.addLast(new Event(sequence, frame));
        while (past.size() > REMEMBERED) {
            past.removeFirst();
        }
        return frame;
    }

    /** To be called every few seconds while somebody watches: tells how everything goes. May block. */
    public void tellOverview() {
        PublicCalls.Overview now = calls.overview();
        PublicCalls.Overview before = last;
        boolean same = before != null
                && before.campaigns().equals(now.campaigns())
                && before.crowd().equals(now.crowd());
        unchanged = same ? unchanged + 1 : 0;
        if (!same || unchanged % UNCHANGED_TICKS == 0) {
            last = now;
            send(frame(null, "overview", now));
        }
    }

    private void send(byte[] frame) {
        for (Consumer<byte[]> watcher : watchers) {
            try {
                watcher.accept(frame);
            } catch (RuntimeException e) {
                log.warn("An event could not be passed on: cause={}", e.toString());
            }
        }
    }

    /**
     * What somebody who comes or comes back is to be told first. May block.
     *
     * @param lastEventId what the newcomer heard last, or null
     */
    public Hello hello(@Nullable String lastEventId) {
        byte[] overview = frame(null, "overview", calls.overview());
        synchronized (this) {
            List<byte[]> frames = new ArrayList<>();
            long seen = number(lastEventId);
            boolean isKnown = seen >= 0 && (past.isEmpty() ? seen == sequence : seen >= past.getFirst().number - 1);
            if (isKnown) {
                past.stream().filter(event -> event.number > seen).forEach(event -> frames.add(event.frame));
            } else {
                frames.add(frame(boot + "-" + sequence, "recent", Map.of("results", List.copyOf(recent))));
            }
            frames.add(overview);
            return new Hello(joined(frames), sequence);
        }
    }

    /** Events after this number. Does not block. */
    public synchronized byte[] since(long number) {
        return joined(past.stream()
                .filter(event -> event.number > number)
                .map(Event::frame)
                .toList());
    }

    /** -1 for what this process has not numbered. */
    private long number(@Nullable String lastEventId) {
        if (lastEventId == null || !lastEventId.startsWith(boot + "-")) {
            return -1;
        }
        try {
            long number = Long.parseLong(lastEventId.substring(boot.length() + 1));
            return number <= sequence ? number : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** JSON as it is written here has no line ends, so one line of data will do. */
    private static byte[] frame(@Nullable String id, String event, Object data) {
        String head = (id == null ? "" : "id: " + id + "\n") + "event: " + event + "\ndata: ";
        return joined(List.of(
                head.getBytes(StandardCharsets.UTF_8), Json.bytes(data), "\n\n".getBytes(StandardCharsets.UTF_8)));
    }

    private static byte[] joined(List<byte[]> parts) {
        int length = parts.stream().mapToInt(part -> part.length).sum();
        byte[] all = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
