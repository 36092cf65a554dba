-- The vault's wrapped keys: in a database of their own where `keys_url` names one, so that backups of the two part.
CREATE TABLE keys (id text COLLATE "C" PRIMARY KEY, wrapped BYTEA NOT NULL);
