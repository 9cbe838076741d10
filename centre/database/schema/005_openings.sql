-- The opening service as units find it: it says so itself at its start.
CREATE TABLE opener (
    id          integer PRIMARY KEY CHECK (id = 1),
    url         text NOT NULL,
    signing_key bytea NOT NULL CHECK (length(signing_key) = 32),
    sealing_key bytea NOT NULL CHECK (length(sealing_key) = 32),
    uid_key     bytea CHECK (length(uid_key) = 32),
    since       timestamptz NOT NULL DEFAULT now()
);
-- Who asked for which case to be opened; of whom it named there is a keyed hash alone.
CREATE TABLE openings (
    unit_id        integer NOT NULL REFERENCES units,
    case_number    bigint NOT NULL,
    request_sha256 bytea NOT NULL,
    asked_at       timestamptz NOT NULL DEFAULT now(),
    packets        integer NOT NULL,
    named          bytea,
    PRIMARY KEY (unit_id, case_number, request_sha256)
);
CREATE INDEX openings_of_unit ON openings (unit_id, asked_at);
GRANT SELECT ON opener, openings TO autovelox_service;
GRANT SELECT, INSERT, UPDATE ON opener, openings TO autovelox_opener;
