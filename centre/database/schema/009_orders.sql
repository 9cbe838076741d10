-- Orders to units, signed by officers with keys of their own; what is signed is kept as it was signed.
CREATE TABLE signers (
    key_id     text PRIMARY KEY,
    name       text NOT NULL,
    public_key bytea NOT NULL UNIQUE CHECK (length(public_key) = 32),
    added_at   timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz
);
CREATE UNIQUE INDEX signers_in_use ON signers (name) WHERE ended_at IS NULL;
CREATE SEQUENCE order_numbers;
CREATE TABLE orders (
    number       bigint PRIMARY KEY,
    unit_id      integer NOT NULL REFERENCES units,
    kind         text NOT NULL CHECK (kind IN ('hold', 'release', 'purge', 'configuration')),
    document     bytea NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT now(),
    until        timestamptz NOT NULL,
    signed_at    timestamptz,   -- when it had the signatures that it needs
    withdrawn_at timestamptz,
    done_at      timestamptz,   -- the unit's chain says that it was carried out
    done_seq     bigint,
    refused      text           -- what the unit said last
);
CREATE INDEX orders_to_come ON orders (unit_id, number) WHERE done_at IS NULL AND withdrawn_at IS NULL;
CREATE TABLE order_signatures (
    number    bigint NOT NULL REFERENCES orders,
    key_id    text NOT NULL REFERENCES signers,
    signature bytea NOT NULL CHECK (length(signature) = 64),
    signed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (number, key_id)
);
CREATE TABLE order_cases (
    number      bigint NOT NULL REFERENCES orders,
    unit_id     integer NOT NULL,
    case_number bigint NOT NULL,
    done_seq    bigint,
    PRIMARY KEY (number, case_number)
);
CREATE INDEX orders_of_case ON order_cases (unit_id, case_number);
-- Cases that officers of the centre hold: their contents stay here, even when the unit's tombstone comes.
CREATE TABLE holds (
    unit_id     integer NOT NULL,
    case_number bigint NOT NULL,
    number      bigint NOT NULL REFERENCES orders,
    PRIMARY KEY (unit_id, case_number)
);
GRANT SELECT ON signers, orders, order_signatures, order_cases, holds TO autovelox_service;
GRANT UPDATE (done_at, done_seq, refused) ON orders TO autovelox_service;
GRANT UPDATE (done_seq) ON order_cases TO autovelox_service;

-- What an authority outside signed over the heads of all units, once a day (RFC 3161). The service that answers units sees
-- no other unit's row: these three functions are all that it needs for it.
CREATE TABLE head_stamps (
    day        date PRIMARY KEY,
    document   bytea NOT NULL,
    stamp      bytea NOT NULL,
    stamped_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER head_stamps_stay BEFORE UPDATE OR DELETE ON head_stamps FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE FUNCTION heads_of_units() RETURNS TABLE (unit text, seq bigint, hash text) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT serial, head_seq, head_hash FROM units WHERE state <> 'invited'
$$;
CREATE FUNCTION is_stamped(wanted date) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$ SELECT EXISTS (SELECT FROM head_stamps WHERE day = wanted) $$;
CREATE FUNCTION keep_stamp(wanted date, heads bytea, answer bytea) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    INSERT INTO head_stamps (day, document, stamp) VALUES (wanted, heads, answer) ON CONFLICT DO NOTHING
$$;
REVOKE EXECUTE ON FUNCTION heads_of_units, is_stamped, keep_stamp FROM PUBLIC;
GRANT EXECUTE ON FUNCTION heads_of_units, is_stamped, keep_stamp TO autovelox_service;
