package dev.gleaner.tracker.simulation;

import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Fail;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.tracker.cluster.Peers;
import dev.gleaner.tracker.cluster.RoutingDesk;
import dev.gleaner.tracker.intake.Intake;
import dev.gleaner.tracker.lease.Caller;
import dev.gleaner.tracker.lease.DeskMonitor;
import dev.gleaner.tracker.lease.LeaseDesk;
import dev.gleaner.tracker.lease.LeaseSettings;
import dev.gleaner.tracker.lease.Limits;
import dev.gleaner.tracker.lease.Wellness;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Enrolment;
import dev.gleaner.tracker.ledger.JobSnapshot;
import dev.gleaner.tracker.ledger.JobStatus;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.Roster;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.screen.Screened;
import dev.gleaner.tracker.service.Hosts;
import dev.gleaner.tracker.service.Judge;
import dev.gleaner.tracker.service.JudgeMonitor;
import dev.gleaner.tracker.service.Ranks;
import dev.gleaner.tracker.service.Refusal;
import dev.gleaner.tracker.service.WorkerCalls;
import dev.gleaner.tracker.sites.Board;
import dev.gleaner.tracker.sites.SiteDesk;
import dev.gleaner.tracker.sites.SiteRates;
import dev.gleaner.tracker.sites.StoppedSites;
import dev.gleaner.tracker.trust.Draw;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A whole effort in one thread: the tracker's own lease desk, routing, worker calls and judge, three times; workers; a network that
 * loses, doubles, delays and reorders; trackers and workers that die, stall and come back; a cluster that splits; a database that
 * goes away. What workers are told is written down and compared with the ledger.
 */
final class Effort {
    static final int TRACKERS = 3;
    private static final int WORKERS = 6;
    private static final int JOBS = 14;
    private static final LeaseSettings SETTINGS =
            new LeaseSettings(Duration.ofSeconds(60), Duration.ofMinutes(20), Duration.ofSeconds(15));
    private static final long CALL_TIMEOUT = 20_000;

    final World world;
    final SimLedger ledger;
    private final List<Node> nodes = new ArrayList<>();
    private final List<Worker> workers = new ArrayList<>();
    private final byte[] manifest;
    private boolean troubled = true;
    private boolean split;
    private int born;
    private int hedged;

    // What workers were told.
    private final Map<String, String> grantedTo = new HashMap<>();
    private final Set<String> acknowledged = new HashSet<>();
    private final Set<String> accepted = new HashSet<>();

    Effort(long seed, Bug bug) {
        world = new World(seed);
        ledger = new SimLedger(world, JOBS, bug);
        manifest = dev.gleaner.tracker.service.Json.bytes(
                new Manifest("b".repeat(64), "fp32", 1, "0".repeat(32), Counts.none(), List.of(), 1));
        for (int i = 0; i < TRACKERS; i++) {
            nodes.add(new Node(i));
        }
        nodes.forEach(Node::start);
        for (int i = 0; i < WORKERS; i++) {
            workers.add(new Worker());
        }
        workers.forEach(Worker::seek);
    }

    /** Trouble for a quarter of an hour, then quiet, until everything must be done. */
    void run() {
        trouble();
        world.run(Duration.ofMinutes(15).toMillis());
        troubled = false;
        split = false;
        ledger.away(false);
        nodes.stream().filter(node -> !node.alive).forEach(Node::start);
        nodes.forEach(node -> node.pausedUntil = 0);
        for (int minute = 0; minute < 90 && !allSettled(); minute++) {
            world.run(Duration.ofMinutes(1).toMillis());
        }
        for (JobSnapshot job : ledger.jobs().values()) {
            SimLedger.require(
                    job.status() == JobStatus.DONE || job.status() == JobStatus.QUARANTINED,
                    "an hour and a half of quiet and the job is not settled",
                    job);
        }
        ledger.checkCounts();
        checkAcknowledgements();
    }

    /** Jobs that two workers had at once. */
    int hedged() {
        return hedged;
    }

    private boolean allSettled() {
        return ledger.jobs().values().stream().allMatch(job -> job.status() != JobStatus.OPEN);
    }

