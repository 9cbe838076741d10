-- A plate that an officer corrected is found like one that was read.
CREATE INDEX cases_by_corrected_plate ON cases USING gin (corrected_plate gin_trgm_ops) WHERE corrected_plate IS NOT NULL;
