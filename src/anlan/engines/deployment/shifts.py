"""How many units at which hour (Erlang's C), and which shifts give them (an integer programme)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from anlan.engines.errors import EngineError

UNITS_MAX: Final = 5_000


@dataclass(frozen=True, eq=False)
class ShiftPlan:
    """`units` that begin at each possible start, `on_duty` per hour, unit-hours paid, and the proven least."""

    units: NDArray[np.int64]
    on_duty: NDArray[np.int64]
    hours: int
    bound: float


def needed(calls_per_hour: float, busy_s: float, wait_share_max: float) -> int:
    """The fewest units with which at most this share of calls finds all of them busy (Erlang C, calls queue).

    `busy_s`: mean seconds a call keeps a unit. Raises `shift.load`.
    """
    ok = 0.0 <= calls_per_hour < math.inf and 0.0 < busy_s < math.inf and 0.0 < wait_share_max < 1.0
    load = calls_per_hour * busy_s / 3600.0 if ok else math.inf
    if not load < UNITS_MAX / 2:
        raise EngineError("shift.load", units_max=UNITS_MAX)
    blocked, units = 1.0, 0
    while True:
        if units > load and waits(blocked, load, units) <= wait_share_max:
            return units
        units += 1
        blocked = load * blocked / (units + load * blocked)


def waits(blocked: float, load: float, units: int) -> float:
    """Share of calls that wait, from Erlang's B (`blocked`) for the same load (in units) and number of units."""
    return blocked / (1.0 - (load / units) * (1.0 - blocked))


def plan_shifts(needs: ArrayLike, length_hours: int, starts: ArrayLike | None = None) -> ShiftPlan:
    """The fewest unit-hours so that every hour of a cycle (a day, a week) has the units it needs; shifts wrap round.

    `needs`: units per hour. `starts`: the hours at which a shift may begin, all by default. Raises `shift.needs`,
    `shift.uncovered` for an hour that no shift reaches.
    """
    wanted = np.asarray(needs)
    hours = wanted.size
    begin = np.arange(hours) if starts is None else np.unique(np.asarray(starts))
    whole = wanted.ndim == 1 and wanted.dtype.kind in "iu" and begin.dtype.kind in "iu" and begin.size > 0
    if not whole or not hours or wanted.min() < 0 or wanted.max() > UNITS_MAX or not 1 <= length_hours <= hours:
        raise EngineError("shift.needs", units_max=UNITS_MAX)
    if begin.min() < 0 or begin.max() >= hours:
        raise EngineError("shift.needs", units_max=UNITS_MAX)
    on = ((np.arange(hours)[:, None] - begin) % hours < length_hours).astype(np.float64)
    bare = (wanted > 0) & ~on.any(axis=1)
    if bare.any():
        raise EngineError("shift.uncovered", hour=int(np.flatnonzero(bare)[0]))
    answer = milp(
        np.full(begin.size, float(length_hours)),
        integrality=np.ones(begin.size),
        bounds=Bounds(0.0, np.inf),
        constraints=LinearConstraint(on, wanted.astype(np.float64), np.inf),
        options={"mip_rel_gap": 0.0},
    )
    assert answer.status == 0, answer.message
    units = np.rint(answer.x).astype(np.int64)
    on_duty = (on @ units).astype(np.int64)
    return ShiftPlan(units, on_duty, int(units.sum()) * length_hours, float(answer.mip_dual_bound))
