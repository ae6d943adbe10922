package dev.gleaner.worker.fetch.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against resolvers on loopback that drop, delay, truncate, throttle and fail. */
@Timeout(120)
@Tag("jdk")
class NameResolverIT {
    private static final long SEED = Long.getLong("gleaner.seed", 29);

    private BadResolver one;
    private BadResolver other;
    private EventLoopGroup loops;
    private NameResolver names;

    @BeforeEach
    void start() throws Exception {
        one = new BadResolver(SEED);
        other = new BadResolver(SEED + 1);
        loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    }

    @AfterEach
    void stop() throws Exception {
        names.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).await();
        one.close();
        other.close();
    }

    private void resolver(int perSecond, BadResolver... upstreams) {
        names = new NameResolver(
                loops.next(),
                new NameResolver.Settings(
                        Stream.of(upstreams).map(BadResolver::address).toList(), perSecond, false));
    }

    private Resolved resolve(String name) throws Exception {
        return names.resolve(name).toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    /** How many of so many names were found. */
    private int found(int count) throws Exception {
        List<CompletableFuture<Resolved>> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(names.resolve("n" + i + ".example.test").toCompletableFuture());
        }
        int found = 0;
        for (CompletableFuture<Resolved> resolved : all) {
            found += resolved.get(100, TimeUnit.SECONDS) instanceof Resolved.Found ? 1 : 0;
        }
        return found;
    }

    @Test
    void ofNinetyNineNamesInAHundredOneIsLostAtMostWhenEachResolverLosesAThird() throws Exception {
        for (BadResolver bad : List.of(one, other)) {
            bad.drops = 0.33;
            bad.truncates = 0.2;
            bad.delayMillis = 300;
        }
        resolver(150, one, other);
        int found = found(500);
        assertTrue(found >= 495, found + " of 500, seed " + SEED + ", " + names.stats());
        assertTrue(one.overTcp.size() > 20, "truncated answers are asked for again over TCP");
        assertTrue(names.stats().lost() > 50, "the loss is counted: " + names.stats());
    }

    /** That no single second has more is {@link UpstreamTest}'s: a machine that halts for a moment bunches what it lets go on. */
    @Test
    void noResolverSeesMoreThanItsLimit() throws Exception {
        one.drops = 0.3;
        one.fails = 0.2;
        long began = System.nanoTime();
        resolver(60, one);
        int found = found(150);
        assertTrue(found >= 148, found + " of 150, seed " + SEED);
        double seconds = (System.nanoTime() - began) / 1e9;
        assertTrue(one.asked.size() <= 60 * Math.ceil(seconds), one.asked.size() + " in " + seconds + " s");
    }

    @Test
    void aResolverThatThrottlesIsAskedLessUntilItAnswers() throws Exception {
        one.answersPerSecond = 30;
        resolver(200, one);
        int found = found(300);
        assertTrue(found >= 297, found + " of 300, " + names.stats());
    }

    @Test
    void aDeadResolverCostsLittleBesideALivingOne() throws Exception {
        one.drops = 1;
        resolver(150, one, other);
        assertEquals(200, found(200));
        assertTrue(one.asked.size() < other.asked.size(), one.asked.size() + " and " + other.asked.size());
    }

    @Test
    void aNameIsAskedForOnceHoweverManyWantIt() throws Exception {
        one.delayMillis = 60;
        resolver(100, one);
        List<CompletableFuture<Resolved>> all = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            all.add(names.resolve("same.example.test").toCompletableFuture());
        }
        for (CompletableFuture<Resolved> resolved : all) {
            assertInstanceOf(Resolved.Found.class, resolved.get(10, TimeUnit.SECONDS));
        }
        assertInstanceOf(Resolved.Found.class, resolve("same.example.test."));
        assertEquals(1, one.asked.size());
    }

    @Test
    void whatIsMissingIsKnownToBeMissing() throws Exception {
        resolver(100, one, other);
        assertInstanceOf(Resolved.Missing.class, resolve("missing.example.test"));
        assertInstanceOf(Resolved.Missing.class, resolve("missing.example.test"));
        assertInstanceOf(Resolved.Missing.class, resolve("empty.example.test"));
        assertInstanceOf(Resolved.Missing.class, resolve("intranet"));
        assertEquals(2, one.asked.size() + other.asked.size());
    }

    @Test
    void aResolverInTroubleIsNotBelieved() throws Exception {
        one.fails = 1;
        resolver(100, one, other);
        assertEquals(20, found(20));
        one.fails = 1;
        other.fails = 1;
        assertInstanceOf(Resolved.Failed.class, resolve("late.example.test"));
    }
}
