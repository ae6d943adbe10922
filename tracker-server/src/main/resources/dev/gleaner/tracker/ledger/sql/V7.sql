-- What accepted pairs are like, as JSON.
ALTER TABLE tally ADD COLUMN profile TEXT NOT NULL DEFAULT '{"similarity":{},"language":{},"format":{},"size":{},"license":{}}';

-- What a campaign took in, by intervals of five minutes (at: the start, epoch milliseconds). Each writer keeps to a slot of its own.
CREATE TABLE progress (
  campaign   INTEGER NOT NULL REFERENCES campaign(id),
  at         INTEGER NOT NULL,
  slot       INTEGER NOT NULL,
  jobs       INTEGER NOT NULL,
  candidates INTEGER NOT NULL,
  kept       INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  PRIMARY KEY (campaign, at, slot)
) WITHOUT ROWID;

-- What workers gave, by UTC day since 1970.
CREATE TABLE gift (
  day      INTEGER NOT NULL,
  worker   TEXT NOT NULL,
  accepted INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  failed   INTEGER NOT NULL,
  kept     INTEGER NOT NULL,
  PRIMARY KEY (day, worker)
) WITHOUT ROWID;
CREATE INDEX gift_worker ON gift (worker, day);
CREATE INDEX worker_nickname ON worker (nickname);

-- changed_at: when the job last went to another state, or another worker got it; 0: not since the ledger tells it.
ALTER TABLE job ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX job_wat ON job (campaign, wat);

-- What people did is a few lines among millions.
CREATE INDEX audit_people ON audit (id) WHERE action NOT IN ('grant', 'submit', 'accept', 'reject', 'release', 'fail', 'expire', 'worker-token', 'worker-version');

-- Pictures kept, by host, its labels from the top down (org.example.img), so that a domain and all below it stand together: as bytes,
-- for the order of texts is a matter of the database's language.
CREATE TABLE host (
  name    BLOB PRIMARY KEY,
  kept    INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Jobs of campaigns with a higher priority go out first.
ALTER TABLE campaign ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
