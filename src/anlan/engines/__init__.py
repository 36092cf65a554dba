"""Algorithms on arrays and text, each a small library: what comes in and out is plain, seeded and checked by a referee."""
