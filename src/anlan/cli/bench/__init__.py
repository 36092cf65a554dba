"""Benchmarks: what `anlan bench` measures, and the referees it is measured against."""
