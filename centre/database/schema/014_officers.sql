-- Who may do what at the centre, by account. Nobody in it: whoever may run the commands may do everything.
CREATE TABLE officers (
    account  text PRIMARY KEY,
    rights   text[] NOT NULL CHECK (rights <@ ARRAY['search', 'drivers', 'order', 'registry', 'administer']),
    added_at timestamptz NOT NULL DEFAULT now(),
    added_by text NOT NULL
);
REVOKE ALL ON officers FROM PUBLIC, autovelox_service, autovelox_opener;
CREATE INDEX drivers_by_name ON registry.drivers (last_name, first_name, licence);

-- The opening service sees the rows of the unit whose request it works for, and of no other. It has no secret to make a
-- pass with: it shows the unit's token, whose hash alone is here.
CREATE FUNCTION opening_unit() RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT units.id FROM public.tokens JOIN public.units ON units.id = tokens.unit_id
    WHERE token_sha256 = sha256(convert_to(current_setting('autovelox.token', true), 'UTF8'))
        AND until > now() AND state = 'active'
$$;
REVOKE EXECUTE ON FUNCTION opening_unit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION opening_unit TO autovelox_opener;
DO $$
DECLARE each record;
BEGIN
    FOR each IN SELECT schemaname, tablename FROM pg_policies WHERE policyname = 'of_the_opener' LOOP
        EXECUTE format('DROP POLICY of_the_opener ON %I.%I', each.schemaname, each.tablename);
    END LOOP;
END $$;
CREATE POLICY of_the_opener ON units TO autovelox_opener USING (id = (SELECT opening_unit()));
CREATE POLICY of_the_opener ON openings TO autovelox_opener USING (unit_id = (SELECT opening_unit()));
CREATE POLICY of_the_opener ON entries FOR SELECT TO autovelox_opener
    USING (unit_id = (SELECT opening_unit()) AND kind = 'filed');
REVOKE ALL ON unit_keys FROM autovelox_opener;
