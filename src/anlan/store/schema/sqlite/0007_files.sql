-- Photos, sounds and documents: sealed files on disk under the hash of their bytes, `small` a picture's thumbnail ("" for
-- the rest). `staged_at` (UTC ms) is 0 once a matter has it; what no matter took within a day is swept away.
CREATE TABLE files (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, bytes INTEGER NOT NULL, hash TEXT NOT NULL, small TEXT NOT NULL,
    staged_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX files_staged ON files (staged_at, bytes) WHERE staged_at != 0;
