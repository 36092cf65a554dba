-- Who is told of facts over HTTP. `account` decides what may leave; `secret` is sealed by the master key; `kinds` and
-- `ledgers` narrow it (blanks between, "" for all). `pos` is how far it has come: the fact after it waits until `due_at`
-- once `attempts` tries have failed. `state`: active, paused (by a person), failing (by itself); `dead`: letters given up
-- one after the other.
CREATE TABLE webhooks (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, account TEXT NOT NULL, url TEXT NOT NULL, secret BLOB NOT NULL,
    kinds TEXT NOT NULL, ledgers TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL, pos INTEGER NOT NULL,
    attempts INTEGER NOT NULL, dead INTEGER NOT NULL, due_at INTEGER NOT NULL, made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Facts that a subscription could not be told: `dead`, `again` (to be sent once more), `sent`, `let_go`.
CREATE TABLE webhook_letters (
    id TEXT PRIMARY KEY, webhook TEXT NOT NULL, pos INTEGER NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL,
    at INTEGER NOT NULL, UNIQUE (webhook, pos)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_letters_by_state ON webhook_letters (state, id);
