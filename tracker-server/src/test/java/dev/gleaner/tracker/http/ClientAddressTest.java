package dev.gleaner.tracker.http;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientAddressTest {
    @ParameterizedTest
    @ValueSource(strings = {"example.org", "10.0.0.0/33", "10.0.0.0/x", "", "300.1.1.1", "fd00::/129"})
    void whatIsNoSubnetIsRefused(String proxy) {
        assertThrows(IllegalArgumentException.class, () -> new ClientAddress(List.of(proxy)));
    }

    @Test
    void addressesAndSubnetsOfBothKindsAreUnderstood() {
        ClientAddress unused = new ClientAddress(List.of("10.0.0.1", "10.0.0.0/8", "fd00::1", "fd00::/8", " ::1 "));
    }
}
