ALTER TABLE calls ADD COLUMN recording text;
