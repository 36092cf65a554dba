-- The leaf hashes after the last full tile, as of the newest checkpoint: what names a changed fact there.
CREATE TABLE tails (ledger INTEGER PRIMARY KEY, size INTEGER NOT NULL, hashes BLOB NOT NULL) STRICT;
-- What witnesses put under checkpoints: the line of a C2SP signed note.
CREATE TABLE cosignatures (
    ledger INTEGER NOT NULL, size INTEGER NOT NULL, witness TEXT NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (ledger, size, witness)
) STRICT, WITHOUT ROWID;
