-- Who may deliver, and how far each unit's chain is here.
CREATE TABLE units (
    id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    serial        text NOT NULL UNIQUE CHECK (serial ~ '^[A-Za-z0-9._-]{1,64}$'),
    state         text NOT NULL CHECK (state IN ('invited', 'active', 'suspended', 'revoked')),
    code_sha256   bytea,                       -- of the one-time code, until the unit joined
    code_until    timestamptz,
    public_key    bytea CHECK (length(public_key) = 32),  -- what the unit logs in with
    joined_at     timestamptz,
    anchored      boolean NOT NULL DEFAULT false,  -- the chain holds the key that the unit joined with
    head_seq      bigint NOT NULL DEFAULT 0,   -- the newest entry here: what is confirmed
    head_hash     text NOT NULL DEFAULT repeat('0', 64),
    head_header   bytea,
    first_key     text NOT NULL DEFAULT '',
    current_key   text NOT NULL DEFAULT '',
    cases         bigint NOT NULL DEFAULT 0,   -- the highest number of a filed case
    delivered_at  timestamptz,
    status        jsonb,
    status_at     timestamptz
);

CREATE TABLE unit_keys (
    unit_id    integer NOT NULL REFERENCES units,
    key_id     text NOT NULL,
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    seq        bigint NOT NULL,
    PRIMARY KEY (unit_id, key_id)
);

CREATE TABLE challenges (
    challenge_sha256 bytea PRIMARY KEY,
    unit_id          integer NOT NULL REFERENCES units,
    until            timestamptz NOT NULL
);
CREATE INDEX challenges_of_unit ON challenges (unit_id, until);

CREATE TABLE tokens (
    token_sha256 bytea PRIMARY KEY,
    unit_id      integer NOT NULL REFERENCES units,
    until        timestamptz NOT NULL
);
CREATE INDEX tokens_of_unit ON tokens (unit_id, until);

-- What somebody has to look at; one row for one thing, however often it happens.
CREATE TABLE alarms (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit_id  integer REFERENCES units,
    kind     text NOT NULL,
    cause    text NOT NULL,
    seq      bigint,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at  timestamptz NOT NULL DEFAULT now(),
    times    bigint NOT NULL DEFAULT 1,
    closed_at timestamptz,
    closed_by text,
    UNIQUE NULLS NOT DISTINCT (unit_id, kind, cause, seq)
);
