package dev.gleaner.protocol.campaign;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a campaign's workers extract, fetch and keep. Two workers with the same slice and policy find the same candidates.
 *
 * <p>A policy can narrow what a worker does, never widen it: the worker's own compiled limits hold beside it.
 *
 * @param linkPaths WAT link paths that count as images, e.g. {@code IMG@/src}
 * @param minTextCodePoints shorter texts are dropped as {@code short_text}
 * @param maxTextCodePoints longer texts are cut
 * @param maxUrlLength longer addresses are dropped as {@code long_url}
 * @param skippedExtensions path extensions, lower case, dropped as {@code image_type}
 * @param blockedHosts hosts, lower case; a host and all its subdomains are dropped as {@code blocked}
 * @param blockedUrls addresses dropped as {@code blocked}
 * @param minImageBytes smaller files are dropped as {@code too_small}
 * @param maxImageBytes larger files are dropped as {@code too_large}, without reading on
 * @param maxPixels pictures with more pixels are dropped as {@code too_many_pixels}, before decoding
 * @param formats picture formats that are kept, of {@code JPEG PNG WEBP GIF}
 * @param respectedRobotsTags {@code X-Robots-Tag} directives that drop a picture as {@code opted_out}
 * @param requestTimeoutSeconds for the whole request, redirects and body included
 * @param maxRedirects hops followed
 * @param threshold pairs of a lower cosine similarity are dropped as {@code below_threshold}
 * @param rowsPerShard most pairs in one shard
 * @param optOuts further ways to say no that are heeded; null stands for {@link OptOuts#DEFAULT}
 * @param tolerateBadCertificates whether pictures are taken from servers whose TLS certificate does not verify, too; such are
 *     counted; null as false: dropped as {@code tls}
 * @param skipKnown whether addresses that were candidates of an accepted job of the campaign are dropped as {@code known}
 *     instead of being fetched again; null as false
 */
public record Policy(
        List<String> linkPaths,
        int minTextCodePoints,
        int maxTextCodePoints,
        int maxUrlLength,
        Set<String> skippedExtensions,
        Set<String> blockedHosts,
        Set<String> blockedUrls,
        int minImageBytes,
        int maxImageBytes,
        long maxPixels,
        Set<String> formats,
        Set<String> respectedRobotsTags,
        int requestTimeoutSeconds,
        int maxRedirects,
        @JsonProperty(required = true) double threshold,
        int rowsPerShard,
        @Nullable OptOuts optOuts,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Boolean tolerateBadCertificates,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Boolean skipKnown) {

    /** Pillow's bomb limit, which the LAION effort used too. */
    public static final long DEFAULT_MAX_PIXELS = 89_478_484;

    public Policy {
        linkPaths = List.copyOf(linkPaths);
        skippedExtensions = sorted(skippedExtensions);
        blockedHosts = sorted(blockedHosts);
        blockedUrls = sorted(blockedUrls);
        formats = sorted(formats);
        respectedRobotsTags = sorted(respectedRobotsTags);
        require(!linkPaths.isEmpty() && linkPaths.size() <= 32, "linkPaths must name 1 to 32 paths");
        require(minTextCodePoints >= 0, "minTextCodePoints must not be negative");
        require(maxTextCodePoints >= 1 && maxTextCodePoints <= 10_000, "maxTextCodePoints must be 1 to 10000");
        require(maxUrlLength >= 10 && maxUrlLength <= 10_000, "maxUrlLength must be 10 to 10000");
        require(minImageBytes >= 0, "minImageBytes must not be negative");
        require(maxImageBytes >= 1 && maxImageBytes >= minImageBytes, "maxImageBytes must be at least minImageBytes");
        require(maxPixels >= 1, "maxPixels must be positive");
        require(requestTimeoutSeconds >= 1, "requestTimeoutSeconds must be positive");
        require(maxRedirects >= 0 && maxRedirects <= 20, "maxRedirects must be 0 to 20");
        require(threshold >= -1 && threshold <= 1, "threshold is a cosine, -1 to 1");
        require(rowsPerShard >= 1 && rowsPerShard <= 1_000_000, "rowsPerShard must be 1 to 1000000");
    }

    /** The figures of LAION-400M, see {@code docs/policy.md}. */
    public static Policy laion400m() {
        return new Policy(
                List.of("IMG@/src"),
                5,
                2_000,
                2_000,
                Set.of("svg", "svgz", "gif", "ico"),
                Set.of(),
                Set.of(),
                5_000,
                20 << 20,
                DEFAULT_MAX_PIXELS,
                Set.of("JPEG", "PNG", "WEBP"),
                Set.of("noai", "noimageai", "noindex", "noimageindex", "noml"),
                30,
                5,
                0.3,
                10_000,
                OptOuts.DEFAULT,
                null,
                null);
    }

    /** The ways to say no that are heeded. */
    public OptOuts heeded() {
        OptOuts given = optOuts;
        return given == null ? OptOuts.DEFAULT : given;
    }

    /** Whether bad certificates are let pass. */
    public boolean toleratesBadCertificates() {
        return Boolean.TRUE.equals(tolerateBadCertificates);
    }

    /** Whether known addresses are left out. */
    public boolean skipsKnown() {
        return Boolean.TRUE.equals(skipKnown);
    }

    private static Set<String> sorted(Set<String> set) {
        return java.util.Collections.unmodifiableSortedSet(new java.util.TreeSet<>(set));
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("policy: " + otherwise);
        }
    }
}
