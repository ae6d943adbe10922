package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The worker's package as a volunteer without Java and without an administrator has it: unpacked, installed, updated, removed. */
class PackageIT {
    @TempDir
    static Path made;

    @TempDir
    Path folder;

    private Programs programs;
    private Path home;
    private Path prefix;
    private Path temporary;

    @BeforeAll
    static void makeThePackage() throws Exception {
        assumeTrue(
                System.getProperty("os.name").equals("Linux")
                        && Files.isDirectory(Path.of(System.getProperty("java.home"), "jmods")),
                "packages are made on Linux by a JDK with its jmods; this is none");
        try (Programs making = new Programs(made)) {
            said(
                    making,
                    Map.of("JAVA_HOME", System.getProperty("java.home")),
                    "packages/make",
                    "--jar",
                    Programs.WORKER.toString(),
                    "--out",
                    made.resolve("out").toString(),
                    "worker");
        }
    }

    @BeforeEach
    void unpack() throws Exception {
        programs = new Programs(folder);
        home = Files.createDirectories(folder.resolve("user"));
        prefix = home.resolve(".local");
        temporary = Files.createDirectories(folder.resolve("temporary"));
        said(programs, Map.of(), "tar", "-xzf", made(".tar.gz").toString(), "-C", folder.toString());
    }

    @AfterEach
    void end() throws Exception {
        programs.close();
    }

    private static Path made(String suffix) throws Exception {
        try (var files = Files.list(made.resolve("out"))) {
            return files.filter(f -> f.toString().endsWith(suffix)).findAny().orElseThrow();
        }
    }

    private static String said(Programs programs, Map<String, String> environment, String... command) throws Exception {
        Process process = programs.launch(environment, Arrays.asList(command), "said.log");
        assertTrue(process.waitFor(180, TimeUnit.SECONDS), "it ends by itself");
        assertEquals(0, process.exitValue(), programs.read("said.log"));
        return programs.read("said.log");
    }

    /** As the user. Java asks the system for a user's home, not $HOME. */
    private Map<String, String> user() {
        return Map.of(
                "HOME",
                home.toString(),
                "GLEANER_HOME",
                home + "/.gleaner",
                "GLEANER_JAVA_OPTIONS",
                "-Xmx256m -Duser.home=" + home + " -Djava.io.tmpdir=" + temporary,
                "JAVA_HOME",
                "/nowhere");
    }

    private static List<String> names(Path folder) throws Exception {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private Path unpacked() {
        return folder.resolve("gleaner-worker");
    }

    private String install(String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of(unpacked().resolve("install").toString()));
        command.addAll(List.of(arguments));
        return said(programs, user(), command.toArray(String[]::new));
    }

    private Process worker(SmallCampaign campaign) throws Exception {
        List<String> command =
                new ArrayList<>(List.of(prefix.resolve("bin/gleaner-worker").toString()));
        for (String argument : campaign.run()) {
            command.add(argument.equals(folder.resolve("home").toString()) ? home + "/.gleaner" : argument);
        }
        return programs.launch(user(), command, "worker.log");
    }

    @Test
    void anInstalledWorkerDoesAJobWithItsOwnJavaAndLeavesNoTrace() throws Exception {
        String installed = install();
        Path program = prefix.resolve("bin/gleaner-worker");
        assertTrue(installed.contains("gleaner worker ") && installed.contains(program.toString()), installed);
        assertTrue(installed.contains("is not on your PATH"), installed);

        try (SmallCampaign campaign = new SmallCampaign(folder)) {
            Process worker = worker(campaign);
            assertTrue(worker.waitFor(120, TimeUnit.SECONDS), () -> programs.read("worker.log"));
            assertEquals(0, worker.exitValue(), programs.read("worker.log"));
            assertTrue(campaign.accepted().path("kept").asLong() > 0, "pictures were decoded and scored");
            assertEquals(List.of(".gleaner", ".local"), names(home), "it writes nowhere else");
            assertEquals(List.of(), names(temporary), "nor where everybody's temporary files are");
        }

        String updated = install();
        assertTrue(updated.contains("gleaner worker "), updated);
        assertFalse(Files.exists(prefix.resolve("lib/gleaner-worker.old")), "what was replaced is gone");

        said(programs, user(), prefix + "/lib/gleaner-worker/install", "--remove");
        assertFalse(Files.exists(program));
        assertTrue(Files.exists(home.resolve(".gleaner")), "the identity stays until somebody says so");
        install("--remove", "--purge");
        assertEquals(List.of(".local"), names(home));
        assertEquals(List.of(), names(prefix));
    }

