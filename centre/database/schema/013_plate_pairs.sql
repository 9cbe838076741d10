-- Cases are found by pairs of characters of their plates: two characters and their distance, one to four. The beginning
-- (^) and the end ($) of a plate count as characters. A pattern with ? or * knows some pairs of whatever it matches, also
-- where no three characters stand in a row, which is what trigrams need. centre/records/plates.py makes the same pairs.
CREATE FUNCTION plate_pairs(plate text, corrected text) RETURNS integer[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    pairs   integer[] := '{}';
    written text;
    letters text[];
    codes   integer[];
BEGIN
    FOREACH written IN ARRAY ARRAY[plate, corrected] LOOP
        CONTINUE WHEN written IS NULL OR written = '';
        letters := string_to_array('^' || written || '$', NULL);
        codes := '{}';
        FOR place IN 1 .. cardinality(letters) LOOP
            codes := codes || ascii(letters[place]) % 128;
            FOR distance IN 1 .. least(4, place - 1) LOOP
                pairs := pairs || (distance * 16384 + codes[place - distance] * 128 + codes[place]);
            END LOOP;
        END LOOP;
    END LOOP;
    RETURN pairs;
END $$;

DROP INDEX cases_by_plate;
DROP INDEX cases_by_corrected_plate;
-- Rows that wait to be put into the index are read one by one by each search: a few, so that neither a search nor the
-- delivery that puts them in takes long.
CREATE INDEX cases_by_pairs ON cases USING gin (plate_pairs(plate, corrected_plate)) WITH (gin_pending_list_limit = 256)
    WHERE plate <> '' OR corrected_plate <> '';
