package dev.gleaner.tracker.service;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.release.WorkerRelease;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.lease.LeaseTimes;
import dev.gleaner.tracker.lease.Limits;
import dev.gleaner.tracker.ledger.Enrolment;
import dev.gleaner.tracker.settings.Setting;
import dev.gleaner.tracker.sites.SiteRates;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** What operators change while trackers run: each change holds for all trackers of the ledger. Safe for any thread. */
public final class SettingCalls {
    private final Settings settings;
    private final Desk desk;
    private final BundleShelf bundles;

    public SettingCalls(Settings settings, Desk desk, BundleShelf bundles) {
        this.settings = settings;
        this.desk = desk;
        this.bundles = bundles;
    }

    /** What operators may change while the tracker runs. */
    public record Settings(
            Setting<LeaseTimes> times,
            Setting<Limits> limits,
            Setting<SiteRates> siteRates,
            Setting<Enrolment> enrolment,
            Setting<WorkerRelease> release) {

        /** Hears what other trackers have changed. */
        public void refresh() {
            List.of(times, limits, siteRates, enrolment, release).forEach(Setting::refresh);
        }
    }

    public SiteRates siteRates() {
        return settings.siteRates.get();
    }

    /** Changes what the swarm may ask of sites, for all trackers of the ledger. */
    public CompletionStage<SiteRates> changeSiteRates(String actor, byte[] wish) {
        return settings.siteRates.change(Json.read(wish, SiteRates.class), actor);
    }

    /** How long leases live now. */
    public LeaseTimes leaseTimes() {
        return settings.times.get();
    }

    /** Changes lease times for all trackers of the ledger. */
    public CompletionStage<LeaseTimes> changeLeaseTimes(String actor, byte[] wish) {
        return settings.times.change(Json.read(wish, LeaseTimes.class), actor);
    }

    /** How much workers may take now. */
    public Limits limits() {
        return settings.limits.get();
    }

    /** Changes the limits for all trackers of the ledger. */
    public CompletionStage<Limits> changeLimits(String actor, byte[] wish) {
        return settings.limits.change(Json.read(wish, Limits.class), actor).thenApply(done -> {
            desk.wake();
            return done;
        });
    }

    /** Who may become a worker now. */
    public Enrolment enrolment() {
        return settings.enrolment.get();
    }

    /** Changes for all trackers of the ledger who may become a worker. */
    public CompletionStage<Enrolment> changeEnrolment(String actor, byte[] wish) {
        return settings.enrolment.change(Json.read(wish, Enrolment.class), actor);
    }

    /** The worker's release that is offered to workers. */
    public WorkerRelease release() {
        return settings.release.get();
    }

    /** Offers another release, or none. Whether it is signed by whom workers trust, only they can say. Blocks. */
    public CompletionStage<WorkerRelease> changeRelease(String actor, byte[] wish) throws IOException {
        WorkerRelease release = Json.read(wish, WorkerRelease.class);
        if (release.offered()) {
            List<String> missing = bundles.missing(release.bundle());
            if (!missing.isEmpty()) {
                throw new Refusal(ProblemCode.UNKNOWN_BUNDLE, "upload the release first; missing: " + missing);
            }
        }
        return settings.release.change(release, actor);
    }
}
