package dev.gleaner.tracker.ledger.sql;

import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.sqlite.SQLiteConfig;

/** One file: write-ahead log, {@code synchronous=FULL}, one writer, a few readers that it never keeps waiting. */
final class SqliteDatabase implements Database {
    private static final int READERS = 3;
    private static final int BUSY_MILLIS = 5_000;
    /** 32 MiB of log between two checkpoints, each of which costs two more syncs. */
    private static final int CHECKPOINT_PAGES = 8_192;

    /** Pages live in the page cache of the system, too; this only saves the copying. */
    private static final int CACHE_KIBIBYTES = 32 << 10;

    private final Path file;
    private final BlockingQueue<Session> readers = new ArrayBlockingQueue<>(READERS);
    private final List<Session> all = new ArrayList<>();

    SqliteDatabase(Path file) {
        this.file = file.toAbsolutePath();
    }

    @Override
    public Session writing() throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        config.enforceForeignKeys(true);
        config.setBusyTimeout(BUSY_MILLIS);
        config.setCacheSize(-CACHE_KIBIBYTES);
        // Nobody asks for generated keys, and each update would look for one.
        config.setGetGeneratedKeys(false);
        Session session = new Session(config.createConnection("jdbc:sqlite:" + file));
        session.execute("PRAGMA wal_autocheckpoint = " + CHECKPOINT_PAGES);
        return session;
    }

    @Override
    public int writers() {
        return 1;
    }

    @Override
    public boolean isShared() {
        return false;
    }

    @Override
    public <T> T read(Query<T> query) throws SQLException {
        Session session = borrow();
        try {
            return query.run(session);
        } finally {
            readers.add(session);
        }
    }

    private Session borrow() throws SQLException {
        Session free = readers.poll();
        if (free != null) {
            return free;
        }
        synchronized (all) {
            if (all.size() < READERS) {
                SQLiteConfig config = new SQLiteConfig();
                config.setBusyTimeout(BUSY_MILLIS);
                config.setReadOnly(true);
                Session made = new Session(config.createConnection("jdbc:sqlite:" + file));
                all.add(made);
                return made;
            }
        }
        try {
            return readers.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SQLException("interrupted while waiting for a reader", e);
        }
    }

    @Override
    public String begin() {
        return "BEGIN IMMEDIATE";
    }

    @Override
    public String forShare() {
        return "";
    }

    @Override
    public String forUpdate() {
        return "";
    }

    @Override
    public String translate(String script) {
        return script;
    }

    @Override
    public void lockSchema(Session session) {}

    @Override
    public int version(Session session) throws SQLException {
        try (Statement statement = session.connection().createStatement();
                ResultSet row = statement.executeQuery("PRAGMA user_version")) {
            return row.next() ? row.getInt(1) : 0;
        }
    }

    @Override
    public void version(Session session, int version) throws SQLException {
        session.execute("PRAGMA user_version = " + version);
    }

    @Override
    public boolean passing(SQLException e) {
        return false;
    }

    @Override
    public void backup(Path to) throws SQLException {
        try (Session session = writing()) {
            session.execute("VACUUM INTO '" + to.toAbsolutePath().toString().replace("'", "''") + "'");
        }
    }

    @Override
    public String name() {
        return file.toString();
    }

    @Override
    public void close() throws SQLException {
        synchronized (all) {
            for (Session session : all) {
                session.close();
            }
        }
    }
}