    /** Promise 4: what was acknowledged is there. */
    private void checkAcknowledgements() {
        for (String name : acknowledged) {
            long job = Long.parseLong(name.substring(0, name.indexOf('/')));
            int attempt = Integer.parseInt(name.substring(name.indexOf('/') + 1));
            SimLedger.require(
                    ledger.manifest(job, attempt) != null,
                    "a submission was acknowledged and is gone: " + name,
                    ledger.jobs().get(job));
        }
        for (String name : accepted) {
            long job = Long.parseLong(name.substring(0, name.indexOf('/')));
            int attempt = Integer.parseInt(name.substring(name.indexOf('/') + 1));
            AttemptStatus status = ledger.jobs().get(job).attempt(attempt).status();
            SimLedger.require(
                    status == AttemptStatus.ACCEPTED || status == AttemptStatus.SUPERSEDED,
                    "an acceptance was told and is gone: " + name,
                    ledger.jobs().get(job));
        }
    }

    // Trouble

    private void trouble() {
        world.after(5_000 + world.some(60_000), () -> {
            if (!troubled) {
                return;
            }
            Node node = nodes.get(world.random.nextInt(TRACKERS));
            switch (world.random.nextInt(8)) {
                case 0, 1 -> node.crash(1_000 + world.some(90_000));
                case 2 -> nodes.forEach(each -> each.crash(1_000 + world.some(60_000)));
                case 3 -> {
                    split = true;
                    world.after(10_000 + world.some(120_000), () -> split = false);
                }
                case 4 -> {
                    ledger.away(true);
                    world.after(1_000 + world.some(40_000), () -> ledger.away(false));
                }
                case 5 -> node.pausedUntil = world.millis() + 5_000 + world.some(180_000);
                case 6 -> workers.get(world.random.nextInt(WORKERS)).stall(20_000 + world.some(300_000));
                default -> {
                    int which = world.random.nextInt(WORKERS);
                    workers.get(which).dead = true;
                    Worker young = new Worker();
                    workers.set(which, young);
                    young.seek();
                }
            }
            trouble();
        });
    }

    /** One tracker; each start is a new process with nothing in memory. */
    private final class Node {
        private final int index;
        private boolean alive;
        private int life;
        private long pausedUntil;
        private long joinedAt;
        private @Nullable WorkerCalls calls;
        private @Nullable Judge judge;
        private @Nullable Function<byte[], CompletionStage<byte[]>> answers;

        Node(int index) {
            this.index = index;
        }

        String name() {
            return "t" + index;
        }

        /** Runs a task of this life of the tracker: not after its death, and later when it is stopped. */
        void execute(int ofLife, long delay, Runnable task) {
            world.after(delay, () -> {
                if (!alive || life != ofLife) {
                    return;
                }
                if (world.millis() < pausedUntil) {
                    execute(ofLife, pausedUntil - world.millis(), task);
                } else {
                    task.run();
                }
            });
        }

        void start() {
            alive = true;
            life++;
            int mine = life;
            pausedUntil = 0;
            joinedAt = world.millis() + world.some(3_000);
            Ledger view = ledger.view(() -> alive && life == mine);
            LeaseDesk fresh = new LeaseDesk(
                    view,
                    world,
                    new LeaseDesk.Rules(() -> SETTINGS, () -> Limits.DEFAULT, new Wellness(), 2),
                    task -> execute(mine, 0, task),
                    (job, attempt) -> {
                        Judge ready = judge;
                        if (ready != null) {
                            ready.judge(job, attempt);
                        }
                    },
                    new DeskMonitor() {
                        @Override
                        public void hedged() {
                            hedged++;
                        }
                    });
            Judge judging = new Judge(
                    view,
                    new NoReputation(),
                    new Draw(new byte[32]),
                    new Intake(new NoStore()),
                    new Hosts((hosts, at) -> CompletableFuture.completedFuture(null), world),
                    new SimThreads(this, mine),
                    world,
                    Screened.NOTHING,
                    JudgeMonitor.NONE);
            judge = judging;
            calls = new WorkerCalls(
                    view,
                    new NoRoster(),
                    () -> Enrolment.DEFAULT,
                    new RoutingDesk(new SimPeers(this, mine), fresh, world, world.random),
                    new SiteDesk(world, () -> SiteRates.DEFAULT, () -> StoppedSites.NONE, Board.ofOne()),
                    new Ranks(new NoRoster()),
                    judging,
                    new NoStore(),
                    () -> SETTINGS,
                    job -> false);
            every(mine, 2_000, () -> fresh.own(share()));
            every(mine, 3_000, fresh::tick);
            every(mine, 20_000, fresh::sweep);
            every(mine, 20_000, () -> judging.sweep(share()));
        }

