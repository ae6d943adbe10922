package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.json;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.sha256;
import static dev.gleaner.tracker.ledger.sql.Sql.update;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.Opinion;
import dev.gleaner.tracker.ledger.ReleaseBook;
import dev.gleaner.tracker.ledger.Reputation;
import dev.gleaner.tracker.ledger.ResultChain;
import dev.gleaner.tracker.ledger.Roster;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.ledger.Statistics;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The ledger in a SQL database: one SQLite file, or a PostgreSQL that several trackers share. The statements are the same.
 *
 * <p>Writers work side by side where the database has room for more than one; all changes of a job go to the same of them.
 */
public final class SqlLedger implements Ledger {
    private static final int TALLY_SLOTS = 1 << 20;
    private static final int PAGE = 500;

    private final Database database;
    private final InstantSource clock;
    private final List<GroupCommit> writers = new ArrayList<>();
    private final String epoch;
    private final JobChanges changes;
    private final Roster roster = new SqlRoster(this);
    private final Statistics statistics = new SqlStatistics(this);
    private final Reputation reputation = new SqlReputation(this);
    private final ReleaseBook releaseBook = new SqlReleaseBook(this);
    private final ResultChain chain = new SqlResultChain(this);

    /** Jobs that somebody has had: what is said of them changes no more. */
    private final Cache<Long, ReadyJob> jobs =
            Caffeine.newBuilder().maximumSize(50_000).build();

    /**
     * Opens or makes a ledger in one file.
     *
     * @throws LedgerException when the file cannot be used, is no ledger, or is newer than this program
     */
    public static SqlLedger sqlite(Path file, InstantSource clock, LedgerMonitor monitor) {
        return new SqlLedger(new SqliteDatabase(file), clock, monitor);
    }

    /**
     * Opens or makes a ledger in a PostgreSQL database.
     *
     * @param url {@code jdbc:postgresql://host:port/database}, with any of the driver's parameters
     * @throws LedgerException when it cannot be reached or used, or is newer than this program
     */
    public static SqlLedger postgres(
            String url, @Nullable String user, @Nullable String password, InstantSource clock, LedgerMonitor monitor) {
        try {
            return new SqlLedger(new PostgresDatabase(url, user, password), clock, monitor);
        } catch (com.zaxxer.hikari.pool.HikariPool.PoolInitializationException e) {
            throw new LedgerException("the ledger's database cannot be reached: " + e.getMessage(), e);
        }
    }

    private SqlLedger(Database database, InstantSource clock, LedgerMonitor monitor) {
        this.database = database;
        this.clock = clock;
        try (Session session = database.writing()) {
            Migrations.run(database, session);
            epoch = metaOrMake(session, "epoch", 8);
        } catch (SQLException e) {
            throw new LedgerException("the ledger " + database.name() + " cannot be opened: " + e.getMessage(), e);
        }
        changes = new JobChanges(epoch, database.forShare(), clock);
        SecureRandom random = new SecureRandom();
        for (int i = 0; i < database.writers(); i++) {
            // A slot that two writers happen to share is slower, not wrong: its row is locked.
            int slot = database.writers() == 1 ? 0 : random.nextInt(TALLY_SLOTS);
            writers.add(new GroupCommit(database, slot, monitor));
        }
    }

    @Override
    public String epoch() {
        return epoch;
    }

    @Override
    public byte[] secret(String name) {
        return HexFormat.of()
                .parseHex(write(0, c -> metaOrMake(c, "secret." + name, 32))
                        .toCompletableFuture()
                        .join());
    }

    private static String metaOrMake(Session session, String key, int bytes) throws SQLException {
        byte[] random = new byte[bytes];
        new SecureRandom().nextBytes(random);
        update(
                session,
                "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
                key,
                HexFormat.of().formatHex(random));
        return one(session, r -> r.getString(1), "SELECT value FROM meta WHERE key = ?", key)
                .orElseThrow();
    }

    @Override
    public String keep(String name, String value) {
        return write(0, c -> {
                    update(
                            c,
                            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
                            "kept." + name,
                            value);
                    return one(c, r -> r.getString(1), "SELECT value FROM meta WHERE key = ?", "kept." + name)
                            .orElseThrow();
                })
                .toCompletableFuture()
                .join();
    }

