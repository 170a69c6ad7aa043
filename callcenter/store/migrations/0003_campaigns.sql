CREATE TABLE campaigns (
    id      uuid PRIMARY KEY,
    name    text NOT NULL UNIQUE,
    flow    text NOT NULL,
    created timestamptz NOT NULL
);

CREATE TABLE contacts (
    id       uuid PRIMARY KEY,
    campaign uuid NOT NULL REFERENCES campaigns ON DELETE CASCADE,
    number   text NOT NULL,
    zones    text[] NOT NULL,
    data     jsonb NOT NULL,
    line     integer NOT NULL,
    state    text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'dialling', 'done')),
    outcome  text,
    due      timestamptz NOT NULL,
    UNIQUE (campaign, number),
    CHECK (state <> 'done' OR outcome IS NOT NULL)
);

CREATE INDEX contacts_due ON contacts (campaign, due, line) WHERE state = 'waiting';

CREATE TABLE attempts (
    id      uuid PRIMARY KEY,
    contact uuid NOT NULL REFERENCES contacts ON DELETE CASCADE,
    number  text NOT NULL,
    begun   timestamptz NOT NULL,
    ended   timestamptz,
    outcome text,
    cause   integer,
    call    uuid,
    CHECK ((ended IS NULL) = (outcome IS NULL))
);

CREATE INDEX attempts_contact ON attempts (contact, begun);
CREATE UNIQUE INDEX attempts_open ON attempts (contact) WHERE ended IS NULL;

CREATE TABLE do_not_call (
    number text PRIMARY KEY,
    reason text NOT NULL,
    added  timestamptz NOT NULL
);

CREATE INDEX calls_channel ON calls (channel);