        private void every(int ofLife, long millis, Runnable task) {
            execute(ofLife, world.random.nextInt((int) millis), () -> again(ofLife, millis, task));
        }

        private void again(int ofLife, long millis, Runnable task) {
            try {
                task.run();
            } catch (Ledger.LedgerException e) {
                // As the tracker's own timer does: the next time comes.
            }
            execute(ofLife, millis, () -> again(ofLife, millis, task));
        }

        void crash(long back) {
            if (!alive) {
                return;
            }
            alive = false;
            int of = life;
            world.after(back, () -> {
                if (!alive && life == of) {
                    start();
                }
            });
        }

        /** Whom this tracker believes to be in the cluster: news of deaths and splits are slow. */
        private List<String> known() {
            List<String> known = new ArrayList<>();
            for (Node other : nodes) {
                boolean seen = other == this || (other.alive && world.millis() >= other.joinedAt && !cut(this, other));
                if (seen) {
                    known.add(other.name());
                }
            }
            return known;
        }

        Share share() {
            Set<Integer> mine = new HashSet<>();
            owners().forEach((partition, owner) -> {
                if (owner.equals(name())) {
                    mine.add(partition);
                }
            });
            return new Share(mine);
        }

        Map<Integer, String> owners() {
            List<String> known = known();
            Map<Integer, String> owners = new HashMap<>();
            // Only partitions that have jobs here.
            for (int partition = 0; partition <= JOBS; partition++) {
                owners.put(partition, known.get(partition % known.size()));
            }
            return owners;
        }
    }

    private boolean cut(Node a, Node b) {
        return split && (a.index == 0) != (b.index == 0);
    }

    /** Messages between trackers, as late and lossy as the rest. */
    private final class SimPeers implements Peers {
        private final Node node;
        private final int life;

        SimPeers(Node node, int life) {
            this.node = node;
            this.life = life;
        }

        @Override
        public String self() {
            return node.name();
        }

        @Override
        public List<String> others() {
            return node.known().stream().filter(name -> !name.equals(self())).toList();
        }

        @Override
        public Map<Integer, String> owners() {
            return node.owners();
        }

        @Override
        public CompletionStage<byte[]> ask(String tracker, byte[] message) {
            CompletableFuture<byte[]> answer = new CompletableFuture<>();
            node.execute(life, 3_000, () -> answer.completeExceptionally(new IllegalStateException("no answer")));
            deliver(tracker, message, bytes -> node.execute(life, world.some(200), () -> answer.complete(bytes)));
            return answer;
        }

        @Override
        public void tell(String tracker, byte[] message) {
            deliver(tracker, message, bytes -> {});
        }

        private void deliver(String tracker, byte[] message, Consumer<byte[]> back) {
            Node to = nodes.get(tracker.charAt(1) - '0');
            if (cut(node, to) || !to.alive || world.chance(0.05)) {
                return;
            }
            to.execute(to.life, world.some(300), () -> {
                Function<byte[], CompletionStage<byte[]>> serving = to.answers;
                if (serving != null) {
                    serving.apply(message).thenAccept(bytes -> {
                        if (!cut(node, to) && !world.chance(0.05)) {
                            back.accept(bytes);
                        }
                    });
                }
            });
        }

        @Override
        public void serve(Function<byte[], CompletionStage<byte[]>> answer) {
            node.answers = answer;
        }
    }

    /** Threads of a tracker that end with it. */
    private final class SimThreads extends AbstractExecutorService {
        private final Node node;
        private final int life;

        SimThreads(Node node, int life) {
            this.node = node;
            this.life = life;
        }

        @Override
        public void execute(Runnable task) {
            node.execute(life, world.some(100), task);
        }

