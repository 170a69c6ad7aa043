CREATE TABLE calls (
    id       uuid PRIMARY KEY,
    instance text NOT NULL,
    channel  text NOT NULL,
    caller   text NOT NULL,
    did      text NOT NULL,
    flow     text NOT NULL,
    started  timestamptz NOT NULL,
    ended    timestamptz,
    outcome  text,
    reason   text,
    CHECK ((ended IS NULL) = (outcome IS NULL) AND (ended IS NULL) = (reason IS NULL))
);

CREATE INDEX calls_started ON calls (started DESC);
CREATE INDEX calls_did ON calls (did, started DESC);
CREATE INDEX calls_outcome ON calls (outcome, started DESC);
CREATE INDEX calls_open ON calls (instance, started) WHERE ended IS NULL;

CREATE TABLE turns (
    call            uuid NOT NULL REFERENCES calls ON DELETE CASCADE,
    index           integer NOT NULL CHECK (index >= 0),
    heard           text NOT NULL,
    said            text NOT NULL,
    heard_by_caller text NOT NULL,
    timings         jsonb NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (call, index)
);

CREATE TABLE leads (
    call    uuid PRIMARY KEY REFERENCES calls ON DELETE CASCADE,
    status  text NOT NULL,
    created timestamptz NOT NULL,
    updated timestamptz NOT NULL
);

CREATE INDEX leads_updated ON leads (updated DESC);
CREATE INDEX leads_status ON leads (status, updated DESC);

CREATE TABLE slots (
    call  uuid NOT NULL REFERENCES leads ON DELETE CASCADE,
    name  text NOT NULL,
    value jsonb NOT NULL,
    heard text NOT NULL,
    PRIMARY KEY (call, name)
);
