-- The second factor (RFC 6238): its secret, wrapped by the master key, and the last time step it was used in.
ALTER TABLE accounts ADD COLUMN second BLOB;
ALTER TABLE accounts ADD COLUMN second_step INTEGER NOT NULL DEFAULT 0;
