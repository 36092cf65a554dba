"""LSCP: the fewest sites that leave no zone uncovered (Toregas et al. 1971), proven by HiGHS."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from anlan.engines.deployment.problem import CELLS_MAX, Bools, Plan
from anlan.engines.errors import EngineError

ROUNDING: Final = 1e-6


def set_cover(covers: ArrayLike) -> Plan:
    """The fewest sites; `value` and `bound` are numbers of sites. Raises `deploy.lengths`, `deploy.uncoverable`."""
    table = np.asarray(covers, np.bool_)
    if table.ndim != 2 or not table.size:
        raise EngineError("deploy.lengths", what="covers", expected=2)
    if table.size > CELLS_MAX:
        raise EngineError("deploy.too_large", cells=table.size, cells_max=CELLS_MAX)
    lost = ~table.any(axis=0)
    if lost.any():
        raise EngineError("deploy.uncoverable", count=int(lost.sum()), zone=int(np.flatnonzero(lost)[0]))
    needed = np.unique(table, axis=1)
    answer = milp(
        np.ones(len(table)),
        integrality=np.ones(len(table)),
        bounds=Bounds(0.0, 1.0),
        constraints=LinearConstraint(csr_array(needed.T.astype(np.float64)), 1.0, np.inf),
    )
    assert answer.status == 0, answer.message
    units = np.rint(answer.x).astype(np.int64)
    return Plan(units, float(units.sum()), float(np.ceil(answer.mip_dual_bound - ROUNDING)), "branched")


def within(table: Bools, p: int) -> np.ndarray | None:
    """A cover by at most p sites, None where there is none: greedy, then the linear bound, then exactly."""
    if not table.any(axis=0).all():
        return None
    greedy = _greedy(table)
    if greedy.sum() <= p:
        return greedy
    needed = np.unique(table, axis=1).T.astype(np.float64)
    relaxed = linprog(np.ones(len(table)), -csr_array(needed), -np.ones(len(needed)), bounds=(0.0, 1.0))
    if relaxed.status == 0 and np.ceil(relaxed.fun - ROUNDING) > p:
        return None
    exact = set_cover(table).units
    return exact if exact.sum() <= p else None


def _greedy(table: Bools) -> np.ndarray:
    left = np.ones(table.shape[1], np.bool_)
    units = np.zeros(len(table), np.int64)
    while left.any():
        site = int(np.argmax(table[:, left].sum(axis=1)))
        units[site] = 1
        left &= ~table[site]
    return units
