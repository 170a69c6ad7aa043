-- Phrases that somebody was paid to say once, for calls to come.
CREATE TABLE phrases (
    id         uuid PRIMARY KEY,
    flow       text NOT NULL,
    provider   text NOT NULL,
    characters bigint NOT NULL,
    cost       numeric,
    prepared   timestamptz NOT NULL
);
