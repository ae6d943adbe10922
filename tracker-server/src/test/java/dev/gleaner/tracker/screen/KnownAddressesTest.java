package dev.gleaner.tracker.screen;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.Newcomers;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownAddressesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long[] ADDRESSES = {11L << 50, 22L << 50, 33L << 50};

    @TempDir
    Path folder;

    private final ManualClock clock = new ManualClock();
    private SqlLedger ledger;
    private FileObjectStore store;
    private KnownAddresses known;

    @BeforeEach
    void open() throws Exception {
        ledger = SqlLedger.sqlite(folder.resolve("ledger.db"), clock, LedgerMonitor.NONE);
        store = new FileObjectStore(folder.resolve("objects"), new byte[32], clock);
        campaign("c", true);
        await(Newcomers.enrol(ledger.roster(), "ada", "ada"));
        await(Newcomers.enrol(ledger.roster(), "bela", "bela"));
        known = fresh();
    }

    @AfterEach
    void close() {
        ledger.close();
    }

    private KnownAddresses fresh() {
        KnownAddresses fresh = new KnownAddresses(ledger, store, new LocalFilter(10_000), folder.resolve("scratch"));
        fresh.tend();
        return fresh;
    }

    private static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private void campaign(String name, boolean skipKnown) throws Exception {
        ObjectNode policy = JSON.valueToTree(Policy.laion400m());
        policy.put("skipKnown", skipKnown);
        await(ledger.addCampaign(
                new CampaignSpec(name, "https://x/", 1, "b".repeat(64), JSON.treeToValue(policy, Policy.class)),
                List.of("p0", "p1", "p2", "p3"),
                "op"));
    }

    private List<Long> jobs(String campaign) {
        return ledger.views(new Ledger.JobQuery(campaign, null, null, null), 0, 10).stream()
                .map(view -> view.job())
                .toList();
    }

    private FencingToken lease(long job, String worker, int attempt) {
        await(ledger.apply(job, new LedgerEvent.Grant(worker, "r" + job + attempt, Duration.ofHours(6), false), "t"));
        return new FencingToken(ledger.epoch(), attempt);
    }

    private List<Integer> ask(long job, FencingToken token, long... addresses) throws Exception {
        return known.known(ledger.job(job).orElseThrow(), token, addresses).stream()
                .boxed()
                .toList();
    }

    private void accept(long job, String worker, FencingToken token, int candidates) throws Exception {
        Manifest manifest = new Manifest(
                "b".repeat(64),
                "fp32",
                1,
                "0".repeat(32),
                new Counts(1, 0, 1, 0, candidates, candidates, 0, Map.of(), Map.of("too_small", (long) candidates), 1),
                List.of(),
                1);
        await(ledger.apply(
                job,
                new LedgerEvent.Submit(
                        worker, token, JSON.writeValueAsString(manifest), "print", manifest.candidateDigest()),
                "t"));
        await(ledger.accept(job, token.attempt(), manifest, Profile.none()));
        known.accepted(job, token);
    }

    @Test
    void anAddressIsKnownOnceAJobThatHadItIsAcceptedAndAJobThatDiesTakesNoneWithIt() throws Exception {
        List<Long> jobs = jobs("c");
        FencingToken dies = lease(jobs.get(0), "ada", 1);
        assertEquals(List.of(), ask(jobs.get(0), dies, ADDRESSES));
        FencingToken second = lease(jobs.get(1), "bela", 1);
        assertEquals(List.of(), ask(jobs.get(1), second, ADDRESSES[0], ADDRESSES[1]));
        accept(jobs.get(1), "bela", second, 2);
        FencingToken third = lease(jobs.get(2), "bela", 1);
        assertEquals(List.of(0, 1), ask(jobs.get(2), third, ADDRESSES));
        assertEquals(2, known.toldKnown(ledger.job(jobs.get(2)).orElseThrow(), third));
        assertEquals(0, known.toldKnown(ledger.job(jobs.get(1)).orElseThrow(), second));
        known.tend();
        assertEquals(2, known.held());
    }

    @Test
    void anotherAttemptIsToldWhatTheFirstWasToldSoThatTheirResultsCanBeCompared() throws Exception {
        List<Long> jobs = jobs("c");
        FencingToken first = lease(jobs.get(0), "ada", 1);
        assertEquals(List.of(), ask(jobs.get(0), first, ADDRESSES));
        await(ledger.apply(jobs.get(0), new LedgerEvent.Release("ada", first, "no time"), "ada"));
        FencingToken other = lease(jobs.get(1), "bela", 1);
        ask(jobs.get(1), other, ADDRESSES[1], 44L << 50);
        accept(jobs.get(1), "bela", other, 2);
        FencingToken again = lease(jobs.get(0), "bela", 2);
        assertEquals(List.of(3), ask(jobs.get(0), again, ADDRESSES[0], ADDRESSES[1], ADDRESSES[2], 44L << 50));
    }

    @Test
    void aJobThatIsDoneAgainAfterItsResultWasTakenBackDoesNotFindItsOwnAddressesKnown() throws Exception {
        List<Long> jobs = jobs("c");
        FencingToken first = lease(jobs.get(0), "ada", 1);
        ask(jobs.get(0), first, ADDRESSES);
        accept(jobs.get(0), "ada", first, 3);
        String manifest = ledger.attempt(jobs.get(0), 1).orElseThrow().manifest();
        await(ledger.retract(jobs.get(0), 1, JSON.readValue(manifest, Manifest.class), Profile.none(), "wrong", "t"));
        FencingToken again = lease(jobs.get(0), "bela", 2);
        assertEquals(List.of(), ask(jobs.get(0), again, ADDRESSES));
    }

    @Test
    void whoAsksAboutMoreAddressesThanItsResultHasCandidatesMakesNoneOfThemKnown() throws Exception {
        List<Long> jobs = jobs("c");
        FencingToken first = lease(jobs.get(0), "ada", 1);
        ask(jobs.get(0), first, ADDRESSES);
        accept(jobs.get(0), "ada", first, 2);
        assertEquals(List.of(), ask(jobs.get(1), lease(jobs.get(1), "bela", 1), ADDRESSES));
    }

    @Test
    void campaignsKeepTheirAddressesApartAndOthersAreNotConcerned() throws Exception {
        campaign("d", true);
        campaign("e", false);
        List<Long> jobs = jobs("c");
        FencingToken first = lease(jobs.get(0), "ada", 1);
        ask(jobs.get(0), first, ADDRESSES);
        accept(jobs.get(0), "ada", first, 3);
        long other = jobs("d").get(0);
        assertEquals(List.of(), ask(other, lease(other, "bela", 1), ADDRESSES));
        assertEquals(false, KnownAddresses.concern(ledger.job(jobs("e").get(0)).orElseThrow()));
    }

    @Test
    void afterARestartTheyAreMadeFromTheStore() throws Exception {
        List<Long> jobs = jobs("c");
        FencingToken first = lease(jobs.get(0), "ada", 1);
        ask(jobs.get(0), first, ADDRESSES[0]);
        ask(jobs.get(0), first, ADDRESSES[1]);
        accept(jobs.get(0), "ada", first, 2);
        ask(jobs.get(1), lease(jobs.get(1), "bela", 1), ADDRESSES[2]);
        known = fresh();
        assertEquals(2, known.held());
        assertEquals(List.of(0, 1), ask(jobs.get(2), lease(jobs.get(2), "ada", 1), ADDRESSES));
    }
}
