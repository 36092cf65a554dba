-- Roll-ups get the category, and every figure its facts. A slice is one meeting of domain, ledger, unit, channel and
-- category; what was counted before this has category '' and no facts behind it until `anlan rebuild` is run.
ALTER TABLE rollups RENAME TO rollups_without_category;
CREATE TABLE slices (
    no INTEGER PRIMARY KEY, domain TEXT NOT NULL, ledger TEXT NOT NULL, unit TEXT NOT NULL, channel TEXT NOT NULL,
    category TEXT NOT NULL, UNIQUE (domain, ledger, unit, channel, category)
) STRICT;
CREATE INDEX slices_by_ledger ON slices (ledger);
CREATE INDEX slices_by_unit ON slices (unit);
CREATE INDEX slices_by_channel ON slices (channel);
CREATE INDEX slices_by_category ON slices (category);
-- The one by day (a period's sums, its newest facts), the other by slice (the few facts of a rare unit or category).
CREATE TABLE rollups (
    measure TEXT NOT NULL, day INTEGER NOT NULL, slice INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (measure, day, slice)
) STRICT, WITHOUT ROWID;
CREATE TABLE counted (
    measure TEXT NOT NULL, slice INTEGER NOT NULL, day INTEGER NOT NULL, matter INTEGER NOT NULL,
    version INTEGER NOT NULL, PRIMARY KEY (measure, slice, day, matter, version)
) STRICT, WITHOUT ROWID;
INSERT INTO slices (domain, ledger, unit, channel, category)
    SELECT DISTINCT domain, ledger, unit, channel, '' FROM rollups_without_category;
INSERT INTO rollups
    SELECT r.measure, r.day, s.no, r.n FROM rollups_without_category r
    JOIN slices s USING (domain, ledger, unit, channel) WHERE s.category = '';
DROP TABLE rollups_without_category;
