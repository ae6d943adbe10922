-- waiting: for an operator's approval. standing: thousandths of the full daily allowance. streak: accepted results in a row.
ALTER TABLE worker ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN address TEXT;
ALTER TABLE worker ADD COLUMN invitation TEXT;
ALTER TABLE worker ADD COLUMN standing INTEGER NOT NULL DEFAULT 10;
ALTER TABLE worker ADD COLUMN streak INTEGER NOT NULL DEFAULT 0;
UPDATE worker SET standing = 1000 WHERE accepted >= 7;
CREATE INDEX worker_address ON worker (address, registered_at) WHERE address IS NOT NULL;

-- excused: counts against its job no more.
ALTER TABLE attempt ADD COLUMN excused INTEGER NOT NULL DEFAULT 0;

CREATE TABLE invitation (
  id         TEXT PRIMARY KEY,
  code_hash  TEXT NOT NULL UNIQUE,
  note       TEXT NOT NULL,
  uses       INTEGER NOT NULL,
  used       INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  withdrawn  INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE access_key (
  id         TEXT PRIMARY KEY,
  token_hash TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  role       TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked    INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
