package dev.gleaner.worker.tracker;

import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.fetch.Courtesy;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fetch.dns.NameResolver;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import dev.gleaner.worker.guest.Term;
import dev.gleaner.worker.job.LineSettings;
import dev.gleaner.worker.job.MemoryPlan;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Settings and parts of a worker on one machine with its tracker, its WATs and its web. */
final class Volunteers {
    static final Register.Request REGISTRATION = new Register.Request(
            "nick", null, "test/1", new Register.Capabilities(1, 1_024, List.of("cpu"), "test"), null);

    private Volunteers() {}

    /** What a test may want otherwise; WATs lie in the home folder, or on loopback. */
    record Choice(
            int jobs,
            boolean exitWhenIdle,
            MemoryPlan memory,
            Term term,
            @Nullable Runnable updateAsked,
            @Nullable String campaignKey) {
        static final Choice USUAL =
                new Choice(0, true, new MemoryPlan(0, 1), new Term(null, System::nanoTime), null, null);

        Choice jobs(int most) {
            return new Choice(most, false, memory, term, updateAsked, campaignKey);
        }

        Choice memory(MemoryPlan plan) {
            return new Choice(jobs, exitWhenIdle, plan, term, updateAsked, campaignKey);
        }

        /** Stays when there is no job. */
        Choice stays(Term length, @Nullable Runnable update) {
            return new Choice(jobs, false, memory, length, update, campaignKey);
        }

        Choice key(String key) {
            return new Choice(jobs, exitWhenIdle, memory, term, updateAsked, key);
        }
    }

    static Volunteer.Settings settings(URI tracker, Path home, Choice choice) {
        return new Volunteer.Settings(
                tracker,
                home,
                REGISTRATION,
                new WatOrigins(Set.of(), List.of(home), true, "test/1"),
                new LineSettings(8, 8, 16 << 20, 1, 1, 4, 16),
                choice.memory(),
                ClipModel.Options.PLAIN,
                choice.jobs(),
                choice.exitWhenIdle(),
                false,
                choice.term(),
                List.of(Stage.WHOLE),
                choice.updateAsked(),
                choice.campaignKey());
    }

    static Fetcher fetcher() {
        return new Fetcher(
                AddressGuard.allowingLoopback(),
                "test/1",
                new Courtesy(4, Duration.ZERO),
                NameResolver.Settings.DEFAULT,
                Fetcher.Link.ALL);
    }
}
