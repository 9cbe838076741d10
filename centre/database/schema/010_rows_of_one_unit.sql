-- A request of a unit touches that unit's rows and no other's, whatever statement it may bring about.
-- The service tells each session whose request it works for; the word counts with a code that only the service can
-- make, so that a statement cannot give itself another unit's. Without such a pass the service's role sees no row.
CREATE TABLE visit_secret (
    id     integer PRIMARY KEY CHECK (id = 1),
    secret bytea NOT NULL CHECK (length(secret) = 32)
);
REVOKE ALL ON visit_secret FROM PUBLIC, autovelox_service, autovelox_opener;
INSERT INTO visit_secret
    VALUES (1, sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));

-- Whom this session's pass names, if it is one of that scope: 'unit', 'login' or 'house'.
CREATE FUNCTION visit_of(wanted text) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    pass text[] := string_to_array(current_setting('autovelox.visit', true), ' ');
    key  bytea;
BEGIN
    IF cardinality(pass) IS DISTINCT FROM 3 OR pass[1] <> wanted THEN
        RETURN NULL;
    END IF;
    SELECT secret INTO key FROM public.visit_secret;
    IF encode(sha256(key || sha256(key || convert_to(pass[1] || ' ' || pass[2], 'UTF8'))), 'hex') <> pass[3] THEN
        RETURN NULL;
    END IF;
    RETURN pass[2];
END $$;
CREATE FUNCTION visiting_unit() RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$ SELECT public.visit_of('unit')::integer $$;
-- The unit that logs in, or has logged in.
CREATE FUNCTION visiting_login() RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(public.visit_of('unit')::integer, (SELECT id FROM public.units WHERE serial = public.visit_of('login')))
$$;
-- The service's own rounds: how the fleet is.
CREATE FUNCTION visiting_house() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$ SELECT public.visit_of('house') IS NOT NULL $$;

-- A token counts from the network that it was given to; NULL: from any.
ALTER TABLE tokens ADD COLUMN network text;
CREATE FUNCTION unit_of_token(digest bytea, seen_from text) RETURNS TABLE (id integer, serial text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT units.id, units.serial FROM public.tokens JOIN public.units ON units.id = tokens.unit_id
    WHERE token_sha256 = digest AND until > now() AND state = 'active'
        AND (network IS NULL OR seen_from IS NULL OR network = seen_from)
$$;
CREATE FUNCTION join_unit(wanted text, code bytea, key bytea) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.units SET state = 'active', public_key = key, joined_at = now(), code_sha256 = NULL, code_until = NULL
    WHERE serial = wanted AND state = 'invited' AND code_sha256 = code AND code_until > now() RETURNING id
$$;
CREATE FUNCTION forget_what_is_over() RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM public.challenges WHERE until < now();
    DELETE FROM public.tokens WHERE until < now();
$$;
-- Whether a chain that begins with this entry is another unit's, which was not revoked: nobody files it twice.
CREATE INDEX first_entries ON entries (hash) WHERE seq = 1;
CREATE FUNCTION begins_elsewhere(digest text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM public.entries JOIN public.units ON units.id = entries.unit_id
        WHERE seq = 1 AND hash = digest AND state <> 'revoked' AND units.id <> public.visit_of('unit')::integer)
$$;
REVOKE EXECUTE ON FUNCTION visit_of, visiting_unit, visiting_login, visiting_house, unit_of_token, join_unit,
    forget_what_is_over, begins_elsewhere FROM PUBLIC;
GRANT EXECUTE ON FUNCTION visiting_unit, visiting_login, visiting_house, unit_of_token, join_unit, forget_what_is_over,
    begins_elsewhere TO autovelox_service;
GRANT EXECUTE ON FUNCTION unit_of_token TO autovelox_opener;

DO $$
DECLARE each record;
BEGIN
    FOR each IN
        SELECT relname AS name FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
            AND attname = 'unit_id' AND NOT attisdropped
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each.name);
        EXECUTE format('CREATE POLICY of_its_unit ON %I TO autovelox_service USING (unit_id = (SELECT %s))', each.name,
            CASE WHEN each.name IN ('challenges', 'tokens') THEN 'visiting_login()' ELSE 'visiting_unit()' END);
        EXECUTE format('CREATE POLICY of_the_opener ON %I TO autovelox_opener USING (true)', each.name);
    END LOOP;
END $$;
-- A partition is reached through its table alone, whose policies count.
DO $$
DECLARE each record;
BEGIN
    FOR each IN SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relispartition
            AND relkind IN ('r', 'p') LOOP
        EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, autovelox_service, autovelox_opener', each.name);
    END LOOP;
END $$;
ALTER TABLE units ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_its_unit ON units TO autovelox_service USING (id = (SELECT visiting_login()));
CREATE POLICY of_the_opener ON units TO autovelox_opener USING (true);
CREATE POLICY of_the_house ON units FOR SELECT TO autovelox_service USING ((SELECT visiting_house()));
CREATE POLICY of_the_house ON blobs FOR SELECT TO autovelox_service USING ((SELECT visiting_house()));
CREATE POLICY of_the_house ON alarms TO autovelox_service USING ((SELECT visiting_house()));

-- No more rights than the routes for units need: what the role may not do, no statement does.
REVOKE ALL ON units, unit_keys, challenges, tokens, alarms, entries, forks, cases, files, blobs, blob_parts,
    centre_entries FROM autovelox_service;
REVOKE ALL ON tokens FROM autovelox_opener;
GRANT SELECT ON units, unit_keys, challenges, tokens, alarms, entries, cases, files, blobs, blob_parts
    TO autovelox_service;
GRANT INSERT ON unit_keys, challenges, tokens, alarms, entries, forks, cases, files, blobs, blob_parts
    TO autovelox_service;
GRANT DELETE ON challenges, tokens, files, blobs, blob_parts TO autovelox_service;
GRANT UPDATE ON cases, blobs TO autovelox_service;
GRANT UPDATE (body) ON entries TO autovelox_service;
GRANT UPDATE (last_at, times, closed_at, closed_by) ON alarms TO autovelox_service;
DO $$
BEGIN
    EXECUTE (
        SELECT format('GRANT UPDATE (%s) ON units TO autovelox_service', string_agg(quote_ident(attname), ', '))
        FROM pg_attribute WHERE attrelid = 'units'::regclass AND attnum > 0 AND NOT attisdropped
            AND attname NOT IN ('id', 'serial', 'state', 'code_sha256', 'code_until', 'joined_at')
    );
END $$;
