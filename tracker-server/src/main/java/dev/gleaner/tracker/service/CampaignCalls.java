package dev.gleaner.tracker.service;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Slice;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.ledger.Ledger;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What operators do with campaigns, and what of it is signed. Safe for any thread. */
public final class CampaignCalls {
    private static final int MOST_PRIORITY = 100;
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
    private static final Pattern BASE = Pattern.compile("(https|http|file)://[\\x21-\\x7e]*/");
    private static final int MAX_WATS = 2_000_000;

    private final Ledger ledger;
    private final Desk desk;
    private final BundleShelf bundles;
    private final Charters charters;

    public CampaignCalls(Ledger ledger, Desk desk, BundleShelf bundles, InstantSource clock) {
        this.ledger = ledger;
        this.desk = desk;
        this.bundles = bundles;
        this.charters = new Charters(ledger, bundles, clock);
    }

    /** A wish for a campaign. */
    public record NewCampaign(CampaignSpec spec, List<String> paths) {}

    public record Created(String campaign, boolean created, long jobs) {}

    public CompletionStage<Created> create(String actor, NewCampaign wish) throws IOException {
        CampaignSpec spec = wish.spec();
        Refusal.unless(
                NAME.matcher(spec.name()).matches(),
                "the name must be 1 to 64 of a-z 0-9 . _ - and begin with a letter or digit");
        Refusal.unless(
                BASE.matcher(spec.base()).matches(), "the base must be an https, http or file address that ends in /");
        Refusal.unless(
                spec.slices() >= 1 && spec.slices() <= Slice.MAX_COUNT, "slices must be 1 to " + Slice.MAX_COUNT);
        if (spec.does() == Stage.SCORE) {
            requireFitsSource(spec, wish.paths());
        } else {
            Refusal.unless(spec.source() == null, "only a scoring campaign has a source");
            Refusal.unless(
                    spec.replication() == null || spec.does() != Stage.FETCH,
                    "results of a campaign that only fetches cannot be compared; compare those of the one that scores");
            Refusal.unless(
                    !wish.paths().isEmpty() && wish.paths().size() <= MAX_WATS,
                    "there must be 1 to " + MAX_WATS + " WAT paths");
        }
        for (String path : wish.paths()) {
            Refusal.unless(
                    !path.isBlank()
                            && path.length() <= 1_000
                            && path.chars().allMatch(c -> c > ' ' && c < 0x7f)
                            && !path.contains(".."),
                    "not a WAT path: " + Printable.of(path, 100));
        }
        Refusal.unless(Set.copyOf(wish.paths()).size() == wish.paths().size(), "a WAT path is listed twice");
        List<String> missing = bundles.missing(spec.bundle());
        if (!missing.isEmpty()) {
            throw new Refusal(ProblemCode.UNKNOWN_BUNDLE, "upload the model bundle first; missing: " + missing);
        }
        requireSigned(spec, wish.paths());
        return ledger.addCampaign(spec, wish.paths(), actor).thenApply(added -> {
            if (added.outcome() == Ledger.CampaignAdded.Outcome.CONFLICT) {
                throw new Refusal(
                        ProblemCode.CAMPAIGN_CONFLICT,
                        "campaign " + spec.name() + " exists with other paths or settings; choose another name");
            }
            if (added.outcome() == Ledger.CampaignAdded.Outcome.NO_SOURCE) {
                throw noCampaign(String.valueOf(spec.source()));
            }
            desk.wake();
            return new Created(spec.name(), added.outcome() == Ledger.CampaignAdded.Outcome.CREATED, added.jobs());
        });
    }

    private void requireSigned(CampaignSpec spec, List<String> paths) throws IOException {
        if (ledger.campaigns().stream().anyMatch(c -> c.name().equals(spec.name()))) {
            return; // Nothing of it is taken: it is the very same one, or refused.
        }
        Charters.Wanted wanted =
                new Charters.Wanted(spec.name(), spec.base(), spec.slices(), spec.does(), spec.bundle(), spec.policy());
        String list = "";
        if (spec.charter() != null) {
            list = spec.does() == Stage.SCORE
                    ? charters.newest(String.valueOf(spec.source()))
                            .map(Charters::paths)
                            .orElseThrow(() -> new Refusal(
                                    ProblemCode.STATE_CONFLICT,
                                    "campaign " + spec.source() + " is not signed; sign it first"))
                    : HexFormat.of()
                            .formatHex(
                                    Tokens.sha256((String.join("\n", paths) + "\n").getBytes(StandardCharsets.UTF_8)));
        }
        charters.require(spec.charter(), wanted, list);
        if (spec.charter() != null) {
            charters.adopt(spec.charter());
        }
    }

    private void requireFitsSource(CampaignSpec spec, List<String> paths) {
        Refusal.unless(paths.isEmpty(), "a scoring campaign takes its jobs from its source and has no paths");
        Refusal.unless(spec.source() != null, "say whose batches the campaign scores");
        CampaignStatus source = campaign(String.valueOf(spec.source()));
        Refusal.unless(source.stage() == Stage.FETCH, "campaign " + source.name() + " hands in no batches");
        Refusal.unless(
                source.base().equals(spec.base()) && source.slices() == spec.slices(),
                "base and slices must be those of campaign " + source.name());
    }

    public List<CampaignStatus> campaigns() {
        return ledger.campaigns();
    }

