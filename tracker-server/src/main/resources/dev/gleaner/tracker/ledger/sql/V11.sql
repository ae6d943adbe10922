-- What the campaign's key has signed of a policy: id and signature of the charter.
ALTER TABLE campaign_policy ADD COLUMN charter TEXT;
ALTER TABLE campaign_policy ADD COLUMN signature TEXT;

-- Results that began or ceased to count and have no link in the chain yet, those of one commit together, a line each: campaign,
-- kind (ACCEPT, RETRACT or REINSTATE), job, epoch, attempt, fingerprint, time.
CREATE TABLE unchained (
  id    INTEGER PRIMARY KEY,
  notes TEXT NOT NULL
);

-- Each campaign's chain: a link's hash covers the one before and the manifest. Rows are never changed.
CREATE TABLE chain (
  campaign    INTEGER NOT NULL REFERENCES campaign(id),
  seq         INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  job         INTEGER NOT NULL,
  attempt     INTEGER NOT NULL,
  epoch       TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  at          INTEGER NOT NULL,
  hash        TEXT NOT NULL,
  PRIMARY KEY (campaign, seq)
) WITHOUT ROWID;

-- Whoever adds links holds this row.
INSERT INTO meta (key, value) VALUES ('chain', '');

INSERT INTO unchained (notes)
  SELECT j.campaign || ' ACCEPT ' || a.job || ' ' || a.epoch || ' ' || a.number || ' ' || a.fingerprint || ' ' || coalesce(a.ended_at, 0)
  FROM attempt a JOIN job j ON j.id = a.job WHERE a.state = 'ACCEPTED' ORDER BY a.job;
