package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gleaner.protocol.release.Version;
import dev.gleaner.protocol.release.WorkerRelease;
import dev.gleaner.tracker.service.BundleShelf;
import dev.gleaner.tracker.storage.Digests;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code worker-release new-key|offer|show|withdraw}. */
@Command(
        name = "worker-release",
        description = "Releases of the worker that this tracker offers to workers that update themselves.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class WorkerReleaseCommand {
    private static final String RELEASE = "v1/operator/worker-release";
    private static final Pattern JAR = Pattern.compile("worker-agent(-[a-z0-9_-]{1,40})?[.]jar");
    private final PrintStream out;

    WorkerReleaseCommand(PrintStream out) {
        this.out = out;
    }

    @Command(
            name = "new-key",
            description =
                    "Makes a key that signs releases, and prints the public half, which is built into workers. Keep the file away from the tracker.",
            mixinStandardHelpOptions = true)
    int newKey(@Parameters(paramLabel = "FILE", description = "new file for the private key") Path file)
            throws IOException {
        SigningKey key = SigningKey.make(file);
        out.println("private key: " + file);
        out.println("build workers with: -Dworker.release.key=" + key.publicKey());
        return Exit.OK;
    }

    @Command(
            name = "offer",
            description = "Signs jars as one release here, uploads them, and offers the release to all workers.",
            mixinStandardHelpOptions = true)
    int offer(
            @Mixin OperatorOptions operator,
            @Option(
                            names = "--key",
                            required = true,
                            paramLabel = "FILE",
                            description = "private key; it is read here and never sent")
                    Path key,
            @Option(
                            names = "--release",
                            required = true,
                            paramLabel = "VERSION",
                            description = "the jars' version, such as 1.2.0")
                    String version,
            @Parameters(
                            arity = "1..*",
                            paramLabel = "JAR",
                            description = "worker-agent.jar, worker-agent-linux-x86_64.jar and so on")
                    List<Path> jars)
            throws IOException {
        if (Version.parse(version).isEmpty()) {
            throw new Failure(Exit.USAGE, "--release must be like 1.2.3 or 1.2.3-rc.1");
        }
        Map<String, Path> files = new LinkedHashMap<>();
        ObjectNode manifest = OperatorOptions.JSON.createObjectNode();
        manifest.put("kind", WorkerRelease.KIND).put("version", version);
        ObjectNode listed = manifest.putObject("files");
        for (Path jar : jars) {
            String name = String.valueOf(jar.getFileName());
            if (!JAR.matcher(name).matches()) {
                throw new Failure(
                        Exit.USAGE,
                        "a worker's jar is called worker-agent.jar or worker-agent-PLATFORM.jar, not " + name);
            }
            if (!Files.isRegularFile(jar)) {
                throw new Failure(Exit.NO_INPUT, "there is no file " + jar);
            }
            files.put(name, jar);
            listed.putObject(name).put("bytes", Files.size(jar)).put("sha256", Digests.sha256(jar));
        }
        byte[] bytes = OperatorOptions.JSON.writeValueAsBytes(manifest);
        String signature = SigningKey.read(key, "worker-release new-key").sign(bytes);
        Path file = Files.createTempFile("release-", ".json");
        try {
            Files.write(file, bytes);
            String id = Digests.sha256(file);
            operator.put("v1/operator/bundles/" + id + "/" + BundleShelf.MANIFEST, file);
            for (Map.Entry<String, Path> jar : files.entrySet()) {
                operator.put("v1/operator/bundles/" + id + "/" + jar.getKey(), jar.getValue());
            }
            print(operator.post(RELEASE, new WorkerRelease(version, id, signature)));
        } finally {
            Files.deleteIfExists(file);
        }
        return Exit.OK;
    }

    @Command(name = "show", description = "Shows what is offered to workers.", mixinStandardHelpOptions = true)
    int show(@Mixin OperatorOptions operator) throws IOException {
        print(operator.get("v1/worker-release"));
        return Exit.OK;
    }

    @Command(
            name = "withdraw",
            description = "Offers no release; workers that have taken it keep it.",
            mixinStandardHelpOptions = true)
    int withdraw(@Mixin OperatorOptions operator) throws IOException {
        print(operator.post(RELEASE, WorkerRelease.NONE));
        return Exit.OK;
    }

    private void print(JsonNode release) {
        out.println(
                release.path("version").asText().isEmpty()
                        ? "no release of the worker is offered"
                        : "offered to workers: " + release.path("version").asText() + ", bundle "
                                + release.path("bundle").asText());
    }
}
