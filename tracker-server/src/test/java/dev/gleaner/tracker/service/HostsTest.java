package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostsTest {
    @ParameterizedTest
    @CsvSource({
        "https://Img.Example.ORG:8443/a.jpg?b=c, img.example.org",
        "http://127.0.0.1/a, 127.0.0.1",
        "https://example.org, example.org",
        "https:///a.jpg, ''",
        "not an address, ''",
        "https://user@example.org/a b, ''"
    })
    void theHostIsThatOfTheAddress(String url, String host) {
        assertEquals(host, Hosts.of(url));
    }
}
