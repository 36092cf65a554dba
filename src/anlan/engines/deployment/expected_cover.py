"""MCLP and MEXCLP to a proven gap: linear relaxation, rounding and swaps, integer programming on what is left open.

1. Zones that the same sites reach are one zone. 2. The linear relaxation gives a near-integral plan, and prices.
3. Prices give a bound in closed form (`relaxation.bound`), so it holds whatever the solver's tolerances. 4. Rounding,
then the best single move until none helps. 5. If the gap is still too wide, what prices prove useless is taken out and
the solver branches on the rest. No clock is read: equal problems give equal plans.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from anlan.engines.deployment.problem import CoverProblem, Plan, covered
from anlan.engines.deployment.relaxation import Relaxed, branch, floor_demand, reduced, relax
from anlan.engines.deployment.swap import filled, improved
from anlan.engines.errors import EngineError

GAP: Final = 1e-3
"""Good enough: demand itself is not known to a thousandth."""


def solve(problem: CoverProblem, gap: float = GAP) -> Plan:
    """A plan within `gap` of the best there is. Raises `deploy.floors` where no plan keeps the districts' floors."""
    if not (problem.covers.any(axis=0) & (problem.weights > 0.0)).any():
        if floor_demand(problem).any():
            raise EngineError("deploy.floors")
        return Plan(filled(problem, np.zeros(len(problem.least))), 0.0, 0.0, "nothing can be covered")
    small = _merged(problem)
    found = relax(small)
    if problem.floors.any():
        plan = branch(small, found, gap)
    else:
        plan = _searched(small, found, gap)
        if plan.gap > gap:
            plan = _better(plan, branch(reduced(small, found, plan.value), found, gap))
    value = covered(problem.covers, problem.weights, plan.units, problem.busy)
    return replace(plan, value=value, bound=max(plan.bound, value))


def _searched(problem: CoverProblem, found: Relaxed, gap: float) -> Plan:
    """Rounded, then improved move by move until good enough or at a local best."""
    start = filled(problem, found.units)
    value = covered(problem.covers, problem.weights, start, problem.busy)
    if found.bound - value <= gap * found.bound:
        return Plan(start, value, found.bound, "rounded")
    units = improved(problem, start, enough=found.bound * (1.0 - gap))
    return Plan(units, covered(problem.covers, problem.weights, units, problem.busy), found.bound, "swapped")


def _better(first: Plan, second: Plan) -> Plan:
    """The better plan with the tighter bound. The second's bound holds for plans that beat the first only."""
    bound = min(first.bound, max(first.value, second.bound))
    best = second if second.value > first.value else first
    return Plan(best.units, best.value, bound, "branched")


def _merged(problem: CoverProblem) -> CoverProblem:
    """The same problem with zones of the same sites (and district) as one, and without those that do not matter."""
    cells = np.packbits(problem.covers, axis=0).T
    keys = np.hstack([cells, np.ascontiguousarray(problem.district).view(np.uint8).reshape(-1, 4)])
    rows = np.ascontiguousarray(keys).view(f"V{keys.shape[1]}").ravel()
    _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    weights = np.bincount(inverse, problem.weights).astype(np.float64)
    keep = weights > 0.0
    if not problem.floors.any():  # with floors, demand that nobody reaches counts in its district's whole
        keep &= problem.covers[:, first].any(axis=0)
    some = first[keep]
    return replace(problem, covers=problem.covers[:, some], weights=weights[keep], district=problem.district[some])
