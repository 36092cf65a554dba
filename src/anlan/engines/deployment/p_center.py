"""p-center: p sites so that the zone farthest from all of them is as near as can be (Hakimi 1964), exactly.

The answer is one of the times in the table: a search by halves asks of each whether p sites cover all zones within it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from anlan.engines.deployment.problem import CELLS_MAX, Plan
from anlan.engines.deployment.set_cover import within
from anlan.engines.errors import EngineError


def p_center(seconds: ArrayLike, p: int) -> Plan:
    """`seconds` from each site to each zone, shape (sites, zones). `value`: seconds to the farthest zone; `bound` is
    the same, since no smaller time of the table will do. Raises `deploy.lengths`, `deploy.seconds`, `deploy.units`,
    `deploy.units_few` where p sites cannot reach every zone at all.
    """
    table = np.asarray(seconds, np.float64)
    if table.ndim != 2 or not table.size:
        raise EngineError("deploy.lengths", what="seconds", expected=2)
    if table.size > CELLS_MAX:
        raise EngineError("deploy.too_large", cells=table.size, cells_max=CELLS_MAX)
    if np.isnan(table).any() or (table < 0.0).any():
        raise EngineError("deploy.seconds")
    if not 1 <= p <= len(table):
        raise EngineError("deploy.units", units=p, least=1, most=len(table))
    nearest = table.min(axis=0)
    times = np.unique(table[np.isfinite(table)])
    low = int(np.searchsorted(times, nearest.max()))  # no plan can do better than everybody's nearest site
    best = within(np.isfinite(table), p) if low < len(times) else None
    if best is None:
        raise EngineError("deploy.units_few", units=p)
    high = int(np.searchsorted(times, _farthest(table, best)))
    while low < high:
        middle = (low + high) // 2
        found = within(table <= times[middle], p)
        if found is None:
            low = middle + 1
        else:
            best, high = found, int(np.searchsorted(times, _farthest(table, found)))
    return Plan(best, _farthest(table, best), float(times[low]), "search by halves")


def _farthest(table: np.ndarray, units: np.ndarray) -> float:
    return float(table[units > 0].min(axis=0).max())
