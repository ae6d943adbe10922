-- What the campaign's key has signed of a policy: id and signature of the charter.
ALTER TABLE campaign_policy ADD COLUMN charter TEXT;
ALTER TABLE campaign_policy ADD COLUMN signature TEXT;
