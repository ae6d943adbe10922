package dev.gleaner.tracker.http;

import java.time.Duration;

/** Hears of answers. Called on many threads: must be quick and must not throw. */
public interface HttpMonitor {
    /** @param route the address's pattern, one of few */
    void answered(String method, String route, int status, Duration took);
}