    @Override
    public Optional<String> kept(String name) {
        return read(c -> one(c, r -> r.getString(1), "SELECT value FROM meta WHERE key = ?", "kept." + name));
    }

    @Override
    public CompletionStage<Void> replace(String name, String value, String actor) {
        return write(0, c -> {
                    update(
                            c,
                            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                            "kept." + name,
                            value);
                    audit(c, actor, "replace", name, null);
                    return true;
                })
                .thenAccept(done -> {});
    }

    // Campaigns

    @Override
    public CompletionStage<CampaignAdded> addCampaign(CampaignSpec spec, List<String> watPaths, String actor) {
        String fingerprint = sha256(json(spec.unsigned()) + "\n" + String.join("\n", watPaths));
        if (spec.does() == Stage.SCORE) {
            return addScoring(spec, fingerprint, actor);
        }
        return write(0, c -> {
                    Optional<Campaigns.Head> existing = Campaigns.head(c, spec.name());
                    if (existing.isEmpty()) {
                        Campaigns.insert(c, spec, fingerprint, watPaths.size(), clock.millis());
                        audit(
                                c,
                                actor,
                                "campaign-create",
                                spec.name(),
                                watPaths.size() + " WATs, " + spec.slices() + " slices each");
                        return Campaigns.head(c, spec.name()).orElseThrow();
                    }
                    return existing.get();
                })
                .thenCompose(head -> {
                    if (!head.fingerprint().equals(fingerprint)) {
                        return CompletableFuture.completedFuture(new CampaignAdded(CampaignAdded.Outcome.CONFLICT, 0));
                    }
                    if (!Campaigns.isLoading(head)) {
                        return CompletableFuture.completedFuture(new CampaignAdded(CampaignAdded.Outcome.EXISTED, 0));
                    }
                    return load(head.id(), spec.slices(), watPaths);
                });
    }

    /** In one change, so that no batch is missed. */
    private CompletionStage<CampaignAdded> addScoring(CampaignSpec spec, String fingerprint, String actor) {
        return write(0, c -> {
            Optional<Campaigns.Head> existing = Campaigns.head(c, spec.name());
            if (existing.isPresent()) {
                boolean same = existing.get().fingerprint().equals(fingerprint);
                return new CampaignAdded(same ? CampaignAdded.Outcome.EXISTED : CampaignAdded.Outcome.CONFLICT, 0);
            }
            Optional<Long> source = Campaigns.lockSource(c, String.valueOf(spec.source()), database.forUpdate());
            if (source.isEmpty()) {
                return new CampaignAdded(CampaignAdded.Outcome.NO_SOURCE, 0);
            }
            Campaigns.insert(c, spec, fingerprint, 0, clock.millis());
            audit(c, actor, "campaign-create", spec.name(), "scores the batches of " + spec.source());
            long campaign = Campaigns.head(c, spec.name()).orElseThrow().id();
            return new CampaignAdded(CampaignAdded.Outcome.CREATED, Campaigns.follow(c, campaign, source.get()));
        });
    }

    /** Loads in many changes, so that the others' changes find room between them. */
    private CompletionStage<CampaignAdded> load(long campaign, int slices, List<String> paths) {
        return write(0, c -> Campaigns.load(c, campaign, slices, paths))
                .thenCompose(whole -> whole
                        ? CompletableFuture.completedFuture(
                                new CampaignAdded(CampaignAdded.Outcome.CREATED, (long) paths.size() * slices))
                        : load(campaign, slices, paths));
    }

    @Override
    public CompletionStage<Boolean> pauseCampaign(String name, boolean paused, String actor) {
        return write(0, c -> {
            boolean found = Campaigns.pause(c, name, paused);
            if (found) {
                audit(c, actor, paused ? "campaign-pause" : "campaign-resume", name, null);
            }
            return found;
        });
    }

    @Override
    public CompletionStage<Boolean> prioritiseCampaign(String name, int priority, String actor) {
        return write(0, c -> {
            boolean found = Campaigns.prioritise(c, name, priority);
            if (found) {
                audit(c, actor, "campaign-priority", name, Integer.toString(priority));
            }
            return found;
        });
    }

