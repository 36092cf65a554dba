"""Maximal cover by spopt, the usual location library of Python, on the same city in the same process: same value,
other speed. Its programmes are solved by CBC, which pulp brings along; ours calls HiGHS through scipy. Most of the
time is building.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import Any

from anlan.cli.bench.deployment import SITES, ZONES, city
from anlan.cli.bench.row import BenchRow
from anlan.engines.deployment.expected_cover import GAP, solve
from anlan.engines.deployment.problem import mclp

SIZES = ((40, 240), (200, 240))


def bench() -> list[BenchRow]:
    """Processor seconds of ours from the table of times to the plan, ratio to spopt's; how far apart the covered
    demands are."""
    if importlib.util.find_spec("spopt") is None:
        return [BenchRow("deploy.spopt", float("nan"), "", note="SKIPPED: no spopt. Run: make setup-bench")]
    return [_beside(units, limit) for units, limit in SIZES]


def _beside(units: int, limit_s: int) -> BenchRow:
    locate: Any = importlib.import_module("spopt.locate")
    pulp: Any = importlib.import_module("pulp")
    seconds, weights = city(1)
    began = _spent()
    plan = solve(mclp(seconds <= limit_s, weights, units))
    ours = _spent() - began
    began = _spent()
    model = locate.MCLP.from_cost_matrix(seconds.T, weights, limit_s, p_facilities=units)
    built = _spent() - began
    model.solve(pulp.PULP_CBC_CMD(msg=False))
    theirs = _spent() - began
    best = float(weights[[bool(sites) for sites in model.cli2fac]].sum())
    apart = plan.value / best - 1.0
    met = "within the gap" if abs(apart) <= GAP else "APART"
    note = f"{SITES} × {ZONES}, {units} units, {limit_s} s; spopt {theirs:.2f} s, of which {built:.2f} building; "
    note += (
        f"covered {apart * 100:+.3f} % of spopt's, {met}; ours {plan.how}, bound {plan.bound / best * 100 - 100:+.3f} %"
    )
    return BenchRow(f"deploy.spopt.{units}", ours, "cpu-s", None, theirs / ours, 1, note)


def _spent() -> float:
    """Processor time of this process and of those it started: CBC is one of them."""
    return sum(os.times()[:4])
