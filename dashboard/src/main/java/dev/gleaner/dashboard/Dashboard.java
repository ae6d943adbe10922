package dev.gleaner.dashboard;

/** Names the resource folder of the page. */
public final class Dashboard {
    /** Class-path folder that is served as the site's root. */
    public static final String ROOT = "dev/gleaner/dashboard";

    private Dashboard() {}
}
