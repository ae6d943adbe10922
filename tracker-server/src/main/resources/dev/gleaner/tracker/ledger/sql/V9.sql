-- How the campaign's results are compared, as JSON; null: they are not.
ALTER TABLE campaign ADD COLUMN replication TEXT;

-- doubt: 1 accepted on its worker's record, 2 held until another volunteer has done the job, too, 3 retracted, its objects not yet
-- moved; else 0.
ALTER TABLE attempt ADD COLUMN doubt INTEGER NOT NULL DEFAULT 0;
CREATE INDEX attempt_doubt ON attempt (doubt, worker) WHERE doubt > 0;

-- waiting: some result of the job is held until another volunteer has done it, too.
ALTER TABLE job ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
DROP INDEX job_free;
CREATE INDEX job_free ON job (campaign, place) WHERE state = 'OPEN' AND live = 0 AND waiting = 0;
CREATE INDEX job_waiting ON job (campaign, place) WHERE state = 'OPEN' AND live = 0 AND waiting = 1;

-- proven, suspicion, convicted: what comparisons have shown. confirmed_at: when one last found a result right. suspect: what was
-- accepted unchecked since then must be taken back; 0: nothing.
ALTER TABLE worker ADD COLUMN proven INTEGER NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN suspicion INTEGER NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN convicted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN confirmed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN suspect INTEGER NOT NULL DEFAULT 0;

-- Results that only confirmed another: what checking costs.
ALTER TABLE tally ADD COLUMN confirming INTEGER NOT NULL DEFAULT 0;
CREATE INDEX worker_suspect ON worker (suspect) WHERE suspect > 0;
UPDATE tally SET confirming = (SELECT count(*) FROM attempt a JOIN job j ON j.id = a.job WHERE j.campaign = tally.campaign AND a.state = 'SUPERSEDED')
  WHERE slot = (SELECT min(t.slot) FROM tally t WHERE t.campaign = tally.campaign);
