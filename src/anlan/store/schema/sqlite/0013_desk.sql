-- What people keep for themselves: views of the list by name (`unit`: shared with that unit), which of them opens at
-- log-in, and the version of each matter they last opened. Nobody else is ever shown what a person has opened.
CREATE TABLE views (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, unit TEXT NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX views_by_account ON views (account);
CREATE INDEX views_by_unit ON views (unit) WHERE unit != '';
ALTER TABLE accounts ADD COLUMN first_view INTEGER NOT NULL DEFAULT 0;
CREATE TABLE seen (
    account TEXT NOT NULL, matter INTEGER NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (account, matter)
) STRICT, WITHOUT ROWID;
