-- What was told about which problem, on which channel: nobody is told twice of one thing.
CREATE TABLE notices (
    channel text NOT NULL,
    problem text NOT NULL,  -- its key: what it is about, and of which unit
    said    text NOT NULL,
    since   timestamptz NOT NULL DEFAULT now(),
    told_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel, problem)
);
ALTER TABLE notices ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_house ON notices TO autovelox_service USING ((SELECT visiting_house()));
GRANT SELECT, INSERT, UPDATE, DELETE ON notices TO autovelox_service;
