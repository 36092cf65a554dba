-- SQLite's 0015: wrong passwords and known addresses.
CREATE TABLE guesses (
    kind words NOT NULL, key words NOT NULL, failures BIGINT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (kind, key)
);
