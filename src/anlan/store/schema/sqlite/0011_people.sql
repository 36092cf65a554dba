-- A password that an administrator gave is good once, until `once_until` (UTC ms); 0 for one that its owner chose.
ALTER TABLE accounts ADD COLUMN once_until INTEGER NOT NULL DEFAULT 0;
-- What the ledgers say of an account (given which roles, switched off, logged in), found without walking them.
CREATE INDEX facts_of_account ON facts (CAST(body AS TEXT) ->> '$.data.account', pos)
    WHERE version = 0 AND CAST(body AS TEXT) ->> '$.data.account' IS NOT NULL;
CREATE INDEX accounts_by_unit ON accounts (unit, id);
