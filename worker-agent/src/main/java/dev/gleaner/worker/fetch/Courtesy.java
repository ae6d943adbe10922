package dev.gleaner.worker.fetch;

import java.time.Duration;

/**
 * How a site is treated. A site is a registered domain: {@code img1.example.co.uk} and {@code www.example.co.uk} are one.
 *
 * @param perSite most requests to a site at a time
 * @param interval least time between the starts of two requests to a site
 */
public record Courtesy(int perSite, Duration interval) {
    /** As a person's browser would, at most. */
    public static final Courtesy DEFAULT = new Courtesy(4, Duration.ofMillis(100));
}
