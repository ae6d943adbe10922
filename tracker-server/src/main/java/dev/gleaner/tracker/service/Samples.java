package dev.gleaner.tracker.service;

import dev.gleaner.tracker.intake.SeenPair;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Some of the pairs that were accepted since the tracker started, so that people can see what comes in. Pairs that the safety head does
 * not call unlikely to be unsafe are never among them. Safe for any thread.
 */
final class Samples {
    private static final int OF_A_RESULT = 4;
    private static final int OF_A_CAMPAIGN = 60;
    private static final String SAFE = "UNLIKELY";

    private final Map<String, Deque<SeenPair>> kept = new HashMap<>();

    /** Draws from one result, every pair with the same chance (Vitter's algorithm R). Not for several threads. */
    static final class Draw {
        private final SplittableRandom random = new SplittableRandom();
        private final List<SeenPair> drawn = new ArrayList<>(OF_A_RESULT);
        private int offered;

        void offer(SeenPair pair) {
            if (pair.nsfw() != null && !SAFE.equals(pair.nsfw())) {
                return;
            }
            offered++;
            if (drawn.size() < OF_A_RESULT) {
                drawn.add(pair);
                return;
            }
            int place = random.nextInt(offered);
            if (place < OF_A_RESULT) {
                drawn.set(place, pair);
            }
        }

        List<SeenPair> drawn() {
            return List.copyOf(drawn);
        }
    }

    Draw draw() {
        return new Draw();
    }

    synchronized void keep(String campaign, List<SeenPair> pairs) {
        Deque<SeenPair> of = kept.computeIfAbsent(campaign, name -> new ArrayDeque<>());
        pairs.forEach(of::addFirst);
        while (of.size() > OF_A_CAMPAIGN) {
            of.removeLast();
        }
    }

    /** Newest first. */
    synchronized List<SeenPair> of(String campaign) {
        return List.copyOf(kept.getOrDefault(campaign, new ArrayDeque<>()));
    }
}
