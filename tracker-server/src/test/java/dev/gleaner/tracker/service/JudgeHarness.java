package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.Newcomers;
import dev.gleaner.tracker.ShardFiles;
import dev.gleaner.tracker.intake.Intake;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.Reputation;
import dev.gleaner.tracker.ledger.sql.LedgerCheck;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.screen.Screened;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import dev.gleaner.tracker.trust.Draw;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A judge over a real ledger and a real store, with one thread, and workers whose results are Parquet. */
abstract class JudgeHarness {
    static final int JOBS = 6;

    @TempDir
    Path folder;

    final ManualClock clock = new ManualClock();
    final ExecutorService threads = Executors.newSingleThreadExecutor();
    final List<String> verdicts = new ArrayList<>();
    private final BlockingQueue<String> ended = new LinkedBlockingQueue<>();

    SqlLedger ledger;
    FileObjectStore store;
    Screened screened = Screened.NOTHING;
    Hosts hosts;
    Judge judge;

    /** Runs after each time that the judge asks who handed in what. */
    Runnable afterHandedIn = () -> {};

    @BeforeEach
    void open() throws Exception {
        ledger = SqlLedger.sqlite(folder.resolve("ledger.db"), clock, LedgerMonitor.NONE);
        store = new FileObjectStore(folder.resolve("objects"), new byte[32], clock);
        List<String> paths =
                IntStream.range(0, JOBS).mapToObj(i -> "w" + i + ".wat.gz").toList();
        await(ledger.addCampaign(
                new CampaignSpec("c", "https://x/", 1, ShardFiles.BUNDLE, Policy.laion400m()), paths, "op"));
        for (String worker : List.of("ada", "bela", "cleo", "dora", "eve")) {
            await(Newcomers.enrol(ledger.roster(), worker, worker));
        }
        hosts = new Hosts(ledger.statistics()::keptFrom, clock);
        judge = newJudge(new Intake(store));
    }

    @AfterEach
    void close() {
        threads.shutdownNow();
        ledger.close();
    }

    Judge newJudge(Intake intake) {
        return new Judge(
                ledger,
                reputation(),
                new Draw(new byte[32]),
                intake,
                hosts,
                threads,
                clock,
                new Screened() {
                    @Override
                    public boolean isLeftOut(String url, ImageHashes image) {
                        return screened.isLeftOut(url, image);
                    }

                    @Override
                    public long known(Ledger.ReadyJob job, FencingToken token) throws IOException {
                        return screened.known(job, token);
                    }
                },
                new JudgeMonitor() {
                    @Override
                    public void judged(Submit.Outcome outcome, String reason) {
                        verdicts.add(outcome + " " + reason);
                    }

                    @Override
                    public void counts(long job, FencingToken token) {
                        verdicts.add("counts " + job + " " + token.attempt());
                    }

                    @Override
                    public void took(Duration time) {
                        ended.add("took");
                    }

                    @Override
                    public void failed() {
                        ended.add("failed");
                    }
                });
    }

    private Reputation reputation() {
        Reputation real = ledger.reputation();
        return (Reputation) Proxy.newProxyInstance(
                Reputation.class.getClassLoader(), new Class<?>[] {Reputation.class}, (proxy, method, arguments) -> {
                    try {
                        Object answer = method.invoke(real, arguments);
                        if (method.getName().equals("handedIn")) {
                            afterHandedIn.run();
                        }
                        return answer;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    static <T> T await(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    /** How results are compared: a worker is proven by one result, and then checked only by its chance. */
    static Replication rule(double leastChecked, double knownAnswers) {
        return new Replication(1, leastChecked, 0.02, 0.7, 3, knownAnswers);
    }

    void compare(Replication rule) throws Exception {
        assertTrue(await(ledger.reputation().replicate("c", rule, "op")));
    }

    /** Makes a worker so well proven that its results are all but never checked. */
    void prove(String worker) throws Exception {
        sql("UPDATE worker SET proven = 1000000000 WHERE id = '" + worker + "'");
    }

    void sql(String statement) throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("ledger.db"));
                Statement run = connection.createStatement()) {
            assertTrue(run.executeUpdate(statement) > 0, statement);
        }
    }

    FencingToken token(int attempt) {
        return new FencingToken(ledger.epoch(), attempt);
    }

    Decision apply(long job, LedgerEvent event) throws Exception {
        return await(ledger.apply(job, event, "test")).orElseThrow();
    }

    /** @param hedge whether a second worker may have the job, too */
    int grant(long job, String worker, boolean hedge) throws Exception {
        Decision decision = apply(job, new LedgerEvent.Grant(worker, "r" + worker + job, Duration.ofHours(1), hedge));
        return assertInstanceOf(Decision.Applied.class, decision)
                .attempts()
                .get(0)
                .number();
    }

    static List<Map<String, Object>> pairs(long count) {
        return LongStream.rangeClosed(1, count).mapToObj(ShardFiles::pair).toList();
    }

    /** Pairs that no honest worker finds. */
    static List<Map<String, Object>> otherPairs(long count, long seed) {
        List<Map<String, Object>> rows = new ArrayList<>(pairs(count));
        rows.forEach(row ->
                row.put("image_sha256", String.format("%016x", seed + (long) row.get("SAMPLE_ID")) + "0".repeat(48)));
        return rows;
    }

    ShardObject upload(long job, int attempt, String worker, List<Map<String, Object>> pairs) throws Exception {
        return ShardFiles.upload(store, folder, ledger.job(job).orElseThrow(), token(attempt), worker, pairs);
    }

    void submit(long job, int attempt, String worker, Manifest manifest) throws Exception {
        String json = new String(Json.bytes(manifest), StandardCharsets.UTF_8);
        apply(job, new LedgerEvent.Submit(worker, token(attempt), json, Tokens.hash(json), manifest.candidateDigest()));
    }

    /** Grants, uploads and submits. @return the attempt */
    int handIn(long job, String worker, List<Map<String, Object>> pairs) throws Exception {
        int attempt = grant(job, worker, false);
        submit(job, attempt, worker, ShardFiles.manifest(upload(job, attempt, worker, pairs)));
        return attempt;
    }

    /** Waits until a judgement that was begun is over. @return {@code took} or {@code failed} */
    String over() throws Exception {
        return String.valueOf(ended.poll(20, TimeUnit.SECONDS));
    }

    /** Judges to the end, later than its worker hears. */
    Submit.Response judged(long job, int attempt) throws Exception {
        Submit.Response response = await(judge.judge(job, attempt));
        assertEquals("took", over());
        return response;
    }

    /** Until the judge's thread has done what it had to, and the ledger what that asked for. */
    void rest() throws Exception {
        for (int i = 0; i < 3; i++) {
            threads.submit(() -> {}).get(20, TimeUnit.SECONDS);
            await(ledger.note("test", "rest", "nothing", null));
        }
    }

    AttemptStatus status(long job, int attempt) {
        return ledger.attempt(job, attempt).orElseThrow().status();
    }

    String state(long job) {
        return ledger.view(job).orElseThrow().state();
    }

    /** Attempts whose objects lie under a prefix, of a job. */
    Set<Integer> objects(String prefix, long job) throws Exception {
        Set<Integer> attempts = new TreeSet<>();
        if (Files.exists(folder.resolve("objects").resolve(prefix))) {
            store.each(
                    prefix,
                    object -> ObjectKeys.parse(object.key())
                            .filter(place -> place.job() == job)
                            .ifPresent(place -> attempts.add(place.token().attempt())));
        }
        return attempts;
    }

    void assertSound() {
        assertEquals(List.of(), LedgerCheck.faults(ledger));
    }
}
