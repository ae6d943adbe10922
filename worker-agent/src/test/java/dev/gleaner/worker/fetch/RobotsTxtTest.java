package dev.gleaner.worker.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.url.WebUrl;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class RobotsTxtTest {
    private long now = 1;
    private final RobotsTxt robots = new RobotsTxt(() -> now);
    private final Map<String, Fetched> files = new HashMap<>();
    private final List<String> fetched = new ArrayList<>();

    private CompletionStage<Fetched> fetch(WebUrl url) {
        fetched.add(url.toString());
        return CompletableFuture.completedFuture(
                files.getOrDefault(url.toString(), new Fetched.Dropped(PairDrop.HTTP_STATUS, 404, "status 404")));
    }

    private void says(String host, String text) {
        files.put(
                "https://" + host + "/robots.txt",
                new Fetched.Body(text.getBytes(StandardCharsets.UTF_8), 0, 200, "text/plain", Instant.EPOCH));
    }

    private RobotsTxt.Word ask(String address) {
        WebUrl url = Objects.requireNonNull(WebUrl.parse(address, null));
        CompletableFuture<RobotsTxt.Word> word = robots.ask(url, this::fetch).toCompletableFuture();
        assertTrue(word.isDone());
        return word.join();
    }

    private PairDrop refusal(String address) {
        return Objects.requireNonNull(ask(address).refusal(), address).reason();
    }

    @Test
    void whatIsForbiddenToUsOrToAllIsNotFetched() {
        says("all.example", "User-agent: *\nDisallow: /private/\n");
        assertEquals(PairDrop.ROBOTS_TXT, refusal("https://all.example/private/a.jpg"));
        assertNull(ask("https://all.example/public/a.jpg").refusal());
        says("us.example", "User-agent: Gleaner\nDisallow: /\n\nUser-agent: *\nAllow: /\n");
        assertEquals(PairDrop.ROBOTS_TXT, refusal("https://us.example/a.jpg"));
        says("them.example", "User-agent: otherbot\nDisallow: /\n");
        assertNull(ask("https://them.example/a.jpg").refusal());
        says("types.example", "User-agent: *\nDisallow: /*.jpg$\n");
        assertEquals(PairDrop.ROBOTS_TXT, refusal("https://types.example/x/a.jpg"));
        assertNull(ask("https://types.example/x/a.png").refusal());
    }

    @Test
    void aFileIsFetchedOnceADayPerOrigin() {
        says("a.example", "");
        for (int i = 0; i < 5; i++) {
            assertNull(ask("https://a.example/" + i + ".jpg").refusal());
        }
        ask("https://a.example:8443/x.jpg");
        ask("http://a.example/x.jpg");
        assertEquals(
                List.of(
                        "https://a.example/robots.txt",
                        "https://a.example:8443/robots.txt",
                        "http://a.example/robots.txt"),
                fetched);
        now += Duration.ofHours(25).toNanos();
        ask("https://a.example/6.jpg");
        assertEquals(4, fetched.size());
    }

    @Test
    void whoAsksWhileItIsUnderWayWaitsForTheSameAnswer() {
        CompletableFuture<Fetched> late = new CompletableFuture<>();
        List<CompletableFuture<RobotsTxt.Word>> words = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            WebUrl url = Objects.requireNonNull(WebUrl.parse("https://slow.example/" + i + ".jpg", null));
            words.add(robots.ask(url, place -> {
                        fetched.add(place.toString());
                        return late;
                    })
                    .toCompletableFuture());
        }
        assertEquals(1, fetched.size());
        late.complete(new Fetched.Body(
                "User-agent: *\nDisallow: /1".getBytes(StandardCharsets.UTF_8), 0, 200, "", Instant.EPOCH));
        assertNull(words.get(0).join().refusal());
        assertNotNull(words.get(1).join().refusal());
    }

    @Test
    void aMissingFileAllowsAndOneThatCannotBeHadForbidsForAWhile() {
        assertNull(ask("https://missing.example/a.jpg").refusal());
        String broken = "https://broken.example/robots.txt";
        files.put(broken, new Fetched.Dropped(PairDrop.HTTP_STATUS, 503, "status 503"));
        assertEquals(PairDrop.ROBOTS_TXT, refusal("https://broken.example/a.jpg"));
        files.put("https://gone.example/robots.txt", new Fetched.Dropped(PairDrop.DNS, 0, "no such name"));
        assertEquals(PairDrop.DNS, refusal("https://gone.example/a.jpg"), "the picture would fare no better");
        says("broken.example", "");
        assertEquals(PairDrop.ROBOTS_TXT, refusal("https://broken.example/b.jpg"));
        now += Duration.ofMinutes(11).toNanos();
        assertNull(ask("https://broken.example/b.jpg").refusal());
    }

    @Test
    void aCrawlDelayIsKeptWithinReason() {
        says("slow.example", "User-agent: *\nCrawl-delay: 7\n");
        assertEquals(Duration.ofSeconds(7), ask("https://slow.example/a.jpg").delay());
        says("never.example", "User-agent: *\nCrawl-delay: 200\n");
        assertEquals(Duration.ofMinutes(1), ask("https://never.example/a.jpg").delay());
    }

    @Test
    void whateverStandsThereIsAnswered() {
        long seed = 11;
        Random random = new Random(seed);
        String[] words = {
            "User-agent:",
            "*",
            "Disallow:",
            "Allow:",
            "/",
            "%",
            "%zz",
            "$",
            "\n",
            "\r",
            "\u0000",
            "gleaner",
            "#",
            ":",
            "é"
        };
        for (int i = 0; i < 500; i++) {
            StringBuilder text = new StringBuilder();
            for (int w = random.nextInt(60); w > 0; w--) {
                text.append(words[random.nextInt(words.length)]).append(random.nextBoolean() ? " " : "");
            }
            says("r" + i + ".example", text.toString());
            ask("https://r" + i + ".example/%zz/\u00e9?*$");
        }
    }
}
