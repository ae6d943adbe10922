package dev.gleaner.tracker.sites;

/**
 * What the whole swarm may ask of others.
 *
 * @param perSite requests a second to one site
 * @param perSource requests a second to a host of WATs, such as Common Crawl's, which serves a few thousand to everybody
 *     together
 */
public record SiteRates(double perSite, double perSource) {
    public static final SiteRates DEFAULT = new SiteRates(20, 100);

    public SiteRates {
        if (!(perSite > 0) || !(perSource > 0)) {
            throw new IllegalArgumentException("a rate must be more than 0 requests a second");
        }
    }
}
