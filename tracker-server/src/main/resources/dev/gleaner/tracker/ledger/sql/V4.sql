-- directive: what operators want of the worker, by the protocol's names. message: what they tell its volunteer.
ALTER TABLE worker ADD COLUMN directive TEXT NOT NULL DEFAULT 'NONE';
ALTER TABLE worker ADD COLUMN message TEXT;
