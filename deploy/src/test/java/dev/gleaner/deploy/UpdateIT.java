package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.jar.Manifest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker that takes the releases its tracker offers: the two jars as people start them, with other versions written into them. */
@Tag("jdk")
class UpdateIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LOG = "worker.log";

    @TempDir
    Path folder;

    private SmallCampaign campaign;

    @BeforeEach
    void start() throws Exception {
        campaign = new SmallCampaign(folder);
    }

    @AfterEach
    void stop() throws Exception {
        campaign.close();
    }

    private Programs.Ended operator(String... arguments) throws Exception {
        List<String> all = new ArrayList<>(Arrays.asList(arguments));
        all.addAll(List.of(
                "--tracker",
                "http://127.0.0.1:" + campaign.trackerPort(),
                "--token-file",
                folder.resolve("data/operator.token").toString()));
        Programs.Ended ended = campaign.programs.operate(all.toArray(String[]::new));
        assertEquals(0, ended.code(), ended.said());
        return ended;
    }

    /** A new key; returns its public half as a build takes it. */
    private String newKey(String name) throws Exception {
        Programs.Ended made = campaign.programs.operate(
                "worker-release", "new-key", folder.resolve(name).toString());
        assertEquals(0, made.code(), made.said());
        return made.said()
                .substring(made.said().indexOf("worker.release.key=") + "worker.release.key=".length())
                .strip();
    }

    /** The worker's jar as if it had been built with this version and key. */
    private Path jar(String version, String key) throws IOException {
        Path jar = Files.createDirectories(folder.resolve(version)).resolve("worker-agent.jar");
        Files.copy(Programs.WORKER, jar);
        try (FileSystem zip = FileSystems.newFileSystem(jar)) {
            Path build = zip.getPath("dev/gleaner/worker/build.properties");
            Properties properties = new Properties();
            try (var in = Files.newInputStream(build)) {
                properties.load(in);
            }
            properties.setProperty("git.build.version", version);
            try (OutputStream out = Files.newOutputStream(build)) {
                properties.store(out, null);
            }
            Path about = zip.getPath("META-INF/MANIFEST.MF");
            Manifest manifest;
            try (var in = Files.newInputStream(about)) {
                manifest = new Manifest(in);
            }
            assertEquals("worker-agent.jar", manifest.getMainAttributes().getValue("Gleaner-Jar-Name"));
            manifest.getMainAttributes().putValue("Gleaner-Release-Key", key);
            try (OutputStream out = Files.newOutputStream(about)) {
                manifest.write(out);
            }
        }
        return jar;
    }

    private static void spoil(Path jar) throws IOException {
        try (FileSystem zip = FileSystems.newFileSystem(jar)) {
            Files.delete(zip.getPath("dev/gleaner/worker/cli/WorkerCommand.class"));
        }
    }

    private JsonNode worker() throws Exception {
        JsonNode workers = JSON.readTree(campaign.get(campaign.trackerPort(), "/v1/operator/workers")
                        .body())
                .path("workers");
        assertTrue(workers.size() <= 1, workers.toString());
        return workers.path(0);
    }

    private void offer(String version, String key, Path jar) throws Exception {
        operator(
                "worker-release",
                "offer",
                "--key",
                folder.resolve(key).toString(),
                "--release",
                version,
                jar.toString());
        operator("worker", "update", worker().path("worker").asText());
    }

    private void awaitSaid(String line) throws Exception {
        Programs.awaitThat(() -> campaign.programs.read(LOG).contains(line));
    }

    @Test
    void releasesTakeOverTheBadOnesDoNot() throws Exception {
        String key = newKey("our.key");
        newKey("their.key");
        List<String> arguments = new ArrayList<>(Arrays.asList(campaign.run()));
        arguments.set(arguments.indexOf("--jobs") + 1, "0");
        arguments.add("--auto-update");

        Programs.Ended keyless = campaign.programs.run(Programs.WORKER, arguments.toArray(String[]::new));
        assertEquals(78, keyless.code(), keyless.said());
        assertTrue(keyless.said().contains("no release key was built into"), keyless.said());

        Process worker = campaign.programs.launch(jar("1.0.0", key), LOG, arguments.toArray(String[]::new));
        awaitSaid("Worker is ready");
        assertTrue(worker().path("agent").asText().startsWith("gleaner-worker/1.0.0 "), worker().toString());

        offer("1.1.0", "our.key", jar("1.1.0", key));
        awaitSaid("version 1.1.0 takes over from 1.0.0");
        Programs.awaitThat(() -> worker().path("agent").asText().startsWith("gleaner-worker/1.1.0 "));
        assertEquals("NONE", worker().path("directive").asText(), "the wish is fulfilled");

        Path broken = jar("1.2.0", key);
        spoil(broken);
        offer("1.2.0", "our.key", broken);
        awaitSaid("version 1.2.0 does not run here (exit code 1) and is not started again; going on with 1.1.0");

        offer("1.3.0", "their.key", jar("1.3.0", key));
        awaitSaid("the release is not signed by the key that this program trusts");
        assertFalse(campaign.programs.read(LOG).contains("1.3.0"), campaign.programs.read(LOG));
        Programs.awaitThat(() -> worker.children().anyMatch(ProcessHandle::isAlive));
        List<ProcessHandle> children = worker.children().toList();
        worker.destroy();
        assertTrue(worker.waitFor(40, TimeUnit.SECONDS), () -> campaign.programs.read(LOG));
        for (ProcessHandle child : children) {
            assertFalse(child.isAlive(), "a worker outlived the one who started it");
        }
    }
}
