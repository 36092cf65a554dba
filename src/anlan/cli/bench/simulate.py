"""The simulator: is it its plain twin event for event, and how many calls a second of one core's time?"""

from __future__ import annotations

import os
import time

import numpy as np

from anlan.cli.bench.row import BenchRow
from anlan.cli.show import bar
from anlan.engines.simulate import fast, reference
from anlan.engines.simulate.policies import KINDS
from anlan.engines.simulate.study import Service, poisson_calls
from anlan.engines.simulate.world import Calls, City, Fleet, Policy

TWIN_CALLS = int(os.environ.get("ANLAN_BENCH_TWIN_CALLS", "100000"))
POINTS, PARTS, LOAD = 500, 12, 0.3
SIZES = ((16, 14, 200_000), (200, 60, 50_000))
FLOORS = {(16, "home"): 1e6, (16, "dmexclp"): 1e6, (16, "move_utility"): 2e5, (200, "home"): 3e5,
          (200, "dmexclp"): 3e5, (200, "move_utility"): 2e4}  # fmt: skip
SERVICE = Service(1_500.0, (0.57, 0.245, 0.185))


def bench() -> list[BenchRow]:
    """Calls per second of processor time, all rules on; then the twin, with pre-emption and relocation."""
    rows = []
    for units, stations, count in SIZES:
        city, calls, fleet = made(np.random.default_rng(1), units, stations, count)
        for kind in KINDS:
            rows.append(_speed(city, calls, fleet, kind))
    return [*rows, *_twins()]


def made(rng: np.random.Generator, units: int, stations: int, count: int) -> tuple[City, Calls, Fleet]:
    """A town 30 km across, driving at 12 m/s with lights and 9 without; an 8-minute target; units 30 % busy."""
    xy = rng.normal(15_000, 6_000, (POINTS, 2))
    metres = np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1)) * 1.3
    station = rng.permutation(POINTS)[:stations].astype(np.int32)
    share = (np.arange(PARTS) + 1) / PARTS
    way = np.empty((POINTS, stations, PARTS), np.int32)
    for n, goal in enumerate(station):
        along = xy[:, None] + share[None, :, None] * (xy[goal] - xy)[:, None]
        way[:, n] = np.hypot(*(along[:, :, None] - xy).transpose(3, 0, 1, 2)).argmin(axis=-1)
        way[:, n, -1] = goal
    response = np.rint(metres / 12 * 1000).astype(np.int32)
    drive = np.rint(metres[:, station] / 9 * 1000).astype(np.int32)
    city = City(response, drive, station, way, response[station] <= 480_000, rng.gamma(1.0, 1.0, POINTS))
    calls = poisson_calls(rng, city, count, 1_800.0 / (LOAD * units), SERVICE)
    return city, calls, Fleet((np.arange(units) % stations).astype(np.int32), 45_000)


def _speed(city: City, calls: Calls, fleet: Fleet, kind: str) -> BenchRow:
    policy, took = Policy(kind, 0.08, preempt=True), []
    outcome = fast.simulate(city, calls, fleet, policy)  # compiled by now
    for _ in range(3):
        began = time.process_time()
        fast.simulate(city, calls, fleet, policy)
        took.append(time.process_time() - began)
    units, count = len(fleet.base), len(calls.at_ms)
    busy = outcome.busy_ms / units / outcome.end_ms
    name = "simulate.relocate" if kind == "move_utility" else "simulate.calls"
    note = f"{units} units, {len(city.station)} stations, busy {busy:.2f}, {outcome.moves / count:.2f} moves a call"
    return BenchRow(f"{name}.{kind}.{units}", count / min(took), "calls/cpu-s", FLOORS[units, kind], None, count, note)


def _twins() -> list[BenchRow]:
    """Rows of the log that differ from the plain twin's, and how much faster the compiled loop is."""
    rows = []
    city, calls, fleet = made(np.random.default_rng(2), 16, 14, TWIN_CALLS)
    duty = np.array([[n * 43_200_000, n % 16, n // 16 % 2] for n in range(200)], np.int64)
    fleet = Fleet(fleet.base, fleet.turnout_ms, duty)
    with bar("plain twin") as on_progress:
        for n, kind in enumerate(KINDS):
            policy = Policy(kind, 0.08, preempt=True)
            began = time.process_time()
            one = fast.simulate(city, calls, fleet, policy, keep_log=True)
            middle = time.process_time()
            other = reference.simulate(city, calls, fleet, policy)
            plain = time.process_time() - middle
            same = one.log.shape == other.log.shape and np.array_equal(one.log, other.log)
            differ = 0 if same else int((one.log[: len(other.log)] != other.log[: len(one.log)]).any(axis=1).sum() or 1)
            note = f"{kind}: {len(one.log):,} events, shifts, pre-emption; ratio to the twin's speed"
            rows.append(
                BenchRow(f"simulate.wrong.{kind}", differ, "events", 0, plain / (middle - began), TWIN_CALLS, note)
            )
            on_progress(n + 1, len(KINDS))
    return rows
