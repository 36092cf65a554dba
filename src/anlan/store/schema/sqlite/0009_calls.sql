-- Calls: who sits at which extension, and what rings there. The number is sealed under the call's own id; `party` is who is
-- known by it ("" nobody), `matter` what became of the call.
CREATE TABLE extensions (extension TEXT PRIMARY KEY, account TEXT NOT NULL UNIQUE) STRICT, WITHOUT ROWID;
CREATE TABLE calls (
    id TEXT PRIMARY KEY, outside_id TEXT NOT NULL UNIQUE, extension TEXT NOT NULL, account TEXT NOT NULL,
    party TEXT NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL, matter INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_by_account ON calls (account, at);
