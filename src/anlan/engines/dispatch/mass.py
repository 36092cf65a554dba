"""Many incidents at once and too few units: who goes where, the urgent first, and the rest in order of their turn.

For each priority in turn: as many incidents as can be, then the least sum of arrival times, by the Hungarian method. A
lower priority never takes a unit that a higher one could use, nor, below the reserve, the last ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from anlan.engines.dispatch.units import Units
from anlan.engines.errors import EngineError
from anlan.engines.travel.network import Network

NOBODY: Final = -1
INCIDENTS_MAX: Final = 2_000
HIGHEST: Final = 1


@dataclass(frozen=True, eq=False)
class Shared:
    """`unit`: who goes to each incident, NOBODY for none. `arrival_ms`: when, -1 for none. `queue`: the incidents that
    wait, in their turn: by priority, then by how long they have waited, then by number."""

    unit: NDArray[np.int32]
    arrival_ms: NDArray[np.int64]
    queue: NDArray[np.int32]


def share_out(
    network: Network,
    units: Units,
    node: NDArray[np.int32],
    priority: NDArray[np.int32],
    skills: NDArray[np.uint64],
    waited_s: NDArray[np.float64],
    reserve: int = 0,
) -> Shared:
    """One unit for each incident (an incident that needs three stands there three times).

    `priority`: 1 is the most urgent, and may use the `reserve` that others leave. Raises `dispatch.lengths`,
    `dispatch.priority`, `dispatch.too_many`, `dispatch.reserve`.
    """
    _check(node, priority, skills, waited_s, reserve)
    arrival = arrivals_ms(network, units, node, skills)
    unit = np.full(len(node), NOBODY, np.int32)
    left = np.ones(len(units), np.bool_)
    for level in np.unique(priority).tolist():
        rows = np.flatnonzero(priority == level)
        free = np.flatnonzero(left & np.isfinite(arrival[rows]).any(axis=0))
        may_take = len(rows) if level == HIGHEST else max(0, int(_available(units, left)) - reserve)
        for row, column in _least(arrival[np.ix_(rows, free)], may_take):
            unit[rows[row]] = free[column]
            left[free[column]] = False
    sent = unit != NOBODY
    when = np.full(len(node), -1, np.int64)
    when[sent] = arrival[np.flatnonzero(sent), unit[sent]].astype(np.int64)
    waiting = np.flatnonzero(~sent)
    queue = waiting[np.lexsort((waiting, -waited_s[waiting], priority[waiting]))].astype(np.int32)
    return Shared(unit, when, queue)


def arrivals_ms(
    network: Network, units: Units, node: NDArray[np.int32], skills: NDArray[np.uint64]
) -> NDArray[np.float64]:
    """Milliseconds at which each unit would be at each incident, `inf` where it cannot; shape (incidents, units)."""
    found = np.full((len(node), len(units)), np.inf)
    usable = (units.node >= 0) & (units.age_s >= 0.0) & np.isfinite(units.ready_s)
    for code, vehicle in enumerate(units.vehicles):
        some = np.flatnonzero(usable & (units.vehicle == code))
        if some.size and len(node):
            found[:, some] = network.matrix(units.node[some], node, vehicle).T
    own = np.where(np.isfinite(units.ready_s), units.ready_s, 0.0) + units.turnout_s + units.access_s
    capable = (skills[:, None] & ~units.skills[None, :]) == 0
    return np.where(capable, np.rint(found * 1000.0) + np.rint(own * 1000.0), np.inf)


def _least(cost: NDArray[np.float64], may_take: int) -> list[tuple[int, int]]:
    """Pairs (row, column): as many as possible up to `may_take`, then the least sum."""
    rows, columns = cost.shape
    if not rows or not columns or may_take <= 0:
        return []
    finite = np.isfinite(cost)
    missing = float(cost[finite].max()) * (rows + 1) + 1.0 if finite.any() else 1.0
    table = np.where(finite, cost, missing)
    idle = rows - min(rows, may_take)  # so many rows must stay without a unit: columns that cost nothing take them
    table = np.hstack([table, np.zeros((rows, idle)), np.full((rows, rows - idle), missing)])
    pairs = zip(*(ends.tolist() for ends in linear_sum_assignment(table)), strict=True)
    return [(row, column) for row, column in pairs if column < columns and finite[row, column]]


def _available(units: Units, left: NDArray[np.bool_]) -> np.intp:
    return np.count_nonzero(left & (units.node >= 0) & np.isfinite(units.ready_s))


def _check(
    node: NDArray[np.int32],
    priority: NDArray[np.int32],
    skills: NDArray[np.uint64],
    waited_s: NDArray[np.float64],
    reserve: int,
) -> None:
    for name, column in (("priority", priority), ("skills", skills), ("waited_s", waited_s)):
        if column.shape != node.shape:
            raise EngineError("dispatch.lengths", what=name, expected=node.size)
    if node.size > INCIDENTS_MAX:
        raise EngineError("dispatch.too_many", count=node.size, count_max=INCIDENTS_MAX)
    if node.size and priority.min() < HIGHEST:
        raise EngineError("dispatch.priority")
    if reserve < 0:
        raise EngineError("dispatch.reserve", reserve=reserve)
