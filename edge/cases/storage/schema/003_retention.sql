-- A purged case keeps its number and its place in the chain and loses everything else.
ALTER TABLE cases ADD COLUMN purged_seq INTEGER REFERENCES entries (seq);
ALTER TABLE cases ADD COLUMN exported_utc REAL;
CREATE INDEX cases_pending ON cases (number) WHERE state = 'pending';
