-- All policies a campaign ever had, from version 1; campaign.policy is the one of policy_version.
CREATE TABLE campaign_policy (
  campaign INTEGER NOT NULL REFERENCES campaign(id),
  version  INTEGER NOT NULL,
  policy   TEXT NOT NULL,
  at       INTEGER NOT NULL,
  reason   TEXT NOT NULL,
  PRIMARY KEY (campaign, version)
) WITHOUT ROWID;
INSERT INTO campaign_policy SELECT id, 1, policy, created_at, 'as made' FROM campaign;
ALTER TABLE campaign ADD COLUMN policy_version INTEGER NOT NULL DEFAULT 1;

-- policy: the version under which all attempts at the job work, so that they can be compared; 0: nobody had it yet.
ALTER TABLE job ADD COLUMN policy INTEGER NOT NULL DEFAULT 0;
UPDATE job SET policy = 1 WHERE attempts > 0;
