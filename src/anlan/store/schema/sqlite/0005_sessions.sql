-- A session tells when it began and in what; what is not part of a matter's state (readings, accounts, sessions) is
-- found newest first, for "who saw what".
ALTER TABLE tokens ADD COLUMN issued_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN agent TEXT NOT NULL DEFAULT '';
CREATE INDEX facts_beside ON facts (pos) WHERE version = 0;
