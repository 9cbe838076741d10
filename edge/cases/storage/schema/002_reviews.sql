-- A plate an officer corrected is shown beside the one that was read, never instead of it.
ALTER TABLE cases ADD COLUMN corrected_plate TEXT;
CREATE INDEX cases_by_time ON cases (at_utc);
