-- stage: what the campaign's jobs do. source: the campaign whose batches a scoring campaign works on.
ALTER TABLE campaign ADD COLUMN stage TEXT NOT NULL DEFAULT 'WHOLE';
ALTER TABLE campaign ADD COLUMN source INTEGER;
-- The job and attempt that handed in the batches of a scoring job.
ALTER TABLE job ADD COLUMN source_job INTEGER;
ALTER TABLE job ADD COLUMN source_attempt INTEGER;
CREATE UNIQUE INDEX job_source ON job (source_job, campaign) WHERE source_job IS NOT NULL;
