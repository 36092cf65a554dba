"""The covering models as linear and integer programmes (HiGHS, by scipy), and a bound from prices that needs no trust.

For any prices u >= 0 per zone and v >= 0 per district's floor F_d, no plan is worth more than

    sum_z max_k [w_z (1 + v_d(z)) (1 - q^k) - u_z k]  +  max_x sum_s x_s sum_z a_sz u_z  -  sum_d v_d F_d

(Lagrangian relaxation of "a zone is covered as often as units reach it"). The inner maxima are closed forms, so the
bound is exact arithmetic on whatever prices the solver returned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csc_array

from anlan.engines.deployment.problem import CoverProblem, Floats, Plan, covered
from anlan.engines.errors import EngineError

TAIL: Final = 1e-4
"""Levels of cover worth less than this share of a zone are drawn as one longer level: never less than the truth."""
TAIL_WITH_FLOORS: Final = 1e-4
"""With floors they are left out instead, so that a floor that is kept in the model is kept in fact."""
INFEASIBLE: Final = 2
NODES_MAX: Final = 30
"""With floors the solver looks at so many branches at most: near the highest floor that can be kept it would go on for
hours. What it has by then is a plan with a proven bound, or the answer is open."""
PRESOLVE: Final = False
"""It finds next to nothing here, and takes twenty seconds where any site may have all units and some reach the same."""
STRICTER: Final = 0.9
"""The solver stops a little inside the gap asked for, so that the longer last level does not push it outside."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """Units per site (fractions), prices of zones and of districts' floors, and the bound they prove."""

    units: Floats
    prices: Floats
    floor_prices: Floats
    bound: float


@dataclass(frozen=True, eq=False)
class _Model:
    """Maximise `gain` x; rows `table` x <= `high`, the last one equal. Columns: sites, then levels zone by zone."""

    gain: Floats
    table: csc_array
    high: Floats
    low: Floats
    most: Floats
    tail: float


def relax(problem: CoverProblem) -> Relaxed:
    """The linear relaxation. Raises `deploy.floors`."""
    model = _model(problem)
    limits = np.column_stack([model.low, model.most])
    rows = model.table.tocsr()
    found = linprog(
        -model.gain, rows[:-1], model.high[:-1], rows[[-1]], model.high[-1:],
        bounds=limits, method="highs-ipm", options={"presolve": PRESOLVE},
    )  # fmt: skip
    if found.status == INFEASIBLE:
        raise EngineError("deploy.floors")
    assert found.status == 0, found.message
    zones = problem.covers.shape[1]
    duals = np.maximum(0.0, -found.ineqlin.marginals)
    prices, floor_prices = duals[:zones] * problem.weights.mean(), duals[zones:]
    units = found.x[: problem.covers.shape[0]]
    return Relaxed(units, prices, floor_prices, bound(problem, prices, floor_prices))


def bound(problem: CoverProblem, prices: Floats, floor_prices: Floats) -> float:
    """What no plan exceeds, by these prices."""
    weights, floor_weight = _priced(problem, floor_prices)
    best = _best_levels(weights, prices, problem.busy, problem.units)
    return best + _best_sites(problem, problem.covers @ prices) - floor_weight


def reduced(problem: CoverProblem, found: Relaxed, value: float) -> CoverProblem:
    """The problem without what prices prove cannot be in a plan better than `value`: fewer units allowed per site."""
    worth = problem.covers @ found.prices
    marginal = np.sort(np.repeat(worth, np.minimum(problem.most - problem.least, problem.units)))[::-1]
    taken = problem.units - int(problem.least.sum())
    last = marginal[taken - 1] if taken else np.inf
    slack = (found.bound - value) + 1e-9 * found.bound
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(worth < last, np.floor(slack / (last - worth)), np.inf)
    most = np.minimum(problem.most, problem.least + np.minimum(room, problem.units)).astype(np.int64)
    return replace(problem, most=most)


def branch(problem: CoverProblem, found: Relaxed, gap: float) -> Plan:
    """Integer programming to the gap asked for. The bound holds for the plans that the problem's limits allow."""
    model = _model(problem)
    sites, floors = problem.covers.shape[0], bool(problem.floors.any())
    low = np.concatenate([np.full(len(model.high) - 1, -np.inf), model.high[-1:]])
    answer = milp(
        -model.gain,
        integrality=np.arange(len(model.gain)) < sites,
        bounds=Bounds(model.low, model.most),
        constraints=LinearConstraint(model.table, low, model.high),
        options={"mip_rel_gap": gap * STRICTER, **({"node_limit": NODES_MAX} if floors else {})},
    )
    if answer.status == INFEASIBLE:
        raise EngineError("deploy.floors")
    if answer.x is None and floors:
        raise EngineError("deploy.floors_open", nodes=NODES_MAX)
    assert answer.status == 0 or floors, answer.message
    units = np.rint(answer.x[:sites]).astype(np.int64)
    value = covered(problem.covers, problem.weights, units, problem.busy)
    scale = problem.weights.mean()
    proven = min(found.bound, -answer.mip_dual_bound * scale + model.tail)
    return Plan(units, value, max(value, proven), "branched")


