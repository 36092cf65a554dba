-- The record: facts as they were encoded, one sequence per ledger. Never updated, never deleted.
CREATE TABLE ledgers (
    no INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, frontier BLOB NOT NULL
) STRICT;
CREATE TABLE facts (
    pos INTEGER PRIMARY KEY, ledger INTEGER NOT NULL, seq INTEGER NOT NULL, matter INTEGER NOT NULL,
    version INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX facts_by_seq ON facts (ledger, seq);
CREATE INDEX facts_by_matter ON facts (matter, version);
-- Derived from facts, checked by verify: 256 hashes a tile (C2SP tlog-tiles shape).
CREATE TABLE tiles (
    ledger INTEGER NOT NULL, level INTEGER NOT NULL, idx INTEGER NOT NULL, hashes BLOB NOT NULL,
    PRIMARY KEY (ledger, level, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoints (
    ledger INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, at INTEGER NOT NULL,
    frontier BLOB NOT NULL, key_id TEXT NOT NULL, signature BLOB NOT NULL, PRIMARY KEY (ledger, size)
) STRICT, WITHOUT ROWID;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- State: what the facts add up to, with the columns that lists are asked by. `due` is in city minutes; 2^53-1 when unknown.
CREATE TABLE matters (
    number INTEGER PRIMARY KEY, version INTEGER NOT NULL, domain TEXT NOT NULL, flow TEXT NOT NULL, stage TEXT NOT NULL,
    kind TEXT NOT NULL, lead TEXT NOT NULL, officer TEXT NOT NULL, ledger TEXT NOT NULL, category TEXT NOT NULL,
    channel TEXT NOT NULL, opened_at INTEGER NOT NULL, due INTEGER NOT NULL, lon_e6 INTEGER, lat_e6 INTEGER,
    closed_at INTEGER NOT NULL, parent INTEGER NOT NULL, state BLOB NOT NULL
) STRICT;
-- Category and channel ride along, so that a filter on them reads the index and not the rows.
CREATE INDEX matters_by_lead_due ON matters (lead, stage, due, number, category, channel);
CREATE INDEX matters_by_lead ON matters (lead, stage, number, category, channel);
CREATE INDEX matters_by_kind_due ON matters (kind, due, number);
CREATE INDEX matters_by_stage ON matters (stage, due, number);
CREATE INDEX matters_by_officer ON matters (officer, due, number) WHERE officer != '' AND kind != 'closed';

-- Every reporter's receipt; (channel, outside id) is what makes an intake idempotent.
CREATE TABLE receipts (
    number INTEGER PRIMARY KEY, matter INTEGER NOT NULL, channel TEXT NOT NULL, outside_id TEXT NOT NULL,
    party TEXT NOT NULL, code BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX receipts_by_outside ON receipts (channel, outside_id);
CREATE INDEX receipts_by_party ON receipts (party);
CREATE INDEX receipts_by_matter ON receipts (matter);
CREATE TABLE requests (
    key BLOB PRIMARY KEY, body BLOB NOT NULL, answer BLOB NOT NULL, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The vault: ciphertext here, wrapped keys in a file of their own. Titles, terms and features are personal data too.
CREATE TABLE parties (id TEXT PRIMARY KEY, blind BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX parties_by_blind ON parties (blind);
CREATE TABLE sealed (id TEXT PRIMARY KEY, key TEXT NOT NULL, box BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE titles (matter INTEGER PRIMARY KEY, title TEXT NOT NULL) STRICT;
CREATE TABLE features (matter INTEGER PRIMARY KEY, row BLOB NOT NULL) STRICT;
CREATE VIRTUAL TABLE search USING fts5 (
    terms, content = '', contentless_delete = 1, detail = 'none', tokenize = 'unicode61 remove_diacritics 0'
);

-- Counted by the writer in the same transaction; `day` is days since 1970-01-01 in the city.
CREATE TABLE rollups (
    measure TEXT NOT NULL, day INTEGER NOT NULL, domain TEXT NOT NULL, ledger TEXT NOT NULL, unit TEXT NOT NULL,
    channel TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (measure, day, domain, ledger, unit, channel)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    id TEXT PRIMARY KEY, unit TEXT NOT NULL, roles TEXT NOT NULL, password TEXT NOT NULL, active INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tokens (
    hash BLOB PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL, expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_account ON tokens (account);
CREATE TABLE models (name TEXT PRIMARY KEY, body BLOB NOT NULL, note TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
