-- Dataset versions. progress: JSON, while it is built. beat, builder: which tracker builds it, and when it last said so.
CREATE TABLE release (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE,
  campaign      TEXT NOT NULL,
  preset        TEXT NOT NULL,
  rows_per_file INTEGER NOT NULL,
  state         TEXT NOT NULL,
  progress      TEXT,
  builder       TEXT,
  beat          INTEGER NOT NULL DEFAULT 0,
  actor         TEXT NOT NULL,
  created_at    INTEGER NOT NULL,
  ended_at      INTEGER,
  manifest      TEXT
);

-- What people asked to be left out of releases. state: ASKED, HONOURED or DENIED.
CREATE TABLE opt_out (
  id      INTEGER PRIMARY KEY,
  kind    TEXT NOT NULL,
  value   TEXT NOT NULL,
  state   TEXT NOT NULL,
  contact TEXT,
  reason  TEXT,
  at      INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  UNIQUE (kind, value)
);
