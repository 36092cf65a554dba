"""The planner's instant answer against the simulator's slow one, same rules, same run."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from anlan.cli.bench.row import BenchRow
from anlan.engines.larson import EXACT_MAX, Workload, approximate, exact
from anlan.engines.simulate import fast
from anlan.engines.simulate.study import Service, poisson_calls
from anlan.engines.simulate.world import City, Fleet, Policy

SCENE_S, UNITS, ZONES, CALLS = 1_200.0, 200, 2_000, 4_000_000
LOADS = (0.2, 0.35, 0.5)
PARTS = 20
Ints = NDArray[np.int64]


def bench() -> list[BenchRow]:
    """Units that go home at once, as the model has it; loads are shares of time on calls."""
    made = _city(EXACT_MAX)
    loaded, _ = _timed(lambda: approximate(made.response_ms[made.station], made.weights / 1e6, SCENE_S))
    rows = [_beside(load, loaded) for load in LOADS]
    travel, rates = made.response_ms[made.station] / 1000, made.weights * 0.4 * EXACT_MAX / 1_500
    took, found = _timed(lambda: exact(travel, rates, SCENE_S))
    near = approximate(travel, rates, SCENE_S)
    note = f"{EXACT_MAX} units, all states; the approximation drives {near.travel_s / found.travel_s - 1:+.3f} of it"
    return [*rows, BenchRow("plan.exact", took, "s", 10.0, None, 1, note)]


def _city(units: int) -> City:
    rng = np.random.default_rng(3)
    zones = ZONES if units > EXACT_MAX else 200
    xy, weights = rng.normal(15_000, 6_000, (zones, 2)), rng.gamma(1.0, 1.0, zones)
    station = rng.choice(zones, units, replace=False, p=weights / weights.sum()).astype(np.int32)
    response = np.rint(np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1)) * 1.3 / 12 * 1000).astype(np.int32)
    way = np.repeat(station[None, :, None], zones, axis=0)
    return City(response, response[:, station], station, way, response[station] <= 480_000, weights / weights.sum())


def _beside(load: float, loaded_s: float) -> BenchRow:
    made = _city(UNITS)
    every_s = 1_330.0 / (load * UNITS)
    travel = made.response_ms[made.station] / 1000
    took, found = _timed(lambda: approximate(travel, made.weights / every_s, SCENE_S, 480.0))
    calls = poisson_calls(np.random.default_rng(8), made, CALLS, every_s, Service(SCENE_S))
    fleet = Fleet(np.arange(UNITS, dtype=np.int32), 0)
    run = fast.simulate(made, calls, fleet, Policy("home", instant=True), keep_log=True)
    ms, what, who, _ = run.log.T
    sums = [np.bincount(who[what == w], ms[what == w], UNITS) for w in (fast.SENT, fast.ARRIVED)]
    drive = (sums[1] - sums[0]).sum() / CALLS / 1000
    parts = _busy(ms, who, what, run.end_ms)
    busy, error = parts.mean(axis=0), parts.std(axis=0, ddof=1) / np.sqrt(PARTS)
    apart = np.abs(found.busy - busy)
    note = f"{UNITS} units, {ZONES} zones, busy {busy.mean():.2f}; mean drive {found.travel_s / drive - 1:+.4f} of "
    note += f"simulation's; busy apart {apart.mean() * 100:.2f} points on average, {apart.max() * 100:.1f} at most, "
    note += f"of which simulation's own standard error {error.mean() * 100:.2f}; "
    note += f"the process's first answer took {loaded_s:.1f} s (the compiled loop is loaded, or made)"
    return BenchRow(f"plan.larson.{load}", took, "s", 0.3, None, found.rounds, note)


def _busy(ms: Ints, who: Ints, what: Ints, end_ms: int) -> NDArray[np.float64]:
    """Each unit's share of time on calls in each of PARTS parts of the run; shape (parts, units)."""
    edges = np.linspace(0, end_ms, PARTS + 1)
    sent, cleared = what == fast.SENT, what == fast.CLEARED
    spent = [
        np.bincount(who[cleared], np.minimum(ms[cleared], edge), UNITS)
        - np.bincount(who[sent], np.minimum(ms[sent], edge), UNITS)
        for edge in edges
    ]
    shares: NDArray[np.float64] = np.diff(spent, axis=0) / (end_ms / PARTS)
    return shares


def _timed(work: Callable[[], Workload]) -> tuple[float, Workload]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found
