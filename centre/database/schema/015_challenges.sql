-- A challenge is kept nowhere before a login that it was used for: who has not logged in writes nothing, and pushes no
-- challenge of a unit out. It holds its moment, something random and a code that only this database can make.
CREATE TABLE challenge_secret (
    id     integer PRIMARY KEY CHECK (id = 1),
    secret bytea NOT NULL CHECK (length(secret) = 32)
);
REVOKE ALL ON challenge_secret FROM PUBLIC, autovelox_service, autovelox_opener;
INSERT INTO challenge_secret
    VALUES (1, sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));
COMMENT ON TABLE challenges IS 'Challenges that a login used, until they are over: each counts once.';

-- 128 bits in hex over a challenge's first half and whom it is for; the owner's functions alone ask it.
CREATE FUNCTION challenge_code(half text, wanted text) RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT left(encode(sha256(secret || sha256(secret || convert_to(half || ' ' || wanted, 'UTF8'))), 'hex'), 32)
    FROM public.challenge_secret
$$;
CREATE FUNCTION new_challenge(wanted text) RETURNS text LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT half || public.challenge_code(half, wanted) FROM (
        SELECT lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 16, '0')
            || left(md5(gen_random_uuid()::text), 16) AS half
    ) AS begun
$$;
-- Whether it was made here for that serial number, not longer ago than it lives.
CREATE FUNCTION is_challenge(wanted text, challenge text, life interval) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN challenge ~ '^[0-9a-f]{64}$' AND right(challenge, 32) = public.challenge_code(left(challenge, 32), wanted)
        THEN to_timestamp(('x' || left(challenge, 16))::bit(64)::bigint / 1000.0)
            BETWEEN clock_timestamp() - life AND clock_timestamp()
        ELSE false END
$$;
REVOKE EXECUTE ON FUNCTION challenge_code, new_challenge, is_challenge FROM PUBLIC;
GRANT EXECUTE ON FUNCTION new_challenge, is_challenge TO autovelox_service;
