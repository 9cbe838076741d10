-- Who holds which licence, and the private key of each chip: readable by the opening service alone.
-- Two login roles without a password: whoever runs the cluster gives each its own, or the socket's folder says who is in.
DO $$
DECLARE wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['autovelox_service', 'autovelox_opener'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of the cluster was quicker
            END;
        END IF;
    END LOOP;
END $$;

CREATE SCHEMA registry;

-- One row: what the root key is checked with.
CREATE TABLE registry.root (
    id     integer PRIMARY KEY CHECK (id = 1),
    sealed bytea NOT NULL,
    shards integer NOT NULL CHECK (shards BETWEEN 1 AND 65536)
);
-- The shards' keys, each sealed under the root key. A shard has two while its rows go from one to the next.
-- Shard -1 keeps what belongs to no driver: the key that uids are sealed to, and the chips' counters.
CREATE TABLE registry.shard_keys (
    id      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shard   integer NOT NULL,
    sealed  bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX shard_keys_of_shard ON registry.shard_keys (shard);

CREATE TABLE registry.drivers (
    licence         text PRIMARY KEY,
    key_id          integer NOT NULL REFERENCES registry.shard_keys,
    first_name      text NOT NULL,
    last_name       text NOT NULL,
    birth_date      text NOT NULL,
    birth_place     text NOT NULL,
    categories      text NOT NULL,
    issuing_office  text NOT NULL,
    issued_on       text NOT NULL,
    expires_on      text NOT NULL,
    portrait_sha256 bytea NOT NULL,
    mac             bytea NOT NULL
);
CREATE INDEX drivers_by_key ON registry.drivers (key_id, licence);
CREATE TABLE registry.portraits (
    licence text PRIMARY KEY REFERENCES registry.drivers ON DELETE CASCADE,
    image   bytea NOT NULL
);
ALTER TABLE registry.portraits ALTER COLUMN image SET STORAGE EXTERNAL;
CREATE TABLE registry.chips (
    uid_sha256 bytea PRIMARY KEY,
    key_id     integer NOT NULL REFERENCES registry.shard_keys,
    licence    text NOT NULL REFERENCES registry.drivers ON DELETE CASCADE,
    valid_from bigint NOT NULL,
    revoked_at bigint,
    reason     text,
    sealed_key bytea NOT NULL,
    verify_key bytea,
    mac        bytea NOT NULL,
    CHECK ((revoked_at IS NULL) = (reason IS NULL))
);
CREATE UNIQUE INDEX chips_in_use ON registry.chips (licence) WHERE revoked_at IS NULL;
CREATE INDEX chips_by_licence ON registry.chips (licence);
CREATE INDEX chips_by_key ON registry.chips (key_id, uid_sha256);
CREATE UNIQUE INDEX chips_by_verify_key ON registry.chips (sha256(verify_key)) WHERE verify_key IS NOT NULL;
CREATE TABLE registry.vehicles (
    plate   text PRIMARY KEY,
    key_id  integer NOT NULL REFERENCES registry.shard_keys,
    licence text NOT NULL REFERENCES registry.drivers ON DELETE CASCADE,
    country text,
    mac     bytea NOT NULL
);
CREATE INDEX vehicles_by_licence ON registry.vehicles (licence);
CREATE INDEX vehicles_by_key ON registry.vehicles (key_id, plate);

-- What belongs to no driver: "uids", the key pair that cars seal their uids to, and "counters", which makes pseudonyms.
CREATE TABLE registry.secrets (
    name   text PRIMARY KEY CHECK (name IN ('uids', 'counters')),
    key_id integer NOT NULL REFERENCES registry.shard_keys,
    public bytea NOT NULL,
    sealed bytea NOT NULL,
    mac    bytea NOT NULL
);
-- The last counter seen of each chip that signs: a chip is an HMAC of its uid, and what was seen is sealed.
CREATE TABLE registry.counters (
    chip   bytea PRIMARY KEY,
    sealed bytea NOT NULL
);

-- The service for units works on everything but the registry.
GRANT USAGE ON SCHEMA public TO autovelox_service, autovelox_opener;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO autovelox_service;
REVOKE INSERT, UPDATE, DELETE ON schema_version FROM autovelox_service;
-- The opening service reads the registry, keeps the counters, and knows which units may ask and what they filed.
GRANT USAGE ON SCHEMA registry TO autovelox_opener;
GRANT SELECT ON ALL TABLES IN SCHEMA registry TO autovelox_opener;
GRANT INSERT, UPDATE ON registry.counters TO autovelox_opener;
GRANT SELECT ON schema_version, units, unit_keys, tokens, entries TO autovelox_opener;
