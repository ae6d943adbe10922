package dev.gleaner.tracker.ledger.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.tracker.Newcomers;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.storage.s3.ServerProcess;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A database with a synchronous standby that takes over when the first dies in the midst of work. */
class PostgresFailoverIT {
    private static final int WRITERS = 8;
    private static final int JOBS = 20_000;

    @TempDir
    Path folder;

    private final Map<Path, Process> servers = new ConcurrentHashMap<>();
    private int first;
    private int second;
    private Path primary;
    private Path standby;
    private String program;

    @BeforeEach
    void startBoth() throws Exception {
        primary = folder.resolve("primary");
        standby = folder.resolve("standby");
        first = ServerProcess.freePort();
        second = ServerProcess.freePort();
        // Makes the folder and unpacks the program.
        EmbeddedPostgres.builder()
                .setServerConfig("unix_socket_directories", "") // Or it writes into /tmp.
                .setDataDirectory(primary)
                .setCleanDataDirectory(false)
                .setPort(first)
                .start()
                .close();
        String options = Files.readString(primary.resolve("postmaster.opts"));
        // The path itself may have spaces; what follows it is quoted.
        program = options.substring(0, options.indexOf(" \""));
        assertEquals(
                0,
                new ProcessBuilder("cp", "-a", primary.toString(), standby.toString())
                        .start()
                        .waitFor());
        Files.createFile(standby.resolve("standby.signal"));
        Files.writeString(
                standby.resolve("postgresql.auto.conf"),
                "primary_conninfo = 'host=127.0.0.1 port=" + first + " user=postgres application_name=standby'\n",
                StandardOpenOption.APPEND);
        start(primary, first, "synchronous_standby_names=*");
        start(standby, second, "synchronous_standby_names=");
        await(() -> "sync".equals(ask(first, "SELECT sync_state FROM pg_stat_replication")));
    }

    @AfterEach
    void stopBoth() throws InterruptedException {
        for (Process server : servers.values()) {
            server.destroyForcibly().waitFor();
        }
    }

    private void start(Path data, int port, String setting) throws IOException {
        List<String> command = new ArrayList<>();
        if (Files.getOwner(folder).getName().equals("root")) {
            command.addAll(List.of("unshare", "-U")); // The server will not run as root.
        }
        command.addAll(List.of(
                program,
                "-D",
                data.toString(),
                "-p",
                Integer.toString(port),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-c",
                "max_connections=300", // As when the folder was made: a standby may not have fewer.
                "-c",
                "fsync=on",
                "-c",
                "synchronous_commit=on",
                "-c",
                setting));
        servers.put(
                data,
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(
                                folder.resolve(data.getFileName() + ".log").toFile())
                        .start());
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private void await(Condition condition) throws Exception {
        Instant until = Instant.now().plusSeconds(60);
        while (!condition.holds()) {
            assertTrue(
                    Instant.now().isBefore(until),
                    () -> "not in a minute: " + read("primary.log") + read("standby.log"));
            Thread.sleep(100);
        }
    }

    private String read(String log) {
        try {
            return Files.readString(folder.resolve(log));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** The first value of the answer, or what went wrong. */
    private static String ask(int port, String sql) {
        try (Connection c =
                        DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=postgres");
                Statement s = c.createStatement();
                ResultSet r = s.executeQuery(sql)) {
            return r.next() ? r.getString(1) : "";
        } catch (SQLException e) {
            return e.toString();
        }
    }

    @Test
    void whatWasAcknowledgedSurvivesAFailOverAndNoTokenIsGrantedTwice() throws Exception {
        String both = "jdbc:postgresql://127.0.0.1:" + first + ",127.0.0.1:" + second
                + "/postgres?user=postgres&targetServerType=primary&hostRecheckSeconds=1";
        Map<String, String> acknowledged = new ConcurrentHashMap<>();
        AtomicLong next = new AtomicLong(1);
        AtomicBoolean over = new AtomicBoolean();
        try (SqlLedger ledger = SqlLedger.postgres(both, null, null, InstantSource.system(), LedgerMonitor.NONE)) {
            List<String> paths =
                    IntStream.range(0, JOBS / 1_000).mapToObj(i -> "p" + i).toList();
            ledger.addCampaign(
                            new CampaignSpec("c", "https://x/", 1_000, "b".repeat(64), Policy.laion400m()), paths, "op")
                    .toCompletableFuture()
                    .join();
            Newcomers.enrol(ledger.roster(), "ada", "hash")
                    .toCompletableFuture()
                    .join();
            List<Thread> writers = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                Thread writer = new Thread(() -> {
                    while (!over.get()) {
                        long job = next.getAndIncrement();
                        String request = "r" + job;
                        try {
                            Decision decision = ledger.apply(
                                            job,
                                            new LedgerEvent.Grant("ada", request, Duration.ofHours(1), false),
                                            "ada")
                                    .toCompletableFuture()
                                    .join()
                                    .orElseThrow();
                            if (decision instanceof Decision.Applied applied) {
                                acknowledged.put(
                                        job + "/" + applied.attempts().get(0).number(), request);
                            }
                        } catch (CompletionException | Ledger.LedgerException e) {
                            pause();
                        }
                    }
                });
                writer.start();
                writers.add(writer);
            }
            await(() -> acknowledged.size() > 300);
            servers.get(primary).destroyForcibly().waitFor();
            int before = acknowledged.size();
            assertEquals("t", ask(second, "SELECT pg_promote()"));
            await(() -> acknowledged.size() > before + 300);
            over.set(true);
            for (Thread writer : writers) {
                writer.join(TimeUnit.MINUTES.toMillis(1));
            }
            assertEquals("f", ask(second, "SELECT pg_is_in_recovery()"));
            for (Map.Entry<String, String> grant : acknowledged.entrySet()) {
                long job = Long.parseLong(grant.getKey().split("/", -1)[0]);
                int number = Integer.parseInt(grant.getKey().split("/", -1)[1]);
                assertTrue(
                        ledger.attempt(job, number).isPresent(), grant + " was acknowledged and is not there any more");
                assertEquals(
                        List.of(job),
                        ledger.granted("ada", grant.getValue()).stream()
                                .map(Ledger.LiveAttempt::job)
                                .toList());
            }
            assertEquals(List.of(), LedgerCheck.faults(ledger));
            System.out.println("fail-over: " + before + " grants acknowledged before, " + (acknowledged.size() - before)
                    + " after; none lost");
        }
    }

    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