    @Test
    void anUpdateStopsTheWorkerThatRunsAndAPackageThatDoesNotRunReplacesNothing() throws Exception {
        install();
        try (SmallCampaign campaign = new SmallCampaign(folder)) {
            Process worker = worker(campaign);
            Programs.awaitThat(() -> campaign.sum() > 0);
            String updated = install();
            assertTrue(updated.contains("gives its job back"), updated);
            assertTrue(worker.waitFor(30, TimeUnit.SECONDS), () -> programs.read("worker.log"));
        }

        Path java = unpacked().resolve("runtime/bin/java");
        Files.delete(java);
        Files.writeString(java, "#!/bin/sh\nexit 1\n");
        assertTrue(java.toFile().setExecutable(true));
        Process broken =
                programs.launch(user(), List.of(unpacked().resolve("install").toString()), "broken.log");
        assertTrue(broken.waitFor(60, TimeUnit.SECONDS));
        assertEquals(69, broken.exitValue(), programs.read("broken.log"));
        assertTrue(programs.read("broken.log").contains("Nothing was changed"), programs.read("broken.log"));
        said(programs, user(), prefix.resolve("bin/gleaner-worker").toString(), "--version");
    }

    /** What a package needs of the machine it was made on, other machines may not have. */
    @Test
    void itsJavaNeedsNothingOfTheSystemButTheCLibrary() throws Exception {
        Set<String> outside = new TreeSet<>();
        for (String library :
                List.of("libjavajpeg.so", "liblcms.so", "libawt.so", "libzip.so", "libjli.so", "server/libjvm.so")) {
            String needed = said(
                    programs,
                    Map.of(),
                    "ldd",
                    unpacked().resolve("runtime/lib/" + library).toString());
            needed.lines()
                    .map(String::strip)
                    .filter(line -> line.contains(" => /"))
                    .filter(line -> !line.contains(" => " + unpacked()))
                    .map(line -> line.substring(0, line.indexOf(' ')))
                    .forEach(outside::add);
        }
        outside.removeIf(name -> name.matches("(libc|libm|libdl|libpthread|librt|libgcc_s|libstdc\\+\\+)\\.so\\.\\d+"));
        assertEquals(Set.of(), outside);
    }

    @Test
    void aWorkerWhoseJavaCannotDecodeDoesNotBegin() throws Exception {
        Files.delete(unpacked().resolve("runtime/lib/libjavajpeg.so"));
        Process worker = programs.launch(
                user(),
                List.of(
                        unpacked().resolve("bin/gleaner-worker").toString(),
                        "preprocess",
                        "--output-dir",
                        folder.resolve("out").toString(),
                        folder.resolve("picture.jpg").toString()),
                "decoders.log");
        assertTrue(worker.waitFor(60, TimeUnit.SECONDS));
        assertEquals(74, worker.exitValue(), programs.read("decoders.log"));
        assertTrue(
                programs.read("decoders.log").contains("this Java cannot decode pictures of format jpeg"),
                programs.read("decoders.log"));
    }

    @Test
    void theDebianPackageSaysWhatItNeedsAndKeepsItsSettings() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/dpkg-deb")), "there is no dpkg-deb on this machine");
        String info =
                said(programs, Map.of(), "dpkg-deb", "--info", made(".deb").toString());
        assertTrue(info.contains("Package: gleaner-worker"), info);
        assertFalse(info.contains("@"), "every word was filled in: " + info);
        assertFalse(info.contains("java-runtime"), info);
        String files =
                said(programs, Map.of(), "dpkg-deb", "--contents", made(".deb").toString());
        assertTrue(files.contains("-rw------- root/root"), "settings may hold secrets: " + files);
        assertTrue(files.contains("./usr/lib/systemd/system/gleaner-worker.service"), files);
    }
}
