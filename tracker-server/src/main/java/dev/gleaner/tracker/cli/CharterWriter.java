package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.tracker.service.BundleShelf;
import dev.gleaner.tracker.storage.Digests;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Signs here what a campaign's jobs may be, and brings it to the tracker. */
final class CharterWriter {
    private static final String MAKER = "campaign new-key";

    /** How a campaign is signed. */
    static final class Options {
        @Option(
                names = "--key",
                paramLabel = "FILE",
                description =
                        "sign the campaign with this private key, which is read here and never sent: workers that have seen its public half take nothing else; see docs/trust.md")
        @Nullable
        Path key;

        @Option(
                names = "--valid-days",
                paramLabel = "N",
                defaultValue = "400",
                description = "workers take what was signed for so long (default: ${DEFAULT-VALUE})")
        int validDays;
    }

    private final OperatorOptions operator;
    private final SigningKey key;
    private final Instant until;

    CharterWriter(OperatorOptions operator, Path key, int validDays) throws IOException {
        if (validDays < 1 || validDays > 10_000) {
            throw new Failure(Exit.USAGE, "--valid-days must be 1 to 10000");
        }
        this.operator = operator;
        this.key = SigningKey.read(key, MAKER);
        this.until = InstantSource.system()
                .instant()
                .plus(Duration.ofDays(validDays))
                .truncatedTo(ChronoUnit.SECONDS);
    }

    /** Signs, with a list of WAT paths that the signer has. */
    Charter.Ref sign(
            String campaign, String base, int slices, Stage stage, String bundle, Policy policy, List<String> paths)
            throws IOException {
        Path file = Files.createTempFile("wat-", ".paths");
        try {
            Files.write(file, paths);
            return sign(campaign, base, slices, stage, bundle, policy, file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** What this key has signed before; the tracker's word is not taken for it. */
    Charter read(Charter.Ref earlier) throws IOException {
        byte[] bytes;
        try (InputStream in = operator.open("v1/bundles/" + earlier.id() + "/" + BundleShelf.MANIFEST)) {
            bytes = in.readAllBytes();
        }
        if (!Charter.isSigned(bytes, earlier.signature(), key.publicKey())) {
            throw new Failure(
                    Exit.DATA,
                    "this key has not signed what the tracker has; look at all of it, and sign with your own WAT --paths");
        }
        return OperatorOptions.JSON.readValue(bytes, Charter.class);
    }

    /** Signs with base, slices and WAT paths of what this key has signed before. */
    Charter.Ref sign(Charter before, Charter.Ref earlier, String campaign, Stage stage, String bundle, Policy policy)
            throws IOException {
        Path file = Files.createTempFile("wat-", ".paths");
        try {
            try (InputStream in = operator.open("v1/bundles/" + earlier.id() + "/" + Charter.PATHS)) {
                Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
            }
            Charter.File said = before.files().get(Charter.PATHS);
            if (said == null || !said.sha256().equals(Digests.sha256(file))) {
                throw new Failure(Exit.DATA, "the tracker has another list of WAT paths than was signed");
            }
            return sign(campaign, before.base(), before.slices(), stage, bundle, policy, file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private Charter.Ref sign(
            String campaign, String base, int slices, Stage stage, String bundle, Policy policy, Path paths)
            throws IOException {
        Charter charter = new Charter(
                Charter.KIND,
                campaign,
                base,
                slices,
                stage,
                bundle,
                policy,
                until.toString(),
                key.publicKey(),
                Map.of(Charter.PATHS, new Charter.File(Files.size(paths), Digests.sha256(paths))));
        byte[] bytes = OperatorOptions.JSON.writeValueAsBytes(charter);
        Path file = Files.createTempFile("charter-", ".json");
        try {
            Files.write(file, bytes);
            String id = Digests.sha256(file);
            operator.put("v1/operator/bundles/" + id + "/" + BundleShelf.MANIFEST, file);
            operator.put("v1/operator/bundles/" + id + "/" + Charter.PATHS, paths);
            return new Charter.Ref(id, key.sign(bytes));
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** What was signed of a version of a policy, as the tracker shows it; null when nobody signed. */
    static Charter.@Nullable Ref of(JsonNode version) {
        JsonNode charter = version.path("charter");
        return charter.path("id").isTextual()
                ? new Charter.Ref(
                        charter.path("id").asText(), charter.path("signature").asText())
                : null;
    }

    /** @throws Failure when nobody has signed that version yet */
    static Charter.Ref requireSigned(String name, JsonNode version) {
        Charter.Ref earlier = of(version);
        if (earlier == null) {
            throw new Failure(
                    Exit.USAGE,
                    "campaign " + name + " is not signed yet: campaign sign " + name + " --key FILE --paths FILE");
        }
        return earlier;
    }

    /** A tracker that shows another policy than was signed may be in other hands: its policy must not be signed. */
    static Charter requireUnchanged(String name, JsonNode version, Charter signed) throws IOException {
        Policy shown = OperatorOptions.JSON.treeToValue(version.path("policy"), Policy.class);
        if (!signed.campaign().equals(name) || !signed.policy().equals(shown)) {
            throw new Failure(
                    Exit.DATA,
                    "the tracker shows another policy of campaign " + name + " than this key has signed as version "
                            + version.path("version").asInt() + "; somebody has changed it. Nothing is signed");
        }
        return signed;
    }
}
