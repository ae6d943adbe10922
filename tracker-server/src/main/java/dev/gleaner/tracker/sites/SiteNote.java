package dev.gleaner.tracker.sites;

import java.time.Instant;

/**
 * What all workers are to heed about a site.
 *
 * @param restUntil nobody goes there before
 * @param strikes how often in a row it asked to be left alone
 * @param intervalMillis between two requests of a worker; 0 when its own manners are enough
 * @param paceUntil for so long
 * @param notedAt when this was written; what a worker has heard is told by it
 */
public record SiteNote(
        String site, Instant restUntil, int strikes, int intervalMillis, Instant paceUntil, Instant notedAt) {
    static SiteNote none(String site) {
        return new SiteNote(site, Instant.EPOCH, 0, 0, Instant.EPOCH, Instant.EPOCH);
    }

    SiteNote resting(Instant until, int nowStrikes, Instant now) {
        return new SiteNote(site, until, nowStrikes, intervalMillis, paceUntil, now);
    }

    SiteNote paced(int millis, Instant until, Instant now) {
        return new SiteNote(site, restUntil, strikes, millis, until, now);
    }

    boolean rests(Instant now) {
        return now.isBefore(restUntil);
    }

    boolean isPaced(Instant now) {
        return intervalMillis > 0 && now.isBefore(paceUntil);
    }
}
