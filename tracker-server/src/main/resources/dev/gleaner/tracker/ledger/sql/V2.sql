-- version: counts a job's changes; what a compare-and-set compares. live: attempts that are leased or being judged.
ALTER TABLE job ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN live INTEGER NOT NULL DEFAULT 0;
UPDATE job SET live = (SELECT count(*) FROM attempt a WHERE a.job = job.id AND a.state IN ('LEASED', 'SUBMITTED'));
DROP INDEX job_ready;
CREATE INDEX job_free ON job (campaign, place) WHERE state = 'OPEN' AND live = 0;
DROP INDEX job_delayed;
CREATE INDEX job_delayed ON job (not_before) WHERE state = 'OPEN' AND live = 0 AND not_before > 0;

-- A restored ledger gets a new epoch; an attempt keeps the one it was granted under.
ALTER TABLE attempt ADD COLUMN epoch TEXT NOT NULL DEFAULT '';
UPDATE attempt SET epoch = (SELECT value FROM meta WHERE key = 'epoch');

-- What a campaign's jobs add up to, so that nobody counts millions. Each writer keeps to a slot of its own.
CREATE TABLE tally (
  campaign    INTEGER NOT NULL REFERENCES campaign(id),
  slot        INTEGER NOT NULL,
  free        INTEGER NOT NULL,
  leased      INTEGER NOT NULL,
  done        INTEGER NOT NULL,
  quarantined INTEGER NOT NULL,
  cancelled   INTEGER NOT NULL,
  counts      TEXT NOT NULL,
  bytes       INTEGER NOT NULL,
  digest      TEXT NOT NULL,
  PRIMARY KEY (campaign, slot)
) WITHOUT ROWID;
INSERT INTO tally SELECT c.id, 0,
  (SELECT count(*) FROM job j WHERE j.campaign = c.id AND j.state = 'OPEN' AND j.live = 0),
  (SELECT count(*) FROM job j WHERE j.campaign = c.id AND j.state = 'OPEN' AND j.live > 0),
  (SELECT count(*) FROM job j WHERE j.campaign = c.id AND j.state = 'DONE'),
  (SELECT count(*) FROM job j WHERE j.campaign = c.id AND j.state = 'QUARANTINED'),
  (SELECT count(*) FROM job j WHERE j.campaign = c.id AND j.state = 'CANCELLED'),
  c.counts, c.bytes, c.digest FROM campaign c;
ALTER TABLE campaign DROP COLUMN counts;
ALTER TABLE campaign DROP COLUMN bytes;
ALTER TABLE campaign DROP COLUMN digest;

ALTER TABLE worker ADD COLUMN accepted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN rejected INTEGER NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
UPDATE worker SET
  accepted = (SELECT count(*) FROM attempt a WHERE a.worker = worker.id AND a.state IN ('ACCEPTED', 'SUPERSEDED')),
  rejected = (SELECT count(*) FROM attempt a WHERE a.worker = worker.id AND a.state = 'REJECTED'),
  failed = (SELECT count(*) FROM attempt a WHERE a.worker = worker.id AND a.state IN ('FAILED', 'EXPIRED'));
DROP INDEX attempt_worker;

-- Only live attempts are ever looked for by their request: a small index is written to the same few pages again and again.
DROP INDEX attempt_request;
CREATE INDEX attempt_request ON attempt (worker, request) WHERE state = 'LEASED';
