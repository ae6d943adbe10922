package dev.gleaner.tracker.service;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.tracker.ledger.Ledger;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes charters that operators signed elsewhere, so that nobody hears of a wrong one from volunteers. The key is not here, and
 * once a campaign has been signed, all later ones of this ledger must be, by the same key: workers that have seen it take nothing
 * else. Blocks on the ledger; safe for any thread.
 */
final class Charters {
    private static final Logger log = LoggerFactory.getLogger(Charters.class);
    private static final String KEY = "campaign.key";

    private final Ledger ledger;
    private final BundleShelf shelf;
    private final InstantSource clock;

    Charters(Ledger ledger, BundleShelf shelf, InstantSource clock) {
        this.ledger = ledger;
        this.shelf = shelf;
        this.clock = clock;
    }

    /** What a charter must say. */
    record Wanted(String campaign, String base, int slices, Stage stage, String bundle, Policy policy) {
        static Wanted of(CampaignStatus campaign, Policy policy) {
            return new Wanted(
                    campaign.name(), campaign.base(), campaign.slices(), campaign.stage(), campaign.bundle(), policy);
        }
    }

    /** The public key that signs the campaigns of this ledger, once there is one. */
    Optional<String> key() {
        return ledger.kept(KEY);
    }

    /** The charter of the newest version of a campaign's policy. */
    Optional<Charter> newest(String campaign) throws IOException {
        Charter.@Nullable Ref ref = ledger.policies(campaign).stream()
                .findFirst()
                .map(Ledger.PolicyVersion::charter)
                .orElse(null);
        return ref == null ? Optional.empty() : Optional.of(open(ref));
    }

    /** The earliest end of what was signed of a campaign's policies; empty when nothing was, or it cannot be read. */
    Optional<Instant> until(String campaign) {
        return ledger.policies(campaign).stream()
                .map(Ledger.PolicyVersion::charter)
                .filter(Objects::nonNull)
                .flatMap(ref -> {
                    try {
                        return Stream.of(Instant.parse(open(ref).until()));
                    } catch (IOException | Refusal e) {
                        log.warn("What was signed of campaign {} cannot be read: cause={}", campaign, e.toString());
                        return Stream.empty();
                    }
                })
                .min(Comparator.naturalOrder());
    }

    /**
     * Looks at what was signed, if something was.
     *
     * @param paths digest of the list of WAT paths that the charter must have
     * @throws Refusal when it does not fit, or when something must be signed and is not
     */
    void require(Charter.@Nullable Ref ref, Wanted wanted, String paths) throws IOException {
        Optional<String> known = key();
        if (ref == null) {
            if (known.isPresent()) {
                throw refusal("the campaigns of this tracker are signed; sign this one, too (--key FILE)");
            }
            return;
        }
        Charter charter = open(ref);
        String fault = charter.fault(clock.instant());
        if (!fault.isEmpty()) {
            throw refusal(fault);
        }
        Wanted said = new Wanted(
                charter.campaign(),
                charter.base(),
                charter.slices(),
                charter.stage(),
                charter.bundle(),
                charter.policy());
        if (!said.equals(wanted)) {
            throw refusal("what was signed is not this campaign");
        }
        if (!paths(charter).equals(paths)) {
            throw refusal("what was signed has other WAT paths");
        }
        if (!known.orElse(charter.key()).equals(charter.key())) {
            throw otherKey();
        }
    }

    /** From now on the campaigns of this ledger are signed by this key; the last step before something signed is taken. */
    void adopt(Charter.Ref ref) throws IOException {
        String key = open(ref).key();
        if (!ledger.keep(KEY, key).equals(key)) {
            throw otherKey();
        }
    }

    private static Refusal otherKey() {
        return refusal("the campaigns of this tracker are signed by another key");
    }

    /** Digest of a charter's list of WAT paths. */
    static String paths(Charter charter) {
        return Objects.requireNonNull(charter.files().get(Charter.PATHS), "a whole charter has one")
                .sha256();
    }

    /** How many WAT paths a charter's list has. */
    long count(Charter.Ref ref) throws IOException {
        try (var lines = Files.lines(shelf.file(ref.id(), Charter.PATHS), StandardCharsets.UTF_8)) {
            return lines.count();
        }
    }

    Charter open(Charter.Ref ref) throws IOException {
        List<String> missing = shelf.missing(ref.id());
        if (!missing.isEmpty()) {
            throw new Refusal(ProblemCode.UNKNOWN_BUNDLE, "upload the charter first; missing: " + missing);
        }
        byte[] bytes = Files.readAllBytes(shelf.file(ref.id(), BundleShelf.MANIFEST));
        Charter charter = Json.read(bytes, Charter.class);
        String fault = charter.fault(Instant.EPOCH);
        if (!fault.isEmpty()) {
            throw refusal(fault);
        }
        if (!Charter.isSigned(bytes, ref.signature(), charter.key())) {
            throw refusal("the charter is not signed by the key that it names");
        }
        return charter;
    }

    private static Refusal refusal(String why) {
        return new Refusal(ProblemCode.STATE_CONFLICT, why);
    }
}
