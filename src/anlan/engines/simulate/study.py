"""Repeating and comparing: seeded calls, what a run says in figures, and intervals over replications.

Compared runs get the same calls (common random numbers), so their difference is the policy's and not the day's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import t as student

from anlan.engines.errors import EngineError
from anlan.engines.simulate.world import NEVER, NOWHERE, Calls, City, Fleet, Outcome

SHARE: Final = 0.95


@dataclass(frozen=True)
class Service:
    """How long a call keeps a unit: on the scene (exponential mean), and for a share of calls at the nearest of some
    points afterwards. `priorities`: the share of each, the most urgent first. `noise`: the standard deviation of the
    logarithm of how much longer than foretold the way takes; on average it takes as long as foretold."""

    scene_s: float
    priorities: tuple[float, ...] = (1.0,)
    then_share: float = 0.0
    there_s: float = 0.0
    then_points: tuple[int, ...] = ()
    noise: float = 0.0


@dataclass(frozen=True)
class Figures:
    """One run after its warm-up. Times in seconds from the call to the first unit; `late`: share later than the target.
    `moves`, `rebased`: per unit-hour. `busy`: share of unit-time spent on calls."""

    calls: int
    late: float
    mean_s: float
    p90_s: float
    moves: float
    rebased: float
    busy: float


@dataclass(frozen=True)
class Interval:
    """A mean over replications and its 95 % interval (Student's t)."""

    mean: float
    low: float
    high: float
    n: int


def poisson_calls(
    rng: np.random.Generator,
    city: City,
    count: int,
    every_s: float,
    service: Service,
    weights: np.ndarray | None = None,
) -> Calls:
    """`count` calls, one every `every_s` seconds on average, placed by `weights` (the city's own by default)."""
    if count < 0 or not 0.0 < every_s < np.inf or not 0.0 <= service.scene_s < np.inf:
        raise EngineError("simulate.times")
    demand = city.weights if weights is None else weights
    place = rng.choice(len(demand), count, p=demand / demand.sum()).astype(np.int32)
    shares = np.array(service.priorities)
    priority = 1 + rng.choice(len(shares), count, p=shares / shares.sum())
    goes_on = rng.random(count) < service.then_share
    then = np.full(count, NOWHERE, np.int32)
    if service.then_points:
        points = np.array(service.then_points, np.int32)
        then = np.where(goes_on, points[city.response_ms[place][:, points].argmin(axis=1)], NOWHERE).astype(np.int32)
    luck = service.noise * rng.standard_normal(count) - service.noise**2 / 2.0
    return Calls(
        at_ms=np.rint(np.cumsum(rng.exponential(every_s * 1000.0, count))).astype(np.int64),
        place=place,
        priority=priority.astype(np.int32),
        need=np.ones(count, np.int32),
        scene_ms=np.rint(rng.exponential(service.scene_s * 1000.0, count)).astype(np.int64),
        then=then,
        there_ms=np.rint(rng.exponential(service.there_s * 1000.0, count)).astype(np.int64),
        slow=np.maximum(1.0, np.rint(1000.0 * np.exp(luck))).astype(np.int32),
    )


def figures(outcome: Outcome, calls: Calls, fleet: Fleet, target_s: float, warm_s: float = 0.0) -> Figures:
    """What a run says. Raises `simulate.unanswered` for a call that was never reached, `simulate.times` for no call."""
    counted = calls.at_ms >= warm_s * 1000.0
    if not counted.any():
        raise EngineError("simulate.times")
    if (outcome.first_ms[counted] == NEVER).any():
        raise EngineError("simulate.unanswered", count=int((outcome.first_ms[counted] == NEVER).sum()))
    seconds = (outcome.first_ms - calls.at_ms)[counted] / 1000.0
    unit_hours = len(fleet.base) * outcome.end_ms / 3_600_000.0
    return Figures(
        calls=int(counted.sum()),
        late=float((seconds > target_s).mean()),
        mean_s=float(seconds.mean()),
        p90_s=float(np.percentile(seconds, 90)),
        moves=outcome.moves / unit_hours,
        rebased=outcome.rebased / unit_hours,
        busy=outcome.busy_ms / 3_600_000.0 / unit_hours,
    )


def interval(values: Sequence[float]) -> Interval:
    """Mean and interval. Raises `simulate.replications` for fewer than two."""
    some = np.asarray(values, np.float64)
    if some.size < 2:
        raise EngineError("simulate.replications", n=some.size)
    half = float(student.ppf(0.5 + SHARE / 2, some.size - 1) * some.std(ddof=1) / np.sqrt(some.size))
    mean = float(some.mean())
    return Interval(mean, mean - half, mean + half, some.size)


def change(base: Sequence[float], other: Sequence[float]) -> Interval:
    """How much larger `other` is than `base`, as a share of the mean of `base`; replication by replication."""
    first, second = np.asarray(base, np.float64), np.asarray(other, np.float64)
    if first.shape != second.shape or not first.mean() > 0.0:
        raise EngineError("simulate.replications", n=first.size)
    return interval(((second - first) / first.mean()).tolist())
