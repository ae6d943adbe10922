package dev.gleaner.worker.fetch;

import dev.gleaner.protocol.campaign.OptOuts;
import dev.gleaner.protocol.campaign.Policy;
import java.time.Duration;
import java.util.Set;

/**
 * What one request may cost. The compiled ceilings hold whatever a policy says.
 *
 * @param timeout for the whole request, redirects and body included
 * @param maxBytes of the body; reading stops past it
 * @param minBytes of the body
 * @param maxRedirects hops followed
 * @param robotsTags {@code X-Robots-Tag} directives that forbid use
 * @param optOuts further ways to say no that are heeded
 * @param lenient whether servers with bad TLS certificates are taken from, too
 */
public record FetchLimits(
        Duration timeout,
        int maxBytes,
        int minBytes,
        int maxRedirects,
        Set<String> robotsTags,
        OptOuts optOuts,
        boolean lenient) {

    /** With good certificates only. */
    public FetchLimits(
            Duration timeout, int maxBytes, int minBytes, int maxRedirects, Set<String> robotsTags, OptOuts optOuts) {
        this(timeout, maxBytes, minBytes, maxRedirects, robotsTags, optOuts, false);
    }

    private static final int CEILING_BYTES = 64 << 20;
    private static final int CEILING_SECONDS = 120;
    private static final int CEILING_REDIRECTS = 10;

    public static FetchLimits of(Policy policy) {
        return new FetchLimits(
                Duration.ofSeconds(Math.min(CEILING_SECONDS, policy.requestTimeoutSeconds())),
                Math.min(CEILING_BYTES, policy.maxImageBytes()),
                policy.minImageBytes(),
                Math.min(CEILING_REDIRECTS, policy.maxRedirects()),
                policy.respectedRobotsTags(),
                policy.heeded(),
                policy.toleratesBadCertificates());
    }
}
