-- Wrong passwords: how many in a row, and the last one's time (UTC ms), by account and address (`pair`), by address, by
-- account; and (`known`) from which addresses an account has logged in. Keys are keyed fingerprints: neither stands here.
CREATE TABLE guesses (
    kind TEXT NOT NULL, key TEXT NOT NULL, failures INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
