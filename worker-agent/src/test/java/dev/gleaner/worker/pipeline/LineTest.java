package dev.gleaner.worker.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class LineTest {
    @Test
    void everyItemGoesThroughAndNoChannelHoldsMoreThanItsBound() throws Exception {
        Line line = new Line("test");
        Channel<Integer> first = line.channel(3);
        Channel<Integer> second = line.channel(5);
        ConcurrentLinkedQueue<Integer> out = new ConcurrentLinkedQueue<>();
        line.stage(
                "make",
                1,
                () -> {
                    for (int i = 0; i < 10_000; i++) {
                        first.put(i);
                    }
                },
                first);
        line.stage(
                "double",
                3,
                () -> {
                    for (Integer i = first.take(); i != null; i = first.take()) {
                        second.put(2 * i);
                    }
                },
                second);
        line.stage("keep", 2, () -> {
            List<Integer> batch;
            while (!(batch = second.takeAlike(7, 5, i -> i % 10)).isEmpty()) {
                assertTrue(batch.size() <= 7);
                out.addAll(batch);
            }
        });
        line.run();
        assertEquals(10_000, out.size());
        assertEquals(99_990_000L, out.stream().mapToLong(Integer::longValue).sum());
        assertTrue(first.highest() <= 3);
        assertTrue(second.highest() <= 5);
    }

    @Test
    void aBatchHoldsTheOldestItemAndThoseMostLikeItInSize() throws Exception {
        Line line = new Line("test");
        Channel<String> texts = line.channel(10);
        for (String text : List.of("ccc", "aaaaaaa", "b", "eee", "ffffffff", "dd", "gggggg", "hhhh")) {
            texts.put(text);
        }
        assertEquals(List.of("dd", "ccc", "eee"), texts.takeAlike(3, 0, String::length));
        assertEquals(List.of("gggggg", "aaaaaaa", "ffffffff"), texts.takeAlike(3, 0, String::length));
        assertEquals(List.of("b", "hhhh"), texts.takeAlike(3, 0, String::length));
    }

    @Test
    void theFirstFailureStopsEveryStageAndIsReported() {
        Line line = new Line("test");
        Channel<Integer> channel = line.channel(1);
        line.stage(
                "make",
                1,
                () -> {
                    for (int i = 0; ; i++) {
                        channel.put(i);
                    }
                },
                channel);
        line.stage("fail", 1, () -> {
            channel.take();
            throw new IOException("the disk is full");
        });
        Line.StageFailedException failed = assertThrows(Line.StageFailedException.class, line::run);
        assertEquals("fail: the disk is full", failed.getMessage());
    }

    @Test
    void cancellationEndsAWaitingLine() throws Exception {
        Line line = new Line("test");
        Channel<Integer> channel = line.channel(1);
        CountDownLatch waiting = new CountDownLatch(1);
        line.stage("wait", 1, () -> {
            waiting.countDown();
            channel.take();
        });
        Thread canceller = new Thread(() -> {
            try {
                waiting.await();
                line.cancel();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        canceller.start();
        assertThrows(Line.CancelledException.class, line::run);
        canceller.join();
    }

    @Test
    void aLineCancelledBeforeItStartsDoesNothing() {
        Line line = new Line("test");
        line.stage("never", 1, () -> {
            throw new IllegalStateException("ran");
        });
        line.cancel();
        assertThrows(Line.CancelledException.class, line::run);
    }
}
