-- The chain: everything that ever happened, in order. Nothing here is edited; a purge takes the body and leaves the
-- header, so that the chain can be walked for ever.
CREATE TABLE entries (
    seq         INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL,
    case_number INTEGER,
    header      BLOB NOT NULL,
    body        BLOB,
    hash        TEXT NOT NULL UNIQUE,
    signature   BLOB,
    key_id      TEXT
) STRICT;
CREATE INDEX entries_by_case ON entries (case_number, seq);
CREATE INDEX entries_unsigned ON entries (seq) WHERE signature IS NULL;

CREATE TRIGGER entries_keep_headers BEFORE UPDATE OF seq, kind, case_number, header, hash ON entries
BEGIN SELECT RAISE(ABORT, 'the chain is never edited'); END;
CREATE TRIGGER entries_keep_signatures BEFORE UPDATE OF signature, key_id ON entries WHEN OLD.signature IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a signature is never replaced'); END;
CREATE TRIGGER entries_lose_bodies_only BEFORE UPDATE OF body ON entries WHEN NEW.body IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'the body of an entry is never edited'); END;
CREATE TRIGGER entries_stay BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the chain is never shortened'); END;

-- One row a case, for lists: everything in it follows from the entries, and verify compares.
CREATE TABLE cases (
    number      INTEGER PRIMARY KEY,
    state       TEXT NOT NULL CHECK (state IN ('pending', 'decided')),
    at_utc      REAL NOT NULL,
    site        TEXT NOT NULL,
    speed_kmh   REAL,
    limit_kmh   REAL NOT NULL,
    plate_text  TEXT NOT NULL DEFAULT '',
    outcome     TEXT,
    driver_name TEXT NOT NULL DEFAULT '',
    review      TEXT,
    filed_seq   INTEGER NOT NULL REFERENCES entries (seq),
    decided_seq INTEGER REFERENCES entries (seq)
) STRICT;

CREATE TABLE portraits (
    case_number INTEGER PRIMARY KEY REFERENCES cases (number),
    image       BLOB NOT NULL
) STRICT;
