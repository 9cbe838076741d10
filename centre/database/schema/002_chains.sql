-- The units' chains, as they sent them. Nothing here is edited; a purge takes the content and leaves the header.
CREATE TABLE entries (
    unit_id     integer NOT NULL REFERENCES units,
    seq         bigint NOT NULL,
    kind        text NOT NULL,
    case_number bigint,
    hash        text NOT NULL,
    header      bytea NOT NULL,
    body        bytea,
    signature   bytea NOT NULL,
    key_id      text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (unit_id, seq)
);
CREATE INDEX entries_of_case ON entries (unit_id, case_number, seq) WHERE case_number IS NOT NULL;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a chain is never edited';
END $$;
CREATE FUNCTION allow_purge_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.body IS NULL AND (OLD.unit_id, OLD.seq, OLD.kind, OLD.hash, OLD.header, OLD.signature, OLD.key_id)
        = (NEW.unit_id, NEW.seq, NEW.kind, NEW.hash, NEW.header, NEW.signature, NEW.key_id)
        AND OLD.case_number IS NOT DISTINCT FROM NEW.case_number THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a chain is never edited';
END $$;
CREATE TRIGGER entries_are_never_edited BEFORE UPDATE ON entries FOR EACH ROW EXECUTE FUNCTION allow_purge_only();
CREATE TRIGGER entries_stay BEFORE DELETE ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_are_never_emptied BEFORE TRUNCATE ON entries EXECUTE FUNCTION refuse_change();

-- An entry with a number that the centre has already, and another hash: both are kept.
CREATE TABLE forks (
    unit_id   integer NOT NULL REFERENCES units,
    seq       bigint NOT NULL,
    hash      text NOT NULL,
    header    bytea NOT NULL,
    body      bytea,
    signature bytea NOT NULL,
    key_id    text NOT NULL,
    seen_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (unit_id, seq, hash)
);
CREATE TRIGGER forks_are_kept BEFORE UPDATE OR DELETE ON forks FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- One row a case, for lists: everything in it follows from the entries.
CREATE TABLE cases (
    unit_id         integer NOT NULL REFERENCES units,
    number          bigint NOT NULL,
    state           text NOT NULL CHECK (state IN ('pending', 'decided', 'purged')),
    at_utc          double precision,
    site            text NOT NULL DEFAULT '',
    speed_kmh       double precision,
    limit_kmh       double precision,
    plate           text NOT NULL DEFAULT '',
    corrected_plate text,
    outcome         text,
    driver_name     text NOT NULL DEFAULT '',
    review          text,
    is_held         boolean NOT NULL DEFAULT false,
    filed_seq       bigint NOT NULL,
    decided_seq     bigint,
    purged_seq      bigint,
    PRIMARY KEY (unit_id, number)
);
CREATE INDEX cases_by_time ON cases (at_utc DESC);
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX cases_by_plate ON cases USING gin (plate gin_trgm_ops);

-- The photos and portraits that the entries name, and what has come of them so far.
CREATE TABLE files (
    unit_id     integer NOT NULL REFERENCES units,
    case_number bigint NOT NULL,
    place       integer NOT NULL,  -- the number of the photo; -1 is the driver's portrait
    sha256      text NOT NULL,
    PRIMARY KEY (unit_id, case_number, place)
);
CREATE INDEX files_by_hash ON files (unit_id, sha256);
CREATE TABLE blobs (
    unit_id     integer NOT NULL REFERENCES units,
    sha256      text NOT NULL,
    size        bigint,            -- as the manifest says, or the first upload of a portrait
    received    bigint NOT NULL DEFAULT 0,
    complete_at timestamptz,
    lost_at     timestamptz,       -- the unit says that it has it no more
    PRIMARY KEY (unit_id, sha256)
);
CREATE INDEX blobs_missing ON blobs (unit_id) WHERE complete_at IS NULL AND lost_at IS NULL;
CREATE TABLE blob_parts (
    unit_id integer NOT NULL,
    sha256  text NOT NULL,
    start   bigint NOT NULL,
    data    bytea NOT NULL,
    PRIMARY KEY (unit_id, sha256, start),
    FOREIGN KEY (unit_id, sha256) REFERENCES blobs ON DELETE CASCADE
);
ALTER TABLE blob_parts ALTER COLUMN data SET STORAGE EXTERNAL;  -- JPEG does not compress

-- The centre's own chain: which officer looked at what. In the form of a unit's chain, signed by the centre.
CREATE TABLE centre_entries (
    seq       bigint PRIMARY KEY,
    kind      text NOT NULL,
    hash      text NOT NULL,
    header    bytea NOT NULL,
    body      bytea NOT NULL,
    signature bytea NOT NULL,
    key_id    text NOT NULL
);
CREATE TRIGGER centre_entries_stay BEFORE UPDATE OR DELETE ON centre_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
