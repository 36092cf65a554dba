"""p-median: p sites so that the demand-weighted time to the nearest is least (Hakimi 1964), with a proven bound.

Lower bound by Lagrangian relaxation of "every zone is served" and subgradient steps (Cornuéjols, Fisher, Nemhauser
1977); upper bound by interchange (Teitz and Bart 1968, the best exchange of each round). What is left open is branched
on by HiGHS where it is small enough; else the gap is told as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array

from anlan.engines.deployment.problem import CELLS_MAX, Floats, Plan, check_weights
from anlan.engines.errors import EngineError

GAP: Final = 5e-3
ROUNDS: Final = 1_500
PATIENCE: Final = 20
"""Rounds without a better bound before steps are halved."""
MEMORY: Final = 0.7
"""How much of the last direction a step keeps, against zigzagging (Camerini, Fratta, Maffioli 1975)."""
POLISH_EVERY: Final = 60
BRANCH_CELLS: Final = 60_000
STEP_MIN: Final = 1e-4
Sites = NDArray[np.intp]


@dataclass
class _State:
    """The best known on both sides, and the prices that gave the bound."""

    sites: Sites
    value: float
    bound: float
    prices: Floats
    how: str = "interchange"


def p_median(seconds: ArrayLike, weights: ArrayLike, p: int, gap: float = GAP, *, whole: bool = False) -> Plan:
    """`seconds` from each site to each zone, shape (sites, zones), `inf` where no road leads; `weights`: demand.

    `value` is the sum over zones of weight times seconds to the nearest chosen site. `whole`: all products are whole
    numbers, so a bound may be rounded up. Raises `deploy.demand`, `deploy.lengths`, `deploy.seconds`, `deploy.units`,
    `deploy.unreachable` for a zone with demand that no site reaches, `deploy.units_few`.
    """
    cost, exact = _costs(seconds, weights, p)
    sites = interchange(cost, _greedy(cost, p))
    state = _State(sites, _value(cost, sites), 0.0, np.sort(cost, axis=0)[min(1, len(cost) - 1)])
    _ascend(cost, p, state, gap, whole=whole)
    if not _closed(state, gap, whole=whole):
        _branch(cost, p, state, gap)
    bound = min(state.value, _rounded(state.bound, whole=whole))
    if not np.isfinite(_value(exact, state.sites)):
        raise EngineError("deploy.units_few", units=p)
    units = np.bincount(state.sites, minlength=len(cost))
    return Plan(units, state.value, bound, state.how)


def interchange(cost: Floats, sites: Sites) -> Sites:
    """The plan after the best exchange of one site for another, again and again, until none helps. `cost`: (s, z)."""
    chosen = sites.copy()
    while len(chosen) < len(cost):
        first, second, nearest = _two_nearest(cost, chosen)
        order = np.argsort(nearest, kind="stable")
        starts = np.searchsorted(nearest[order], np.arange(len(chosen)))
        with_new = np.minimum(cost, first)
        swapped = np.minimum(cost, second) - with_new
        lost = np.add.reduceat(np.hstack([swapped[:, order], np.zeros((len(cost), 1))]), starts, axis=1)
        lost[:, np.bincount(nearest, minlength=len(chosen)) == 0] = 0.0  # reduceat gives an empty group its neighbour
        total = with_new.sum(axis=1)[:, None] + lost
        total[chosen] = np.inf
        new, old = divmod(int(np.argmin(total)), len(chosen))
        if total[new, old] >= first.sum() * (1.0 - 1e-12):
            break
        chosen[old] = new
    return np.sort(chosen)


def _costs(seconds: ArrayLike, weights: ArrayLike, p: int) -> tuple[Floats, Floats]:
    """Weight times seconds, with a large number for `inf` (and the same with `inf`), after every check."""
    table, demand = np.asarray(seconds, np.float64), np.asarray(weights, np.float64)
    if table.ndim != 2 or demand.shape != (table.shape[1],):
        raise EngineError("deploy.lengths", what="weights", expected=table.shape[-1])
    if table.size > CELLS_MAX:
        raise EngineError("deploy.too_large", cells=table.size, cells_max=CELLS_MAX)
    check_weights(demand)
    if np.isnan(table).any() or (table < 0.0).any():
        raise EngineError("deploy.seconds")
    if not 1 <= p <= len(table):
        raise EngineError("deploy.units", units=p, least=1, most=len(table))
    needed = demand > 0.0
    lost = ~np.isfinite(table[:, needed]).any(axis=0)
    if lost.any():
        raise EngineError("deploy.unreachable", count=int(lost.sum()), zone=int(np.flatnonzero(needed)[lost][0]))
    finite = np.isfinite(table)
    exact = np.where(finite, table, np.inf)[:, needed] * demand[needed]
    far = float(exact[np.isfinite(exact)].max(initial=0.0)) * (needed.sum() + 1.0) + 1.0
    return np.where(np.isfinite(exact), exact, far), exact


def _ascend(cost: Floats, p: int, state: _State, gap: float, *, whole: bool) -> None:
    """Subgradient steps on the prices; every so often the sites they favour are polished into a plan."""
    prices, step, since = state.prices.copy(), 2.0, 0
    below, way = np.empty_like(cost), np.zeros(cost.shape[1])
    for turn in range(ROUNDS):
        np.subtract(cost, prices, out=below)
        served = below < 0.0
        np.minimum(below, 0.0, out=below)
        worth = below.sum(axis=1)
        best = np.argpartition(worth, p - 1)[:p]
        bound = float(prices.sum() + worth[best].sum())
        since += 1
        if bound > state.bound:
            state.bound, state.prices, since = bound, prices.copy(), 0
        if turn % POLISH_EVERY == 0:
            _polish(cost, best, state)
        if _closed(state, gap, whole=whole) or step < STEP_MIN:
            return
        if since >= PATIENCE:
            step, since = step / 2.0, 0
        way = 1.0 - served[best].sum(axis=0) + MEMORY * way
        length = float(way @ way)
        if length == 0.0:
            return
        prices = np.maximum(0.0, prices + step * (state.value * 1.0001 - bound) / length * way)


def _polish(cost: Floats, sites: Sites, state: _State) -> None:
    better = interchange(cost, np.sort(sites))
    value = _value(cost, better)
    if value < state.value:
        state.sites, state.value = better, value


def _branch(cost: Floats, p: int, state: _State, gap: float) -> None:
    """Branch on the sites that the bound leaves open, each zone with the sites that could still serve it."""
    worth = np.minimum(cost - state.prices, 0.0).sum(axis=1)
    last = np.sort(worth)[p - 1]
    slack = (state.value - state.bound) + 1e-9 * state.value
    open_sites = np.flatnonzero(worth - last <= slack)
    if len(open_sites) * cost.shape[1] > BRANCH_CELLS:
        return
    table = cost[open_sites]
    sites, zones = table.shape
    cell = np.arange(table.size)
    of_site, of_zone = cell // zones, cell % zones
    rows = [of_zone, np.tile(zones + cell, 2), np.full(sites, zones + table.size)]
    columns = [sites + cell, np.concatenate([sites + cell, of_site]), np.arange(sites)]
    values = [np.ones(table.size), np.repeat([1.0, -1.0], table.size), np.ones(sites)]
    shape = (zones + table.size + 1, sites + table.size)
    matrix = csc_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=shape)
    low = np.concatenate([np.ones(zones), np.full(table.size, -np.inf), [p]])
    high = np.concatenate([np.ones(zones), np.zeros(table.size), [p]])
    scale = state.value or 1.0
    answer = milp(
        np.concatenate([np.zeros(sites), table.ravel() / scale]),
        integrality=np.arange(shape[1]) < sites,
        bounds=Bounds(0.0, 1.0),
        constraints=LinearConstraint(matrix, low, high),
        options={"mip_rel_gap": gap / 2},
    )
    assert answer.status == 0, answer.message
    chosen = open_sites[np.flatnonzero(answer.x[:sites] > 0.5)]
    value = _value(cost, chosen)
    if value < state.value:
        state.sites, state.value = chosen, value
    state.bound = max(state.bound, min(state.value, answer.mip_dual_bound * scale))
    state.how = "branched"


def _greedy(cost: Floats, p: int) -> Sites:
    nearest, chosen = np.full(cost.shape[1], np.inf), list[int]()
    for _ in range(p):
        total = np.minimum(cost, nearest).sum(axis=1)
        total[chosen] = np.inf
        chosen.append(int(np.argmin(total)))
        nearest = np.minimum(nearest, cost[chosen[-1]])
    return np.array(chosen, np.intp)


def _two_nearest(cost: Floats, chosen: Sites) -> tuple[Floats, Floats, Sites]:
    """Cost of each zone at its nearest and second nearest chosen site, and the nearest's place among the chosen."""
    mine = cost[chosen]
    nearest = np.argmin(mine, axis=0)
    first = mine[nearest, np.arange(cost.shape[1])]
    mine[nearest, np.arange(cost.shape[1])] = np.inf
    return first, mine.min(axis=0), nearest


def _value(cost: Floats, sites: Sites) -> float:
    return float(cost[sites].min(axis=0).sum())


def _rounded(bound: float, *, whole: bool) -> float:
    return float(np.ceil(bound - 1e-6)) if whole else bound


def _closed(state: _State, gap: float, *, whole: bool) -> bool:
    return state.value - _rounded(state.bound, whole=whole) <= gap * state.value
