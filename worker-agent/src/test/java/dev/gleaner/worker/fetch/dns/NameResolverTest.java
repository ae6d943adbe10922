package dev.gleaner.worker.fetch.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names that DNS cannot ask for are answered at once, and cost no other name its answer. */
class NameResolverTest {
    private static final String LABEL = "a".repeat(63);

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    /** Port 9 of this machine: whatever is asked there stays without an answer. */
    private final NameResolver names = new NameResolver(
            loops.next(),
            new NameResolver.Settings(List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9)), 100, false));

    @AfterEach
    void stop() throws Exception {
        names.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).await();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a..b",
                ".example.org",
                "..",
                ".",
                "",
                "localhost-of-somewhere",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.org",
                "example.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            })
    void aNameThatIsNoneIsMissingAtOnce(String name) throws Exception {
        assertInstanceOf(
                Resolved.Missing.class,
                names.resolve(name).toCompletableFuture().get(10, TimeUnit.SECONDS));
    }

    @Test
    void labelsHaveOneToSixtyThreeCharactersAndNamesTwoHundredFiftyThree() {
        assertEquals(true, NameResolver.isPublicName(LABEL + ".org"));
        assertEquals(false, NameResolver.isPublicName(LABEL + "a.org"));
        String longest = String.join(".", LABEL, LABEL, LABEL, "a".repeat(61));
        assertEquals(253, longest.length());
        assertEquals(true, NameResolver.isPublicName(longest));
        assertEquals(false, NameResolver.isPublicName(longest + "a"));
    }

    /** Java's rules for names in other scripts refuse what WHATWG's let through: the library throws where it makes the question. */
    @Test
    void aNameThatTheLibraryRefusesIsMissingAndTheNextOneIsAsked() throws Exception {
        String refused = "xn--" + "\u00fc".repeat(60) + ".example.org";
        assertInstanceOf(
                Resolved.Missing.class,
                names.resolve(refused).toCompletableFuture().get(10, TimeUnit.SECONDS));
        assertEquals(
                false,
                names.resolve("next.example.org").toCompletableFuture().isDone(),
                "it waits for its resolver's answer");
    }
}
