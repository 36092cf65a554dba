"""Durability: the one writer, the readers, the vault. The only place that knows there is a database."""
