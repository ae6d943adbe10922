-- troubles: what the worker last found wrong with its own network, as JSON; null: nothing.
ALTER TABLE worker ADD COLUMN troubles TEXT;
