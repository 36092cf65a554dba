"""Anlan (安澜): a city's public safety and services as one closed loop on a ledger nobody can rewrite."""