    @Override
    public CompletionStage<Optional<Integer>> changePolicy(
            String name, int from, Policy policy, Charter.@Nullable Ref charter, String reason, String actor) {
        return write(0, c -> {
            Optional<Integer> version = Campaigns.changePolicy(c, name, from, policy, charter, reason, clock.millis());
            if (version.isPresent()) {
                audit(c, actor, "campaign-policy", name, "version " + version.get() + ": " + reason);
            }
            return version;
        });
    }

    @Override
    public CompletionStage<Boolean> sign(String name, int version, Charter.Ref charter, String actor) {
        return write(0, c -> {
                    boolean signed = Campaigns.sign(c, name, version, charter);
                    if (signed) {
                        audit(c, actor, "campaign-sign", name, "version " + version + ": " + charter.id());
                    }
                    return signed;
                })
                .thenApply(signed -> {
                    jobs.invalidateAll();
                    return signed;
                });
    }

    @Override
    public List<PolicyVersion> policies(String campaign) {
        return read(c -> Campaigns.policies(c, campaign));
    }

    @Override
    public List<CampaignStatus> campaigns() {
        return read(Campaigns::all);
    }

    /** Who may do what, in the same database. */
    public Roster roster() {
        return roster;
    }

    /** Dataset versions, in the same database. */
    public ReleaseBook releaseBook() {
        return releaseBook;
    }

    /** What counted and when, in the same database. */
    public ResultChain chain() {
        return chain;
    }

    /** Who can be believed, from the same database. */
    public Reputation reputation() {
        return reputation;
    }

    /** How the effort does, from the same database. */
    public Statistics statistics() {
        return statistics;
    }

    // Jobs

    @Override
    public CompletionStage<Optional<Decision>> apply(long job, LedgerEvent event, String actor) {
        return write(job, c -> changes.apply(c, job, event, actor));
    }

    @Override
    public CompletionStage<Optional<Decision>> accept(
            long job, int attempt, Manifest manifest, Profile profile, @Nullable Opinion opinion) {
        return write(job, c -> changes.accept(c, job, attempt, manifest, profile, opinion));
    }

    @Override
    public CompletionStage<Optional<Decision>> retract(
            long job, int attempt, Manifest manifest, Profile profile, String reason, String actor) {
        return write(job, c -> changes.retract(c, job, attempt, manifest, profile, reason, actor));
    }

    @Override
    public CompletionStage<Optional<Decision>> reinstate(
            long job, int attempt, Manifest manifest, Profile profile, String actor) {
        return write(job, c -> changes.reinstate(c, job, attempt, manifest, profile, actor));
    }

    @Override
    public List<ReadyJob> ready(Stage stage, int limit, Instant now, Share share) {
        return read(c -> Jobs.ready(c, stage, limit, now, share));
    }

    @Override
    public boolean isSpent(long job) {
        return read(c -> Campaigns.isSpent(c, job));
    }

    @Override
    public Map<Long, List<Tried>> tried(List<Long> jobs) {
        return jobs.isEmpty() ? Map.of() : read(c -> Jobs.tried(c, jobs));
    }

    @Override
    public Optional<Instant> nextDelayed() {
        return read(c -> Jobs.nextDelayed(c, clock.millis()));
    }

    @Override
    public Optional<ReadyJob> job(long job) {
        ReadyJob known = jobs.getIfPresent(job);
        if (known != null) {
            return Optional.of(known);
        }
        Optional<Jobs.Found> found = read(c -> Jobs.ready(c, job));
        found.filter(Jobs.Found::fixed).ifPresent(ready -> jobs.put(job, ready.job()));
        return found.map(Jobs.Found::job);
    }

    @Override
    public List<LiveAttempt> attempts(AttemptStatus status) {
        return read(c -> Jobs.attempts(c, status));
    }

    @Override
    public List<LiveAttempt> granted(String worker, String request) {
        return read(c -> Jobs.granted(c, worker, request));
    }

    @Override
    public Optional<AttemptRow> attempt(long job, int number) {
        return read(c -> Jobs.attempt(c, job, number));
    }

    @Override
    public Optional<JobView> view(long job) {
        return read(c -> Views.job(c, job));
    }

