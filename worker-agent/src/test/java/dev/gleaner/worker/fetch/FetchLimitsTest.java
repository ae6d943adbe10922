package dev.gleaner.worker.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.OptOuts;
import dev.gleaner.worker.fixture.Leases;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FetchLimitsTest {
    @Test
    void aPolicyCanNarrowWhatARequestCosts() {
        FetchLimits limits = FetchLimits.of(Leases.policy(Map.of(
                "requestTimeoutSeconds",
                7,
                "maxImageBytes",
                9_000,
                "minImageBytes",
                20,
                "maxRedirects",
                1,
                "respectedRobotsTags",
                List.of("noai"),
                "optOuts",
                new OptOuts(true, false))));
        assertEquals(Duration.ofSeconds(7), limits.timeout());
        assertEquals(9_000, limits.maxBytes());
        assertEquals(20, limits.minBytes());
        assertEquals(1, limits.maxRedirects());
        assertEquals(Set.of("noai"), limits.robotsTags());
        assertEquals(new OptOuts(true, false), limits.optOuts());
        assertFalse(limits.lenient());
        assertTrue(FetchLimits.of(Leases.policy(Map.of("tolerateBadCertificates", true)))
                .lenient());
    }

    @Test
    void noPolicyWidensItBeyondTheWorkersOwnCeilings() {
        FetchLimits limits = FetchLimits.of(Leases.policy(
                Map.of("requestTimeoutSeconds", 1_000_000, "maxImageBytes", Integer.MAX_VALUE, "maxRedirects", 20)));
        assertEquals(Duration.ofMinutes(2), limits.timeout());
        assertEquals(64 << 20, limits.maxBytes());
        assertEquals(10, limits.maxRedirects());
    }
}