def _model(problem: CoverProblem) -> _Model:
    sites, zones = problem.covers.shape
    floored = problem.floors.any()
    levels = _levels(problem, TAIL_WITH_FLOORS if floored else TAIL)
    weights = problem.weights / problem.weights.mean()  # near 1: the solver's tolerances are absolute
    gains = (weights[:, None] * (1.0 - problem.busy) * problem.busy ** np.arange(levels)).ravel()
    top = np.ones((zones, levels))
    shortened = levels < problem.units and problem.busy > 0.0
    if shortened and not floored:
        top[:, -1] = 1.0 / (1.0 - problem.busy)
    zone, site = np.nonzero(problem.covers.T)
    row = [zone, np.repeat(np.arange(zones), levels)]
    column = [site, sites + np.arange(zones * levels)]
    value = [np.full(len(zone), -1.0), np.ones(zones * levels)]
    high = [np.zeros(zones)]
    if floored:
        inside = np.flatnonzero(np.repeat(problem.district, levels) >= 0)
        row.append(zones + np.repeat(problem.district, levels)[inside])
        column.append(sites + inside)
        value.append(-gains[inside])
        high.append(-floor_demand(problem) / problem.weights.mean())
    rows = zones + (len(problem.floors) if floored else 0)
    row.append(np.full(sites, rows))
    column.append(np.arange(sites))
    value.append(np.ones(sites))
    cells = (np.concatenate(value), (np.concatenate(row), np.concatenate(column)))
    tail = float(problem.weights.sum() * problem.busy**levels) if shortened and floored else 0.0
    return _Model(
        gain=np.concatenate([np.zeros(sites), gains]),
        table=csc_array(cells, shape=(rows + 1, sites + zones * levels)),
        high=np.concatenate([*high, [float(problem.units)]]),
        low=np.concatenate([problem.least, np.zeros(zones * levels)]),
        most=np.concatenate([problem.most, top.ravel()]),
        tail=tail,
    )


def _levels(problem: CoverProblem, tail: float) -> int:
    if problem.busy <= 0.0:
        return 1
    return int(min(problem.units, np.ceil(np.log(tail) / np.log(problem.busy))))


def floor_demand(problem: CoverProblem) -> Floats:
    """The demand that each district must have covered."""
    whole = np.zeros(len(problem.floors))
    inside = problem.district >= 0
    np.add.at(whole, problem.district[inside], problem.weights[inside])
    return problem.floors * whole


def _priced(problem: CoverProblem, floor_prices: Floats) -> tuple[Floats, float]:
    """Weights as the floors' prices make them, and what the floors cost."""
    if not floor_prices.size:
        return problem.weights, 0.0
    extra = np.where(problem.district >= 0, floor_prices[problem.district], 0.0)
    return problem.weights * (1.0 + extra), float(floor_prices @ floor_demand(problem))


def _best_levels(weights: Floats, prices: Floats, busy: float, units: int) -> float:
    """The sum over zones of max_k weights (1 - busy^k) - prices k, k whole in 0..units."""
    if busy <= 0.0:
        return float(np.maximum(weights - prices, 0.0).sum())
    with np.errstate(divide="ignore"):
        near = np.log(prices / (weights * (1.0 - busy))) / np.log(busy)
    near = np.clip(np.nan_to_num(near, posinf=units, neginf=0.0), 0.0, units)
    tries = [np.clip(np.floor(near) + step, 0.0, units) for step in (-1.0, 0.0, 1.0, 2.0)]
    return float(np.max([weights * (1.0 - busy**k) - prices * k for k in tries], axis=0).sum())


def _best_sites(problem: CoverProblem, worth: Floats) -> float:
    """The most that units are worth at these prices, within the limits of the sites."""
    left, total = problem.units - int(problem.least.sum()), float(worth @ problem.least)
    for site in np.argsort(-worth, kind="stable"):
        if left <= 0:
            break
        some = min(left, int(problem.most[site] - problem.least[site]))
        total, left = total + some * float(worth[site]), left - some
    return total
