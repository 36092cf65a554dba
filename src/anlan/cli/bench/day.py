"""A simulated day of the whole city at the report's volumes, with its checks, from an empty folder."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from anlan.cli.bench.row import BenchRow
from anlan.cli.simulate import run
from anlan.sim.town import Plan

SEED = 1


def bench() -> list[BenchRow]:
    """Seconds, and what was done in them."""
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        began = time.perf_counter()
        lived = run(Path(folder), Plan(SEED), days=1)
        seconds = time.perf_counter() - began
    assert lived.ok, lived.checks
    did = lived.did
    moves = sum(n for what, n in did.items() if what.startswith("moves/") and what != "moves/call_back")
    orders = lived.checks[0].looked_at - did["case_system"]
    note = (
        f"{did['case_system']:,} case notices, {did['moves/call_back']:,} call-backs, {orders} orders, {moves} other"
        f" moves, {did['contact']:,} numbers read; every check holds"
    )
    return [BenchRow("sim.day", seconds, "s", 60, None, sum(did.values()), note)]
