"""The database's shape, one numbered SQL file per step; `database.migrate` applies those not yet applied."""
