package dev.gleaner.worker.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StoppedSitesTest {
    @ParameterizedTest
    @CsvSource({
        "example.org, true",
        "img.example.org, true",
        "a.b.img.example.org, true",
        "myexample.org, false",
        "org, false",
        "example.org.evil.net, false",
        "127.0.0.1, false",
        "localhost, false",
        "'', false"
    })
    void aNameAndAllBelowItAreStopped(String host, boolean stopped) {
        StoppedSites sites = new StoppedSites();
        assertEquals(false, sites.has(host), "before anybody says so");
        sites.set(List.of("example.org", "other.net"));
        assertEquals(stopped, sites.has(host));
        sites.set(List.of());
        assertEquals(false, sites.has(host));
    }
}
