"""Algorithms on arrays and text, each a small library: plain data in and out, seeded, checked by a referee."""
