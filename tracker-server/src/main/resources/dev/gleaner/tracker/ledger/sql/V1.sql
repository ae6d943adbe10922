CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE campaign (
  id          INTEGER PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE,
  state       TEXT NOT NULL,
  base        TEXT NOT NULL,
  slices      INTEGER NOT NULL,
  bundle      TEXT NOT NULL,
  policy      TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  wats        INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  counts      TEXT NOT NULL,
  bytes       INTEGER NOT NULL DEFAULT 0,
  digest      TEXT NOT NULL
);

CREATE TABLE wat (
  campaign INTEGER NOT NULL REFERENCES campaign(id),
  idx      INTEGER NOT NULL,
  path     TEXT NOT NULL,
  PRIMARY KEY (campaign, idx)
) WITHOUT ROWID;

-- place: the job's rank in the campaign's pseudo-random order.
CREATE TABLE job (
  id         INTEGER PRIMARY KEY,
  campaign   INTEGER NOT NULL REFERENCES campaign(id),
  wat        INTEGER NOT NULL,
  slice      INTEGER NOT NULL,
  place      INTEGER NOT NULL,
  state      TEXT NOT NULL DEFAULT 'OPEN',
  reason     TEXT,
  points     REAL NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  attempts   INTEGER NOT NULL DEFAULT 0,
  canonical  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX job_ready ON job (campaign, place) WHERE state = 'OPEN';
CREATE INDEX job_delayed ON job (not_before) WHERE state = 'OPEN' AND not_before > 0;
CREATE INDEX job_state ON job (campaign, state);

CREATE TABLE attempt (
  job         INTEGER NOT NULL REFERENCES job(id),
  number      INTEGER NOT NULL,
  worker      TEXT NOT NULL,
  state       TEXT NOT NULL,
  failure     TEXT,
  detail      TEXT,
  request     TEXT NOT NULL,
  granted_at  INTEGER NOT NULL,
  hard_cap    INTEGER NOT NULL,
  ended_at    INTEGER,
  manifest    TEXT,
  fingerprint TEXT,
  digest      TEXT,
  PRIMARY KEY (job, number)
) WITHOUT ROWID;
CREATE INDEX attempt_live ON attempt (state, job) WHERE state IN ('LEASED', 'SUBMITTED');
CREATE INDEX attempt_worker ON attempt (worker, state);
CREATE INDEX attempt_request ON attempt (worker, request);

CREATE TABLE worker (
  id            TEXT PRIMARY KEY,
  token_hash    TEXT NOT NULL UNIQUE,
  nickname      TEXT NOT NULL,
  team          TEXT,
  agent         TEXT NOT NULL,
  capabilities  TEXT NOT NULL,
  registered_at INTEGER NOT NULL,
  banned        INTEGER NOT NULL DEFAULT 0,
  kept          INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE audit (
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  action  TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail  TEXT
);