        @Override
        public void shutdown() {}

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return false;
        }
    }

    // Workers

    private final class Worker {
        private final String name = "w" + born++;
        /** Half of them are trusted with other workers' stragglers. */
        private final Roster.WorkerRow row = new Roster.WorkerRow(
                name,
                name,
                null,
                "agent",
                false,
                false,
                0,
                false,
                null,
                null,
                Caller.FULL_STANDING,
                born % 2 * 20,
                Heartbeat.Directive.NONE,
                null,
                List.of());

        private boolean dead;
        private long stalledUntil;
        private int requests;

        void stall(long millis) {
            stalledUntil = world.millis() + millis;
        }

        private void later(long millis, Runnable task) {
            world.after(millis, () -> {
                if (dead) {
                    return;
                }
                if (world.millis() < stalledUntil) {
                    later(stalledUntil - world.millis(), task);
                } else {
                    task.run();
                }
            });
        }

        /** Calls any tracker; the request may be lost or doubled, and so may the answer. */
        private <T> void call(
                Function<WorkerCalls, CompletionStage<T>> call, Consumer<T> good, Consumer<Throwable> bad) {
            boolean[] answered = {false};
            later(CALL_TIMEOUT, () -> {
                if (!answered[0]) {
                    answered[0] = true;
                    bad.accept(new IllegalStateException("no answer"));
                }
            });
            int copies = world.chance(0.06) ? 0 : world.chance(0.05) ? 2 : 1;
            Node node = nodes.get(world.random.nextInt(TRACKERS));
            for (int copy = 0; copy < copies && node.alive; copy++) {
                long slow = world.chance(0.03) ? 15_000 : 300;
                node.execute(node.life, world.some(slow), () -> {
                    CompletionStage<T> stage;
                    try {
                        stage = call.apply(node.calls);
                    } catch (Refusal | Ledger.LedgerException e) {
                        stage = CompletableFuture.failedFuture(e);
                    }
                    stage.whenComplete((value, error) -> {
                        if (!world.chance(0.05)) {
                            later(world.some(300), () -> {
                                if (!answered[0]) {
                                    answered[0] = true;
                                    if (error == null) {
                                        good.accept(value);
                                    } else {
                                        bad.accept(error);
                                    }
                                }
                            });
                        }
                    });
                });
            }
        }

        void seek() {
            seek("r" + requests++);
        }

        private void seek(String request) {
            call(
                    calls -> calls.acquire(row, new Acquire.Request(request, 2, 5)),
                    answer -> {
                        if (answer.leases().isEmpty()) {
                            later(2_000 + world.some(5_000), this::seek);
                        }
                        answer.leases().forEach(this::work);
                    },
                    error -> later(1_000 + world.some(5_000), () -> seek(request)));
        }

        private void work(Lease lease) {
            String name = lease.job() + "/" + lease.token().attempt();
            String before = grantedTo.put(name, this.name);
            SimLedger.require(
                    before == null || before.equals(this.name),
                    "token granted to " + before + " and to " + this.name,
                    name);
            boolean[] over = {false};
            beat(lease, over);
            later(10_000 + world.some(150_000), () -> {
                if (world.chance(0.05)) {
                    fail(lease, over);
                } else {
                    submit(lease, over, 0);
                }
            });
        }

        private void beat(Lease lease, boolean[] over) {
            later(12_000 + world.some(6_000), () -> {
                if (over[0]) {
                    return;
                }
                Heartbeat.Beat beat =
                        new Heartbeat.Beat(lease.job(), lease.token(), "fetch", 10, world.random.nextInt(1_000_000), 0);
                call(calls -> calls.heartbeat(row, new Heartbeat.Request(List.of(beat))), answer -> {}, error -> {});
                beat(lease, over);
            });
        }

        private void submit(Lease lease, boolean[] over, int tries) {
            FencingToken token = lease.token();
            call(
                    calls -> calls.submit(name, lease.job(), token, manifest),
                    answer -> {
                        over[0] = true;
                        String attempt = lease.job() + "/" + token.attempt();
                        acknowledged.add(attempt);
                        if (answer.outcome() == Submit.Outcome.ACCEPTED) {
                            accepted.add(attempt);
                        }
                        seek();
                    },
                    error -> {
                        Throwable cause = error instanceof CompletionException && error.getCause() != null
                                ? error.getCause()
                                : error;
                        if (cause instanceof Refusal || tries > 60) {
                            over[0] = true;
                            seek();
                        } else {
                            later(1_000 + world.some(20_000), () -> submit(lease, over, tries + 1));
                        }
                    });
        }

        private void fail(Lease lease, boolean[] over) {
            over[0] = true;
            call(
                    calls -> calls.fail(
                            name, lease.job(), lease.token(), new Fail.Request(FailureClass.NETWORK, "source is away")),
                    answer -> seek(),
                    error -> seek());
        }
    }
}
