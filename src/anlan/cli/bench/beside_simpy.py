"""The same town with the same rules in simpy, the usual simulation library of Python: same answer, other speed.

The rules that both have here: the closest free unit, turn-out at a base, those who wait are served in order by the unit
that clears, from where it is; then home at once. No priorities, shifts or moves: simpy would need our code for them.
"""

from __future__ import annotations

import importlib.util
import time
from collections import deque
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.simulate import made
from anlan.engines.simulate import fast
from anlan.engines.simulate.world import Calls, City, Fleet, Policy

SIZES = ((16, 14, 20_000), (200, 60, 20_000))
MORE = 10
"""The compiled loop gets so many times the calls, that its time can be measured; the first of them are compared."""


def bench() -> list[BenchRow]:
    """Calls per second of processor time, ratio to simpy's; how many arrivals differ."""
    if importlib.util.find_spec("simpy") is None:
        return [BenchRow("simpy", float("nan"), "", note="SKIPPED: no simpy. Run: make setup-dev")]
    return [_beside(units, stations, count) for units, stations, count in SIZES]


def _beside(units: int, stations: int, count: int) -> BenchRow:
    city, calls, fleet = made(np.random.default_rng(4), units, stations, count * MORE)
    calls = replace(calls, priority=np.ones_like(calls.priority), need=np.ones_like(calls.need))
    policy = Policy("home", instant=True)
    fast.simulate(city, calls, fleet, policy)  # compiled by now
    began = time.process_time()
    outcome = fast.simulate(city, calls, fleet, policy)
    ours = count * MORE / (time.process_time() - began)
    began = time.process_time()
    first = town(city, calls, fleet, count)
    theirs = count / (time.process_time() - began)
    differ = int((outcome.first_ms[:count] != first).sum())
    note = f"{units} units, {stations} stations; simpy {theirs:,.0f}; {differ} of {count:,} arrivals differ"
    return BenchRow(f"simpy.{units}", ours, "calls/cpu-s", None, ours / theirs, count * MORE, note)


def town(city: City, calls: Calls, fleet: Fleet, count: int) -> NDArray[np.int64]:
    """When the first `count` calls are reached, by simpy; milliseconds."""
    import simpy  # noqa: PLC0415 - of the tests' tools

    env, waiting = simpy.Environment(), deque[int]()
    response = city.response_ms.tolist()
    station = city.station[fleet.base].tolist()
    base = [response[at] for at in station]
    place, scene = calls.place[:count].tolist(), calls.scene_ms[:count].tolist()
    free, first, turnout = set(range(len(station))), [0] * count, fleet.turnout_ms

    def serve(unit: int, call: int, drive: int) -> Generator[Any, Any, None]:
        while True:
            yield env.timeout(drive)
            first[call] = int(env.now)
            yield env.timeout(scene[call])
            if not waiting:
                free.add(unit)
                return
            here, call = place[call], waiting.popleft()
            drive = response[here][place[call]]

    def arrive() -> Generator[Any, Any, None]:
        for call, at in enumerate(calls.at_ms[:count].tolist()):
            yield env.timeout(at + 0.5 - env.now)  # after what happens in the same millisecond
            if not free:
                waiting.append(call)
                continue
            unit = min(free, key=lambda u, goal=place[call]: (base[u][goal], u))  # type: ignore[misc]
            free.discard(unit)
            env.process(serve(unit, call, turnout + base[unit][place[call]] - 0.5))

    env.process(arrive())
    env.run()
    return np.array(first, np.int64)
