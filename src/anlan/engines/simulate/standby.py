"""Does waiting forward work? The best fixed bases against policies that move units, on the same calls, with intervals.

The yardstick is not the plan a city happens to have but the optimal MEXCLP plan, with the busy share it assumes chosen
by simulation. Seeds for choosing and for comparing are different ones. What no station can reach in time is said beside
it, and so is a ceiling: moves that take no time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anlan.engines.deployment.expected_cover import solve
from anlan.engines.deployment.problem import mexclp
from anlan.engines.simulate.fast import simulate
from anlan.engines.simulate.study import Figures, Interval, Service, change, figures, interval, poisson_calls
from anlan.engines.simulate.world import Calls, City, Fleet, Policy

BUSY_TRIED: Final = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
CHOOSING_SEEDS: Final = 4
MOVER: Final = Policy("move_utility", busy=0.08, patience_s=1_500.0, threshold=0.001, moves_max=4)
COMPARED: Final = {
    "dmexclp": Policy("dmexclp", busy=0.3),
    "move_utility": MOVER,
    "instant": replace(MOVER, instant=True),
}
"""One set of parameters for every city and load. `instant` is the ceiling."""
WARM_SHARE: Final = 0.1
"""Of the calls of a replication: left out, since everybody stands at home when it begins."""


@dataclass(frozen=True)
class Question:
    """A city, how many units it has, its service times and target, and the share of time units shall be busy."""

    city: City
    units: int
    service: Service
    target_s: float
    turnout_s: float
    load: float
    calls: int
    replications: int
    seed: int


@dataclass(frozen=True)
class Compared:
    """A policy beside the best fixed bases: shares of change (late arrivals, mean and 90th percentile of the time to
    the first unit) and what it costs in moves per unit-hour."""

    policy: str
    late: Interval
    late_change: Interval
    mean_change: Interval
    p90_change: Interval
    moves: Interval
    rebased: Interval


@dataclass(frozen=True, eq=False)
class Answer:
    """`bases`: units per station of the best fixed plan, found with `busy_assumed`. `floor`: share of demand that no
    station reaches in time. `busy`: what units really were under the fixed plan; `static_late` its late share."""

    bases: NDArray[np.int64]
    busy_assumed: float
    floor: float
    every_s: float
    busy: Interval
    static_late: Interval
    compared: tuple[Compared, ...]


def fixed_bases(question: Question, busy: float) -> Fleet:
    """The optimal MEXCLP plan as a fleet; of equal plans it takes the one the solver gives."""
    plan = solve(mexclp(question.city.covers, question.city.weights, question.units, busy))
    return Fleet(np.repeat(np.arange(len(plan.units)), plan.units).astype(np.int32), round(question.turnout_s * 1000))


def answer(question: Question, on_progress: Callable[[int, int], None] = lambda _done, _all: None) -> Answer:
    """Choose the fixed bases, then compare every policy with them on fresh calls."""
    steps = len(BUSY_TRIED) + len(COMPARED) + 1
    every_s = rate_for(question, fixed_bases(question, 0.3))
    choosing = [_calls(question, every_s, question.seed + n) for n in range(CHOOSING_SEEDS)]
    best, late = 0.0, np.inf
    for n, busy in enumerate(BUSY_TRIED):
        fleet = fixed_bases(question, busy)
        mine = float(np.mean([f.late for f in _runs(question, fleet, Policy(), choosing)]))
        best, late = (busy, mine) if mine < late else (best, late)
        on_progress(n + 1, steps)
    fleet = fixed_bases(question, best)
    every_s = rate_for(question, fleet)
    fresh = [_calls(question, every_s, question.seed + 1_000 + n) for n in range(question.replications)]
    static = list(_runs(question, fleet, Policy(), fresh))
    compared = []
    for n, (name, policy) in enumerate(COMPARED.items()):
        compared.append(_beside(name, static, list(_runs(question, fleet, policy, fresh))))
        on_progress(len(BUSY_TRIED) + n + 1, steps)
    reached = question.city.covers.any(axis=0)
    return Answer(
        bases=np.bincount(fleet.base, minlength=len(question.city.station)),
        busy_assumed=best,
        floor=float(1.0 - question.city.weights[reached].sum() / question.city.weights.sum()),
        every_s=every_s,
        busy=interval([f.busy for f in static]),
        static_late=interval([f.late for f in static]),
        compared=tuple(compared),
    )


def rate_for(question: Question, fleet: Fleet) -> float:
    """Seconds between calls at which units are busy for the share of time asked for, under fixed bases."""
    service = question.service
    every_s = (service.scene_s + service.then_share * (service.there_s + 600.0) + 500.0) / (
        question.load * question.units
    )
    for turn in range(6):
        calls = _calls(question, every_s, question.seed + 500 + turn)
        busy = figures(simulate(question.city, calls, fleet, Policy()), calls, fleet, question.target_s).busy
        every_s *= busy / question.load
    return every_s


def _calls(question: Question, every_s: float, seed: int) -> Calls:
    return poisson_calls(np.random.default_rng(seed), question.city, question.calls, every_s, question.service)


def _runs(question: Question, fleet: Fleet, policy: Policy, days: list[Calls]) -> Iterator[Figures]:
    for calls in days:
        outcome = simulate(question.city, calls, fleet, policy)
        warm_s = calls.at_ms[int(len(calls.at_ms) * WARM_SHARE)] / 1000.0
        yield figures(outcome, calls, fleet, question.target_s, warm_s)


def _beside(name: str, static: list[Figures], mine: list[Figures]) -> Compared:
    def column(which: str, runs: list[Figures]) -> list[float]:
        return [float(getattr(run, which)) for run in runs]

    changes = (change(column(what, static), column(what, mine)) for what in ("late", "mean_s", "p90_s"))
    costs = (interval(column(what, mine)) for what in ("moves", "rebased"))
    return Compared(name, interval(column("late", mine)), *changes, *costs)
