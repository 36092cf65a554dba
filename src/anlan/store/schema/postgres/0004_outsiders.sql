CREATE TABLE tails (ledger BIGINT PRIMARY KEY, size BIGINT NOT NULL, hashes BYTEA NOT NULL);
CREATE TABLE cosignatures (
    ledger BIGINT NOT NULL, size BIGINT NOT NULL, witness words NOT NULL, line words NOT NULL,
    PRIMARY KEY (ledger, size, witness)
);
