ALTER TABLE campaigns ADD COLUMN paused boolean NOT NULL DEFAULT false;
