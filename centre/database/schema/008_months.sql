-- Cases and photos by month, so that the space of a month that was purged comes back at once: its partitions are dropped.
-- The month is that of the case's `filed` entry; where the unit's clock cannot be believed, that in which it was received.
CREATE FUNCTION month_of(at double precision, received timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT date_trunc('month', (CASE WHEN at BETWEEN extract(epoch FROM received) - 10 * 366 * 86400
        AND extract(epoch FROM received) + 86400 THEN to_timestamp(at) ELSE received END) AT TIME ZONE 'UTC')::date
$$;

ALTER TABLE entries ADD COLUMN month date;  -- of a `filed` entry: where its case is
ALTER TABLE entries DISABLE TRIGGER entries_are_never_edited;
UPDATE entries SET month = month_of((convert_from(header, 'UTF8')::jsonb ->> 'at')::double precision, received_at)
    WHERE kind = 'filed';
ALTER TABLE entries ENABLE TRIGGER entries_are_never_edited;
CREATE OR REPLACE FUNCTION allow_purge_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.body IS NULL AND (OLD.unit_id, OLD.seq, OLD.kind, OLD.hash, OLD.header, OLD.signature, OLD.key_id)
        = (NEW.unit_id, NEW.seq, NEW.kind, NEW.hash, NEW.header, NEW.signature, NEW.key_id)
        AND (OLD.case_number, OLD.month) IS NOT DISTINCT FROM (NEW.case_number, NEW.month) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a chain is never edited';
END $$;

ALTER TABLE cases RENAME TO cases_before;
ALTER TABLE cases_before RENAME CONSTRAINT cases_pkey TO cases_before_pkey;
ALTER INDEX cases_by_time RENAME TO cases_before_by_time;
ALTER INDEX cases_by_plate RENAME TO cases_before_by_plate;
ALTER INDEX cases_by_corrected_plate RENAME TO cases_before_by_corrected_plate;
-- No reference to units: each new partition would lock that table, and the entries of the same statement have one.
CREATE TABLE cases (
    unit_id         integer NOT NULL,
    number          bigint NOT NULL,
    month           date NOT NULL,
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
    PRIMARY KEY (unit_id, number, month)
) PARTITION BY RANGE (month);
CREATE INDEX cases_by_time ON cases (at_utc DESC NULLS LAST);
CREATE INDEX cases_by_plate ON cases USING gin (plate gin_trgm_ops);
CREATE INDEX cases_by_corrected_plate ON cases USING gin (corrected_plate gin_trgm_ops) WHERE corrected_plate IS NOT NULL;

-- The parts of photos. Those of portraits, and what was here before there were months, are under month -infinity: a
-- portrait is of many cases.
ALTER TABLE files ADD COLUMN month date;
UPDATE files SET month = entries.month FROM entries
    WHERE entries.unit_id = files.unit_id AND entries.case_number = files.case_number AND kind = 'filed';
ALTER TABLE files ALTER COLUMN month SET NOT NULL;
ALTER TABLE blobs ADD COLUMN month date NOT NULL DEFAULT '-infinity';
ALTER TABLE blobs ALTER COLUMN month DROP DEFAULT;
CREATE INDEX blobs_of_month ON blobs (month);
ALTER TABLE blob_parts RENAME TO blob_parts_timeless;
ALTER TABLE blob_parts_timeless ADD COLUMN month date NOT NULL DEFAULT '-infinity';
ALTER TABLE blob_parts_timeless ALTER COLUMN month DROP DEFAULT;
ALTER TABLE blob_parts_timeless DROP CONSTRAINT blob_parts_pkey;
ALTER TABLE blob_parts_timeless DROP CONSTRAINT blob_parts_unit_id_sha256_fkey;
CREATE TABLE blob_parts (
    unit_id integer NOT NULL,
    sha256  text NOT NULL,
    start   bigint NOT NULL,
    data    bytea NOT NULL,
    month   date NOT NULL,
    PRIMARY KEY (unit_id, sha256, start, month)
) PARTITION BY RANGE (month);
ALTER TABLE blob_parts ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE blob_parts ATTACH PARTITION blob_parts_timeless FOR VALUES FROM (MINVALUE) TO ('1900-01-01');

-- Photos of purged cases, which go with their month's partition, or soon if it stays.
CREATE TABLE erasures (
    unit_id integer NOT NULL,
    sha256  text NOT NULL,
    month   date NOT NULL,
    since   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (unit_id, sha256, month)
);
CREATE INDEX erasures_by_age ON erasures (since);

-- Partitions are made by whoever files a case in a month, and dropped by the round that tidies up. The shared lock of
-- who needs a month is held until its transaction ends; who drops one waits for it. Asked is the catalogue's table itself:
-- who waited for an advisory lock may have an older answer of to_regclass.
CREATE FUNCTION is_table(wanted text) RETURNS boolean LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM pg_class WHERE relname = wanted AND relnamespace = 'public'::regnamespace);
END $$;
CREATE FUNCTION ensure_month(wanted date) RETURNS date LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE suffix text := to_char(wanted, 'YYYY_MM');
BEGIN
    IF wanted <> date_trunc('month', wanted) THEN
        RAISE EXCEPTION 'a month begins on its first day';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(8, 1);
    IF NOT is_table('cases_' || suffix) THEN
        PERFORM pg_advisory_xact_lock(8, 2);
        IF NOT is_table('cases_' || suffix) THEN
            EXECUTE format('CREATE TABLE %I (LIKE cases INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', 'cases_' || suffix);
            EXECUTE format('ALTER TABLE cases ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', 'cases_' || suffix,
                wanted, wanted + interval '1 month');
        END IF;
        IF NOT is_table('blob_parts_' || suffix) THEN
            EXECUTE format('CREATE TABLE %I (LIKE blob_parts INCLUDING STORAGE)', 'blob_parts_' || suffix);
            EXECUTE format('ALTER TABLE blob_parts ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                'blob_parts_' || suffix, wanted, wanted + interval '1 month');
        END IF;
    END IF;
    RETURN wanted;
END $$;

-- Drops what is over: the rows of a month in which every case was purged, and its photos where none of them is wanted any
-- more. It looks for itself, so that no caller can drop what is alive. Returns the names of what it dropped.
CREATE FUNCTION drop_month(wanted date) RETURNS text[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET lock_timeout = '500ms' AS $$
DECLARE suffix text := to_char(wanted, 'YYYY_MM'); dropped text[] := '{}';
BEGIN
    IF wanted <> date_trunc('month', wanted) OR wanted > date_trunc('month', now() AT TIME ZONE 'UTC') - interval '2 months' THEN
        RETURN dropped;
    END IF;
    PERFORM pg_advisory_xact_lock(8, 1);
    IF NOT is_table('cases_' || suffix)
        OR EXISTS (SELECT FROM cases WHERE month = wanted AND state <> 'purged') THEN
        RETURN dropped;
    END IF;
    IF NOT EXISTS (SELECT FROM blobs WHERE month = wanted) THEN
        EXECUTE format('DROP TABLE %I', 'cases_' || suffix);
        EXECUTE format('DROP TABLE %I', 'blob_parts_' || suffix);
        DELETE FROM erasures WHERE month = wanted;
        dropped := ARRAY['cases_' || suffix, 'blob_parts_' || suffix];
    END IF;
    RETURN dropped;
END $$;
-- The months that photos were purged of; or all there are.
CREATE FUNCTION purged_months(every_month boolean) RETURNS SETOF date LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT DISTINCT month FROM erasures WHERE month > '-infinity' AND NOT every_month
    UNION ALL SELECT to_date(right(inhrelid::regclass::text, 7), 'YYYY_MM') FROM pg_inherits
    WHERE inhparent = 'cases'::regclass AND every_month ORDER BY 1
$$;
-- Deletes at most so many photos of purged cases, and says how many it took. One that was delivered again meanwhile, for
-- another case, stays.
CREATE FUNCTION erase_photos(most integer) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH taken AS (
        DELETE FROM erasures WHERE (unit_id, sha256, month) IN (
            SELECT unit_id, sha256, month FROM erasures ORDER BY since LIMIT most FOR UPDATE SKIP LOCKED
        ) RETURNING unit_id, sha256, month
    ), erased AS (
        DELETE FROM blob_parts AS parts USING taken
        WHERE parts.unit_id = taken.unit_id AND parts.sha256 = taken.sha256 AND parts.month = taken.month AND NOT EXISTS (
            SELECT FROM blobs WHERE blobs.unit_id = taken.unit_id AND blobs.sha256 = taken.sha256
                AND blobs.month = taken.month
        )
    )
    SELECT count(*) FROM taken
$$;
REVOKE EXECUTE ON FUNCTION ensure_month, drop_month, purged_months, erase_photos FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_month, drop_month, purged_months, erase_photos TO autovelox_service;

SELECT count(ensure_month(month)) FROM (SELECT DISTINCT month FROM entries WHERE kind = 'filed') AS there;
INSERT INTO cases (unit_id, number, month, state, at_utc, site, speed_kmh, limit_kmh, plate, corrected_plate, outcome,
        driver_name, review, is_held, filed_seq, decided_seq, purged_seq)
    SELECT cases_before.unit_id, number, month, state, at_utc, site, speed_kmh, limit_kmh, plate, corrected_plate, outcome,
        driver_name, review, is_held, filed_seq, decided_seq, purged_seq
    FROM cases_before JOIN entries ON entries.unit_id = cases_before.unit_id AND seq = filed_seq;
DROP TABLE cases_before;
GRANT SELECT, INSERT, UPDATE, DELETE ON cases, blob_parts TO autovelox_service;
GRANT SELECT, INSERT, UPDATE (since) ON erasures TO autovelox_service;
