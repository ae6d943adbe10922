package dev.gleaner.tracker.release;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.tracker.release.NearDuplicates.Hashed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NearDuplicatesTest {
    private static final long SEED = 20261126;

    /** Families of hashes that differ from their first in a few bits. */
    private static List<Hashed> families(Random random, int families, int members, int mostBits) {
        List<Hashed> pairs = new ArrayList<>();
        for (int family = 0; family < families; family++) {
            long first = random.nextLong();
            for (int member = 0; member < members; member++) {
                long hash = first;
                for (int bit = random.nextInt(mostBits + 1); bit > 0; bit--) {
                    hash ^= 1L << random.nextInt(Long.SIZE);
                }
                byte[] row =
                        ByteBuffer.allocate(8).putInt(family).putInt(member).array();
                pairs.add(new Hashed(hash, random.nextInt(10) / 10f, row));
            }
        }
        return pairs;
    }

    private static List<Hashed> thinned(List<Hashed> pairs, int distance) {
        List<Hashed> left = new ArrayList<>(pairs);
        for (int band = 0; band < NearDuplicates.bands(distance); band++) {
            left = NearDuplicates.thin(left, band, distance);
        }
        return left;
    }

    private static boolean near(Hashed a, Hashed b, int distance) {
        return Long.bitCount(a.hash() ^ b.hash()) <= distance;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 5, 7})
    void whatIsLeftHasNoTwoNearEachOtherAndWhatIsGoneWasNearABetterOne(int distance) {
        Random random = new Random(SEED + distance);
        List<Hashed> pairs = families(random, 120, 8, distance + 2);
        List<Hashed> left = thinned(pairs, distance);
        for (int i = 0; i < left.size(); i++) {
            for (int j = i + 1; j < left.size(); j++) {
                assertTrue(!near(left.get(i), left.get(j), distance), "seed " + SEED + ": two are near each other");
            }
        }
        for (Hashed gone : pairs) {
            assertTrue(
                    left.contains(gone)
                            || pairs.stream()
                                    .anyMatch(other ->
                                            near(other, gone, distance) && Hashed.BEST_FIRST.compare(other, gone) < 0),
                    "seed " + SEED + ": left out without a better one");
        }
        assertTrue(left.size() < pairs.size() && left.size() >= 120, "of " + pairs.size() + " are left " + left.size());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void theOrderInWhichPairsComeDoesNotCount(int distance) {
        Random random = new Random(SEED);
        List<Hashed> pairs = families(random, 50, 6, distance + 2);
        List<Hashed> shuffled = new ArrayList<>(pairs);
        Collections.shuffle(shuffled, random);
        assertEquals(
                thinned(pairs, distance).stream().collect(Collectors.toSet()),
                thinned(shuffled, distance).stream().collect(Collectors.toSet()));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void theBandsAreAllBitsEachOnce(int distance) {
        for (int bit = 0; bit < Long.SIZE; bit++) {
            int different = 0;
            for (int band = 0; band < NearDuplicates.bands(distance); band++) {
                different += NearDuplicates.band(1L << bit, band, distance) != 0 ? 1 : 0;
            }
            assertEquals(1, different, "bit " + bit);
        }
    }
}