    public CampaignStatus campaign(String name) {
        return ledger.campaigns().stream()
                .filter(c -> c.name().equals(name))
                .findAny()
                .orElseThrow(() -> noCampaign(name));
    }

    public CompletionStage<CampaignStatus> pause(String actor, String name, boolean paused) {
        return ledger.pauseCampaign(name, paused, actor).thenApply(found -> {
            if (!found) {
                throw noCampaign(name);
            }
            desk.wake();
            return campaign(name);
        });
    }

    /** @param priority -{@value #MOST_PRIORITY} to {@value #MOST_PRIORITY}; jobs of higher ones go out first */
    public record Priority(int priority) {}

    public CompletionStage<CampaignStatus> prioritise(String actor, String name, Priority wish) {
        Refusal.unless(
                Math.abs(wish.priority()) <= MOST_PRIORITY,
                "priority must be -" + MOST_PRIORITY + " to " + MOST_PRIORITY);
        return ledger.prioritiseCampaign(name, wish.priority(), actor).thenApply(found -> {
            if (!found) {
                throw noCampaign(name);
            }
            desk.wake();
            return campaign(name);
        });
    }

    /**
     * Another policy for a campaign.
     *
     * @param from version of the policy that somebody looked at when making this one
     * @param reason for the audit trail and for everybody
     * @param charter what was signed of it; null when the campaign is not signed
     */
    public record NewPolicy(int from, Policy policy, String reason, Charter.@Nullable Ref charter) {}

    public CompletionStage<CampaignStatus> changePolicy(String actor, String name, NewPolicy wish) throws IOException {
        String reason = Printable.of(wish.reason(), 200).strip();
        Refusal.unless(!reason.isEmpty(), "say why the policy changes");
        CampaignStatus before = campaign(name);
        requireCurrent(before, wish.from());
        Optional<Charter> signed = charters.newest(name);
        if (signed.isPresent() && wish.charter() == null) {
            throw new Refusal(
                    ProblemCode.STATE_CONFLICT,
                    "campaign " + name
                            + " is signed, and so must be what changes it: tracker-server campaign policy " + name
                            + " --set FILE --key FILE");
        }
        if (wish.charter() != null) {
            charters.require(
                    wish.charter(),
                    Charters.Wanted.of(before, wish.policy()),
                    signed.map(Charters::paths).orElseThrow(() -> unsigned(name)));
        }
        return ledger.changePolicy(name, wish.from(), wish.policy(), wish.charter(), reason, actor)
                .thenApply(version -> {
                    CampaignStatus now = campaign(name);
                    if (version.isEmpty()) {
                        requireCurrent(now, wish.from());
                    }
                    desk.wake();
                    return now;
                });
    }

    private static Refusal unsigned(String campaign) {
        return new Refusal(
                ProblemCode.STATE_CONFLICT, "campaign " + campaign + " is not signed yet: campaign sign " + campaign);
    }

    /**
     * A signature for a version of a campaign's policy.
     *
     * @param version of the policy
     */
    public record Signing(int version, Charter.Ref charter) {}

    /** Takes what was signed of a campaign, for the first time or for longer. */
    public CompletionStage<CampaignStatus> sign(String actor, String name, Signing wish) throws IOException {
        CampaignStatus campaign = campaign(name);
        Ledger.PolicyVersion version = ledger.policies(name).stream()
                .filter(v -> v.version() == wish.version())
                .findAny()
                .orElseThrow(() ->
                        new Refusal(ProblemCode.NOT_FOUND, "campaign " + name + " has no version " + wish.version()));
        Charter charter = charters.open(wish.charter());
        Optional<Charter> before = charters.newest(name);
        charters.require(
                wish.charter(),
                Charters.Wanted.of(campaign, version.policy()),
                before.map(Charters::paths).orElse(Charters.paths(charter)));
        long listed = charters.count(wish.charter());
        Refusal.unless(
                listed == campaign.wats(),
                "what was signed lists " + listed + " WATs, and the campaign has " + campaign.wats());
        charters.adopt(wish.charter());
        return ledger.sign(name, wish.version(), wish.charter(), actor).thenApply(done -> {
            desk.wake();
            return campaign(name);
        });
    }

    /** Until when workers take what was signed of campaigns that are not finished: the earliest of all versions. */
    public Map<String, Instant> signedUntil() {
        Map<String, Instant> until = new TreeMap<>();
        for (CampaignStatus campaign : ledger.campaigns()) {
            if (campaign.jobs().open() + campaign.jobs().leased() > 0) {
                charters.until(campaign.name()).ifPresent(end -> until.put(campaign.name(), end));
            }
        }
        return until;
    }

    /** The public key that signs campaigns here, once there is one. */
    public Optional<String> campaignKey() {
        return charters.key();
    }

    private static void requireCurrent(CampaignStatus campaign, int version) {
        if (campaign.policyVersion() != version) {
            throw new Refusal(
                    ProblemCode.STATE_CONFLICT,
                    "the policy of campaign " + campaign.name() + " has version " + campaign.policyVersion()
                            + " by now; look at it again");
        }
    }

    static Refusal noCampaign(String name) {
        return new Refusal(
                ProblemCode.UNKNOWN_CAMPAIGN,
                "there is no campaign " + Printable.of(name, 64).toLowerCase(Locale.ROOT));
    }
}
