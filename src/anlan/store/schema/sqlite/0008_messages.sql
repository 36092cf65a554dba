-- Words to reporters: what is to be said to which receipt, whether it was, and why not. No address and no text: those come
-- from the vault and the matter at the moment of sending. `pos` is the fact it follows from.
CREATE TABLE messages (
    id TEXT PRIMARY KEY, pos INTEGER NOT NULL, matter INTEGER NOT NULL, receipt INTEGER NOT NULL, party TEXT NOT NULL,
    template TEXT NOT NULL, way TEXT NOT NULL, state TEXT NOT NULL, made_at INTEGER NOT NULL, due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL, why TEXT NOT NULL, UNIQUE (pos, receipt)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_due ON messages (due_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX messages_waiting ON messages (receipt) WHERE state = 'waiting';
CREATE INDEX messages_by_state ON messages (state, id);
CREATE TABLE opt_outs (party TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- How far a reader of the facts has come.
CREATE TABLE cursors (name TEXT PRIMARY KEY, pos INTEGER NOT NULL) STRICT, WITHOUT ROWID;
