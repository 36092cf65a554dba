"""Deadlines against the minute-stepping oracle: 100,000 random cases, and how many differ."""

from __future__ import annotations

import random
import time

from anlan.cli.bench.deadline_oracle import by_clocks, by_oracle, random_case
from anlan.cli.bench.row import BenchRow

CASES = 100_000


def bench() -> list[BenchRow]:
    """Cases that differ (the floor is none)."""
    rng = random.Random(20260101)  # noqa: S311 - cases, not a secret
    began, wrong = time.perf_counter(), 0
    for _ in range(CASES):
        case = random_case(rng)
        wrong += by_oracle(case) != by_clocks(case)
    seconds = time.perf_counter() - began
    return [BenchRow("deadlines.wrong", wrong, "cases", 0, None, CASES, f"seed 20260101, {seconds:.0f} s")]
