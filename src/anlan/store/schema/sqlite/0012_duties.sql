-- Who is on duty: by unit, roster day (days since 1970-01-01) and shift, `place` 0 leads; minutes are the city's. A week
-- is written as a whole, so its version tells whether somebody else wrote it meanwhile.
CREATE TABLE duties (
    unit TEXT NOT NULL, day INTEGER NOT NULL, shift TEXT NOT NULL, place INTEGER NOT NULL, officer TEXT NOT NULL,
    begins INTEGER NOT NULL, ends INTEGER NOT NULL, PRIMARY KEY (unit, day, shift, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX duties_by_officer ON duties (officer, begins);
CREATE INDEX duties_by_unit ON duties (unit, begins, ends);
CREATE INDEX duties_by_time ON duties (begins);
CREATE TABLE duty_weeks (
    unit TEXT NOT NULL, monday INTEGER NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (unit, monday)
) STRICT, WITHOUT ROWID;