    @Override
    public List<JobView> views(JobQuery query, long after, int limit) {
        return read(c -> Views.jobs(c, query, after, limit));
    }

    @Override
    public long count(JobQuery query, long most) {
        return read(c -> Views.count(c, query, most));
    }

    @Override
    public List<AuditRow> audit(long before, int limit, boolean people) {
        return read(c -> Views.audit(c, before, limit, people));
    }

    @Override
    public CompletionStage<Void> note(String actor, String action, String subject, @Nullable String detail) {
        return write(0, c -> {
                    audit(c, actor, action, subject, detail);
                    return true;
                })
                .thenAccept(done -> {});
    }

    @Override
    public void eachCanonical(Consumer<Canonical> each) {
        for (long after = 0; ; ) {
            long from = after;
            List<Canonical> page = read(c -> Sql.all(
                    c,
                    r -> new Canonical(
                            r.getLong(1),
                            r.getString(2),
                            new FencingToken(r.getString(3), r.getInt(4)),
                            r.getString(5),
                            r.getString(6)),
                    "SELECT j.id, c.name, a.epoch, a.number, a.worker, a.manifest FROM job j JOIN campaign c ON c.id = j.campaign"
                            + " JOIN attempt a ON a.job = j.id AND a.number = j.canonical WHERE j.state = 'DONE' AND j.id > ? ORDER BY j.id LIMIT ?",
                    from,
                    PAGE));
            if (page.isEmpty()) {
                return;
            }
            page.forEach(each);
            after = page.get(page.size() - 1).job();
        }
    }

    /**
     * Writes a consistent copy while the ledger is in use.
     *
     * @param to must not exist
     */
    public void backup(Path to) {
        try {
            database.backup(to);
        } catch (SQLException e) {
            throw new LedgerException("the ledger cannot be copied: " + e.getMessage(), e);
        }
    }

    /**
     * Gives the ledger a new epoch and ends all leases at nobody's cost: what must happen before a ledger that was wound back
     * (a restored backup, a promoted standby) grants anything, or it could grant a fencing token twice. Open the ledger anew
     * afterwards.
     *
     * @return leases that were ended
     */
    public int renewEpoch(String actor) {
        List<LiveAttempt> leased = attempts(AttemptStatus.LEASED);
        for (LiveAttempt attempt : leased) {
            LedgerEvent expire =
                    new LedgerEvent.Expire(attempt.token().attempt(), "amnesty: the ledger was restored", true);
            apply(attempt.job(), expire, actor).toCompletableFuture().join();
        }
        byte[] random = new byte[8];
        new SecureRandom().nextBytes(random);
        write(0, c -> {
                    update(
                            c,
                            "UPDATE meta SET value = ? WHERE key = 'epoch'",
                            HexFormat.of().formatHex(random));
                    audit(c, actor, "epoch-renew", "ledger", leased.size() + " leases ended");
                    return true;
                })
                .toCompletableFuture()
                .join();
        return leased.size();
    }

    @Override
    public void requireWritable() {
        write(
                        0,
                        c -> update(
                                c,
                                "INSERT INTO meta (key, value) VALUES ('probe', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                                Long.toString(clock.millis())))
                .toCompletableFuture()
                .join();
    }

    @Override
    public void close() {
        writers.forEach(GroupCommit::close);
        try {
            database.close();
        } catch (SQLException e) {
            throw new LedgerException("the ledger cannot be closed: " + e.getMessage(), e);
        }
    }

    Instant now() {
        return clock.instant();
    }

    /** The database, for what looks below the port: checks and exports of this package. */
    Database database() {
        return database;
    }

    <T> CompletionStage<T> write(long key, GroupCommit.Change<T> change) {
        return writers.get((int) Math.floorMod(key, (long) writers.size())).write(change);
    }

    <T> T read(Database.Query<T> query) {
        try {
            return database.read(query);
        } catch (SQLException e) {
            throw new LedgerException("the ledger cannot be read: " + e.getMessage(), e);
        }
    }

    void audit(Session session, String actor, String action, String subject, @Nullable String detail) {
        session.trail().add(clock.millis(), actor, action, subject, detail);
    }
}
