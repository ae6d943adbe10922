package dev.gleaner.worker.tracker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gleaner.worker.wat.HttpWatSource;
import dev.gleaner.worker.wat.InputUnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tracker names a WAT; the volunteer's own choice decides whether it is read. */
class WatOriginsTest {
    private static final Function<String, HttpWatSource.Turn> NO_TURNS = host -> HttpWatSource.Turn.ANY_TIME;

    @TempDir
    Path folder;

    private WatOrigins origins(boolean loopback, Path... roots) {
        return new WatOrigins(Set.of("crawl.example.org"), List.of(roots), loopback, "test");
    }

    private static void assertRefused(WatOrigins origins, String address) {
        assertThrows(WatOrigins.RefusedException.class, () -> origins.open(address, NO_TURNS), address);
    }

    @Test
    void commonCrawlAndNamedHostsAreReadOverHttpsOnly() throws Exception {
        WatOrigins strict = origins(false);
        assertEquals(
                "https://data.commoncrawl.org/a.wat.gz",
                strict.open("https://data.commoncrawl.org/a.wat.gz", NO_TURNS).name());
        strict.open("https://crawl.example.org/a.wat.gz", NO_TURNS);
        assertRefused(strict, "http://data.commoncrawl.org/a.wat.gz");
        assertRefused(strict, "https://evil.example.org/a.wat.gz");
        assertRefused(strict, "https://data.commoncrawl.org.evil.example/a.wat.gz");
        assertRefused(strict, "http://127.0.0.1:8080/a.wat.gz");
        assertRefused(strict, "ftp://data.commoncrawl.org/a.wat.gz");
        assertThrows(InputUnavailableException.class, () -> strict.open("not an address", NO_TURNS));
    }

    @Test
    void loopbackNeedsItsFlag() throws Exception {
        origins(true).open("http://127.0.0.1:8080/a.wat.gz", NO_TURNS);
        assertRefused(origins(true), "http://192.168.1.1/a.wat.gz");
    }

    @Test
    void filesAreReadBelowTheNamedFoldersOnly() throws Exception {
        Path allowed = Files.createDirectory(folder.resolve("wats"));
        Path inside = Files.writeString(allowed.resolve("a.wat.gz"), "x");
        Path outside = Files.writeString(folder.resolve("secret"), "x");
        Path link = Files.createSymbolicLink(allowed.resolve("link"), outside);
        origins(false, allowed).open(inside.toUri().toString(), NO_TURNS);
        assertRefused(origins(false, allowed), outside.toUri().toString());
        assertRefused(origins(false, allowed), allowed.toUri() + "../secret");
        assertRefused(origins(false, allowed), link.toUri().toString());
        assertRefused(origins(false), inside.toUri().toString());
    }
}
