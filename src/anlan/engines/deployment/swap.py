"""Greedy filling and single moves for covering models: the part that needs no solver."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.engines.deployment.problem import Counts, CoverProblem, Floats

NO_MOVE = -1e300
SMALLEST_GAIN = 1e-12
"""Of all demand: less is rounding error, and would go round in circles."""


def filled(problem: CoverProblem, units: Floats) -> Counts:
    """A whole plan from a fractional one: rounded down within the limits, then each next unit where it gains most."""
    whole = np.clip(np.floor(units + 1e-6), problem.least, problem.most)
    table = problem.covers.astype(np.float64)
    while whole.sum() > problem.units:  # rounding up to `least` may have taken too many
        spare = np.where(whole > problem.least, _losses(problem, table, whole), np.inf)
        whole[int(np.argmin(spare))] -= 1
    times = whole @ table
    while whole.sum() < problem.units:
        gain = table @ (problem.weights * _slope(problem.busy, times))
        gain[whole >= problem.most] = NO_MOVE
        site = int(np.argmax(gain))
        whole[site] += 1
        times += table[site]
    return whole.astype(np.int64)


def improved(problem: CoverProblem, units: Counts, enough: float) -> Counts:
    """The plan after the best single move (a unit from one site to another), again and again, until none helps or the
    plan is worth `enough`."""
    whole, table = units.astype(np.float64), problem.covers.astype(np.float64)
    times = whole @ table
    smallest = SMALLEST_GAIN * problem.weights.sum()
    while (problem.weights * (1.0 - np.power(problem.busy, times))).sum() < enough:
        source, target, gain = _best_move(problem, table, whole, times)
        if gain <= smallest:
            break
        whole[source] -= 1
        whole[target] += 1
        times += table[target] - table[source]
    return whole.astype(np.int64)


def _best_move(problem: CoverProblem, table: Floats, whole: Floats, times: Floats) -> tuple[int, int, float]:
    """Gain of adding at s, less the loss of removing at r, plus what s gives back to the zones that r leaves."""
    weights, reached = problem.weights, times > 0
    gain = table @ (weights * _slope(problem.busy, times))
    sources = np.flatnonzero(whole > problem.least)
    before = np.where(reached, weights * _slope(problem.busy, times - 1.0), 0.0)
    back = before - np.where(reached, weights * _slope(problem.busy, times), 0.0)
    moves = gain - (table[sources] @ before)[:, None] + (table[sources] * back) @ table.T
    moves[:, whole >= problem.most] = NO_MOVE
    row, target = divmod(int(np.argmax(moves)), moves.shape[1]) if sources.size else (0, 0)
    return (int(sources[row]), target, float(moves[row, target])) if sources.size else (0, 0, 0.0)


def _losses(problem: CoverProblem, table: Floats, whole: Floats) -> Floats:
    times = whole @ table
    lost: Floats = table @ np.where(times > 0, problem.weights * _slope(problem.busy, times - 1.0), 0.0)
    return lost


def _slope(busy: float, times: NDArray[Any]) -> Floats:
    """What the next unit adds to a zone that `times` units cover: (1 - busy) busy^times."""
    added: Floats = (1.0 - busy) * np.power(busy, np.maximum(times, 0.0))
    return added
