-- Reports of figures: what is told of which period (`spec`), made by itself for every period that ends on or after day
-- `since` (0: only on demand); and the files that were made, each named by the SHA-256 of its bytes.
CREATE TABLE reports (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, spec BLOB NOT NULL, since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE report_files (
    no INTEGER PRIMARY KEY, report TEXT NOT NULL, first_day INTEGER NOT NULL, last_day INTEGER NOT NULL,
    form TEXT NOT NULL, hash TEXT NOT NULL, size INTEGER NOT NULL, made_at INTEGER NOT NULL, made_by TEXT NOT NULL,
    scheduled INTEGER NOT NULL
) STRICT;
CREATE INDEX report_files_newest ON report_files (report, no);
CREATE UNIQUE INDEX report_files_once ON report_files (report, first_day) WHERE scheduled = 1;
