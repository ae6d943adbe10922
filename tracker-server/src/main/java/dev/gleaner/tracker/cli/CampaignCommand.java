package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.tracker.ledger.ResultChain;
import dev.gleaner.tracker.service.BundleShelf;
import dev.gleaner.tracker.service.OperatorCalls;
import dev.gleaner.tracker.service.TrustCalls;
import dev.gleaner.tracker.storage.Digests;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code campaign create|score|list|show|policy|sign|new-key|chain|replication|pause|resume|priority}. */
@Command(
        name = "campaign",
        description =
                "Campaigns: create, score, list, show, policy, sign, new-key, chain, replication, pause, resume, priority.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class CampaignCommand {
    private static final String REPLICATION =
            "how strangers' results are checked by each other: none, adaptive, or a JSON file with what differs from adaptive; see docs/trust.md (default: none)";

    private final PrintStream out;

    CampaignCommand(PrintStream out) {
        this.out = out;
    }

    @Command(
            name = "create",
            description =
                    "Makes a campaign of a list of WAT paths. Safe to repeat: the very same campaign is made once.",
            mixinStandardHelpOptions = true)
    int create(
            @Mixin OperatorOptions operator,
            @Option(
                            names = "--name",
                            required = true,
                            paramLabel = "NAME",
                            description = "the campaign's name: a-z 0-9 . _ -")
                    String name,
            @Option(
                            names = "--paths",
                            required = true,
                            paramLabel = "FILE",
                            description =
                                    "WAT paths, one a line: a wat.paths.gz as Common Crawl publishes it, or plain text")
                    Path paths,
            @Option(
                            names = "--base",
                            paramLabel = "URL|DIR",
                            defaultValue = "https://data.commoncrawl.org/",
                            description =
                                    "what the paths are appended to: an address or a folder (default: ${DEFAULT-VALUE})")
                    String base,
            @Option(
                            names = "--slices",
                            paramLabel = "N",
                            defaultValue = "10",
                            description = "jobs made of each WAT (default: ${DEFAULT-VALUE})")
                    int slices,
            @Option(
                            names = "--bundle",
                            required = true,
                            paramLabel = "DIR",
                            description = "folder of the model bundle; uploaded if the tracker lacks it")
                    Path bundle,
            @Option(
                            names = "--fetch-only",
                            description =
                                    "its jobs hand in batches of prepared pictures, for campaigns made with campaign score")
                    boolean fetchOnly,
            @Option(
                            names = "--policy",
                            paramLabel = "FILE",
                            description =
                                    "what differs from the default policy, LAION-400M's figures, as JSON: see docs/policy.md")
                    @Nullable
                    Path policyFile,
            @Option(names = "--replication", paramLabel = "RULE", defaultValue = "none", description = REPLICATION)
                    String replication,
            @Mixin CharterWriter.Options signing)
            throws IOException {
        String id = upload(operator, bundle);
        CampaignSpec spec = new CampaignSpec(
                name,
                address(base),
                slices,
                id,
                policy(policyFile),
                fetchOnly ? Stage.FETCH : null,
                null,
                replication(replication));
        List<String> wats = read(paths);
        if (signing.key != null) {
            spec = spec.signed(new CharterWriter(operator, signing.key, signing.validDays)
                    .sign(name, spec.base(), slices, spec.does(), id, spec.policy(), wats));
        }
        return create(operator, new OperatorCalls.NewCampaign(spec, wats));
    }

    @Command(
            name = "score",
            description =
                    "Makes a campaign that scores the batches of one made with --fetch-only: those that are there, and those to come.",
            mixinStandardHelpOptions = true)
    int score(
            @Mixin OperatorOptions operator,
            @Option(
                            names = "--name",
                            required = true,
                            paramLabel = "NAME",
                            description = "the campaign's name: a-z 0-9 . _ -")
                    String name,
            @Option(
                            names = "--source",
                            required = true,
                            paramLabel = "NAME",
                            description = "the campaign whose batches are scored")
                    String source,
            @Option(
                            names = "--bundle",
                            required = true,
                            paramLabel = "DIR",
                            description = "folder of the model bundle; uploaded if the tracker lacks it")
                    Path bundle,
            @Option(
                            names = "--policy",
                            paramLabel = "FILE",
                            description =
                                    "what differs from the default policy, LAION-400M's figures, as JSON: see docs/policy.md")
                    @Nullable
                    Path policyFile,
            @Option(names = "--replication", paramLabel = "RULE", defaultValue = "none", description = REPLICATION)
                    String replication,
            @Mixin CharterWriter.Options signing)
            throws IOException {
        String id = upload(operator, bundle);
        JsonNode fetched = operator.get("v1/campaigns/" + OperatorOptions.segment(source));
        CampaignSpec spec = new CampaignSpec(
                name,
                fetched.path("base").asText(),
                fetched.path("slices").asInt(),
                id,
                policy(policyFile),
                Stage.SCORE,
                source,
                replication(replication));
        if (signing.key != null) {
            Charter.Ref earlier = CharterWriter.of(policies(operator, source).path(0));
            if (earlier == null) {
                throw new Failure(Exit.DATA, "campaign " + source + " is not signed; sign it first: campaign sign");
            }
            CharterWriter writer = new CharterWriter(operator, signing.key, signing.validDays);
            spec = spec.signed(writer.sign(writer.read(earlier), earlier, name, Stage.SCORE, id, spec.policy()));
        }
        return create(operator, new OperatorCalls.NewCampaign(spec, List.of()));
    }

    /** {@code none}, {@code adaptive}, or a file with what differs from adaptive. */
    private static @Nullable Replication replication(String rule) throws IOException {
        return switch (rule) {
            case "none" -> null;
            case "adaptive" -> Replication.ADAPTIVE;
            default -> changed(Replication.ADAPTIVE, Replication.class, Path.of(rule));
        };
    }

    /** The default policy with what the file says otherwise. */
    private static Policy policy(@Nullable Path file) throws IOException {
        return file == null ? Policy.laion400m() : changed(Policy.laion400m(), Policy.class, file);
    }

    private static <T> T changed(T before, Class<T> type, Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new Failure(Exit.NO_INPUT, "there is no file " + file);
        }
        ObjectNode rules = OperatorOptions.JSON.valueToTree(before);
        try {
            if (!(OperatorOptions.JSON.readTree(Files.readString(file)) instanceof ObjectNode changes)) {
                throw new Failure(Exit.DATA, file + " has no rules: it must be a JSON object");
            }
            rules.setAll(changes);
            return OperatorOptions.JSON.treeToValue(rules, type);
        } catch (JsonProcessingException e) {
            throw new Failure(Exit.DATA, file + " has no such rules: " + Printable.of(e.getOriginalMessage(), 300));
        }
    }

    private int create(OperatorOptions operator, OperatorCalls.NewCampaign wish) throws IOException {
        JsonNode created = operator.post("v1/operator/campaigns", wish);
        String name = wish.spec().name();
        out.println(
                created.path("created").asBoolean()
                        ? "campaign " + name + " made with "
                                + created.path("jobs").asLong() + " jobs"
                        : "campaign " + name + " exists already, the very same");
        return Exit.OK;
    }

    private static String address(String base) {
        if (base.contains("://")) {
            return base.endsWith("/") ? base : base + "/";
        }
        String uri = Path.of(base).toAbsolutePath().normalize().toUri().toString();
        return uri.endsWith("/") ? uri : uri + "/";
    }

    private static List<String> read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new Failure(Exit.NO_INPUT, "there is no file " + file);
        }
        try (InputStream raw = Files.newInputStream(file);
                InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return lines.lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
        }
    }

    private static String upload(OperatorOptions operator, Path folder) throws IOException {
        Path manifest = folder.resolve(BundleShelf.MANIFEST);
        if (!Files.isRegularFile(manifest)) {
            throw new Failure(Exit.NO_INPUT, "there is no model bundle in " + folder);
        }
        String id = Digests.sha256(manifest);
        operator.put("v1/operator/bundles/" + id + "/" + BundleShelf.MANIFEST, manifest);
        JsonNode files =
                OperatorOptions.JSON.readTree(Files.readAllBytes(manifest)).path("files");
        for (var names = files.fieldNames(); names.hasNext(); ) {
            String file = names.next();
            operator.put("v1/operator/bundles/" + id + "/" + file, folder.resolve(file));
        }
        return id;
    }

    @Command(name = "list", description = "Shows all campaigns, one a line.", mixinStandardHelpOptions = true)
    int list(@Mixin OperatorOptions operator) throws IOException {
        out.printf(
                "%-24s %-8s %-6s %10s %10s %10s %10s %12s%n",
                "CAMPAIGN", "STATE", "STAGE", "OPEN", "LEASED", "DONE", "QUARANT.", "KEPT");
        for (JsonNode c : operator.get("v1/campaigns").path("campaigns")) {
            JsonNode jobs = c.path("jobs");
            out.printf(
                    "%-24s %-8s %-6s %10d %10d %10d %10d %12d%n",
                    c.path("name").asText(),
                    c.path("state").asText(),
                    c.path("stage").asText().toLowerCase(Locale.ROOT),
                    jobs.path("open").asLong(),
                    jobs.path("leased").asLong(),
                    jobs.path("done").asLong(),
                    jobs.path("quarantined").asLong(),
                    c.path("accepted").path("kept").asLong());
        }
        return Exit.OK;
    }

    @Command(name = "show", description = "Shows a campaign as JSON.", mixinStandardHelpOptions = true)
    int show(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "the campaign's name") String name)
            throws IOException {
        out.println(OperatorOptions.pretty(operator.get("v1/campaigns/" + name)));
        return Exit.OK;
    }

    @Command(
            name = "policy",
            description =
                    "Shows what a campaign's workers extract, fetch and keep, and all versions of it; --set makes the next one, for jobs that nobody has had yet.",
            mixinStandardHelpOptions = true)
    int policy(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "the campaign's name") String name,
            @Option(names = "--set", paramLabel = "FILE", description = "what differs from the latest version, as JSON")
                    @Nullable
                    Path changes,
            @Option(names = "--reason", paramLabel = "TEXT", description = "why, for everybody; needed with --set")
                    @Nullable
                    String reason,
            @Mixin CharterWriter.Options signing)
            throws IOException {
        if (changes == null) {
            out.println(OperatorOptions.pretty(
                    operator.get("v1/campaigns/" + OperatorOptions.segment(name) + "/policies")));
            return Exit.OK;
        }
        if (reason == null) {
            throw new Failure(Exit.USAGE, "say with --reason why the policy changes");
        }
        JsonNode latest = policies(operator, name).path(0);
        Policy before = OperatorOptions.JSON.treeToValue(latest.path("policy"), Policy.class);
        Charter.Ref charter = null;
        Policy after;
        if (signing.key == null) {
            after = changed(before, Policy.class, changes);
        } else {
            CharterWriter writer = new CharterWriter(operator, signing.key, signing.validDays);
            Charter.Ref earlier = requireSigned(name, latest);
            Charter signed = requireUnchanged(name, latest, writer.read(earlier));
            after = changed(signed.policy(), Policy.class, changes);
            charter = writer.sign(signed, earlier, name, signed.stage(), signed.bundle(), after);
        }
        JsonNode now = operator.post(
                "v1/operator/campaigns/" + OperatorOptions.segment(name) + "/policy",
                new OperatorCalls.NewPolicy(latest.path("version").asInt(), after, reason, charter));
        out.println("campaign " + name + " has version "
                + now.path("policyVersion").asInt() + " of its policy; jobs that somebody has had keep theirs");
        return Exit.OK;
    }

    private static JsonNode policies(OperatorOptions operator, String name) throws IOException {
        return operator.get("v1/campaigns/" + OperatorOptions.segment(name) + "/policies")
                .path("policies");
    }

    private static Charter.Ref requireSigned(String name, JsonNode version) {
        Charter.Ref earlier = CharterWriter.of(version);
        if (earlier == null) {
            throw new Failure(
                    Exit.USAGE,
                    "campaign " + name + " is not signed yet: campaign sign " + name + " --key FILE --paths FILE");
        }
        return earlier;
    }

    /** A tracker that shows another policy than was signed may be in other hands: its policy must not be signed. */
    private static Charter requireUnchanged(String name, JsonNode version, Charter signed) throws IOException {
        Policy shown = OperatorOptions.JSON.treeToValue(version.path("policy"), Policy.class);
        if (!signed.campaign().equals(name) || !signed.policy().equals(shown)) {
            throw new Failure(
                    Exit.DATA,
                    "the tracker shows another policy of campaign " + name + " than this key has signed as version "
                            + version.path("version").asInt() + "; somebody has changed it. Nothing is signed");
        }
        return signed;
    }

    @Command(
            name = "new-key",
            description =
                    "Makes a key that signs campaigns, and prints the public half, for volunteers. Keep the file away from the tracker: whoever has both can make workers do other work.",
            mixinStandardHelpOptions = true)
    int newKey(@Parameters(paramLabel = "FILE", description = "new file for the private key") Path file)
            throws IOException {
        SigningKey key = SigningKey.make(file);
        out.println("private key: " + file);
        out.println("volunteers may run workers with: --campaign-key " + key.publicKey());
        return Exit.OK;
    }

    @Command(
            name = "sign",
            description =
                    "Signs all versions of a campaign's policy: for longer when this key has signed them before; for the first time with --paths, and then look at all of it first: campaign show NAME, campaign policy NAME.",
            mixinStandardHelpOptions = true)
    int sign(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "the campaign's name") String name,
            @Option(
                            names = "--paths",
                            paramLabel = "FILE",
                            description =
                                    "the campaign's WAT paths, as they were given to campaign create; needed the first time")
                    @Nullable
                    Path paths,
            @Mixin CharterWriter.Options signing)
            throws IOException {
        if (signing.key == null) {
            throw new Failure(Exit.USAGE, "say with --key what to sign with; campaign new-key makes one");
        }
        CharterWriter writer = new CharterWriter(operator, signing.key, signing.validDays);
        JsonNode campaign = operator.get("v1/campaigns/" + OperatorOptions.segment(name));
        List<String> wats = paths == null ? null : read(paths);
        int signed = 0;
        for (JsonNode version : policies(operator, name)) {
            Charter.Ref charter;
            if (wats == null) {
                Charter.Ref earlier = requireSigned(name, version);
                Charter before = requireUnchanged(name, version, writer.read(earlier));
                charter = writer.sign(before, earlier, name, before.stage(), before.bundle(), before.policy());
            } else {
                charter = writer.sign(
                        name,
                        campaign.path("base").asText(),
                        campaign.path("slices").asInt(),
                        Stage.valueOf(campaign.path("stage").asText()),
                        campaign.path("bundle").asText(),
                        OperatorOptions.JSON.treeToValue(version.path("policy"), Policy.class),
                        wats);
            }
            operator.post(
                    "v1/operator/campaigns/" + OperatorOptions.segment(name) + "/sign",
                    new OperatorCalls.Signing(version.path("version").asInt(), charter));
            signed++;
        }
        out.println("campaign " + name + ": " + signed + " versions of its policy are signed for " + signing.validDays
                + " days");
        return Exit.OK;
    }

    @Command(
            name = "chain",
            description =
                    "Fetches the chain of hashes of what counted in a campaign and looks whether it holds; with a FILE from before, whether it still begins with that.",
            mixinStandardHelpOptions = true)
    int chain(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "the campaign's name") String name,
            @Option(
                            names = "--file",
                            paramLabel = "FILE",
                            description = "where the links are kept, a line of JSON each; new ones are appended")
                    @Nullable
                    Path file)
            throws IOException {
        List<String> kept = file != null && Files.exists(file) ? Files.readAllLines(file) : List.of();
        List<String> fresh = new ArrayList<>();
        String before = ResultChain.Link.root(name);
        long seq = 0;
        while (true) {
            JsonNode page = operator.get("v1/campaigns/" + OperatorOptions.segment(name) + "/chain?after=" + seq)
                    .path("links");
            if (page.isEmpty()) {
                break;
            }
            for (JsonNode line : page) {
                ResultChain.Link link = link(line);
                if (link.seq() != seq + 1 || !link.follows(before)) {
                    throw new Failure(Exit.DATA, "link " + (seq + 1) + " does not follow the one before it");
                }
                String text = line.toString();
                if (seq < kept.size() && !kept.get((int) seq).equals(text)) {
                    throw new Failure(
                            Exit.DATA,
                            "link " + link.seq() + " is another one than in " + file
                                    + ": what counted has been rewritten since then");
                }
                if (seq >= kept.size()) {
                    fresh.add(text);
                }
                seq = link.seq();
                before = link.hash();
            }
        }
        if (seq < kept.size()) {
            throw new Failure(Exit.DATA, file + " has " + kept.size() + " links, and the tracker only " + seq);
        }
        if (file != null) {
            Files.write(file, fresh, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
        out.println("chain of campaign " + name + ": " + seq + " links hold, the last is " + before);
        return Exit.OK;
    }

    private static ResultChain.Link link(JsonNode line) {
        try {
            return new ResultChain.Link(
                    line.path("seq").asLong(),
                    ResultChain.Kind.valueOf(line.path("kind").asText().toUpperCase(Locale.ROOT)),
                    line.path("job").asLong(),
                    FencingToken.parse(line.path("token").asText()),
                    line.path("manifest").asText(),
                    Instant.ofEpochMilli(line.path("at").asLong()),
                    line.path("hash").asText());
        } catch (IllegalArgumentException e) {
            throw new Failure(Exit.DATA, "the tracker sent what is no link: " + Printable.of(line.toString(), 200));
        }
    }

    @Command(
            name = "replication",
            description = "Says how a campaign's results are checked by each other from now on: see docs/trust.md.",
            mixinStandardHelpOptions = true)
    int replication(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "the campaign's name") String name,
            @Parameters(paramLabel = "RULE", description = "none, adaptive, or a JSON file") String rule)
            throws IOException {
        JsonNode now = operator.post(
                "v1/operator/campaigns/" + OperatorOptions.segment(name) + "/replication",
                new TrustCalls.Wish(replication(rule)));
        out.println("campaign " + name + " compares results: " + now.path("replication"));
        return Exit.OK;
    }

    @Command(
            name = "priority",
            description = "Says whose jobs go out first: those of campaigns with a higher number, -100 to 100.",
            mixinStandardHelpOptions = true)
    int priority(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "the campaign's name") String name,
            @Parameters(paramLabel = "NUMBER", description = "-100 to 100; campaigns have 0 until told otherwise")
                    int priority)
            throws IOException {
        JsonNode now = operator.post("v1/operator/campaigns/" + name + "/priority", Map.of("priority", priority));
        out.println("campaign " + name + " has priority " + now.path("priority").asInt());
        return Exit.OK;
    }

    @Command(
            name = "pause",
            description = "Leases no more of its jobs; what is leased goes on.",
            mixinStandardHelpOptions = true)
    int pause(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "the campaign's name") String name)
            throws IOException {
        operator.post("v1/operator/campaigns/" + name + "/pause", Map.of());
        out.println("campaign " + name + " is paused");
        return Exit.OK;
    }

    @Command(name = "resume", description = "Leases its jobs again.", mixinStandardHelpOptions = true)
    int resume(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "the campaign's name") String name)
            throws IOException {
        operator.post("v1/operator/campaigns/" + name + "/resume", Map.of());
        out.println("campaign " + name + " is active");
        return Exit.OK;
    }
}
