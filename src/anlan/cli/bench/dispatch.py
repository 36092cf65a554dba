"""Ranking on a real city: is it exact, is it quick, and what does a straight line cost? Against Dijkstra, same run."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

import numpy as np

from anlan.cli.bench.auckland import VEHICLE, missing, network, roads
from anlan.cli.bench.row import BenchRow
from anlan.cli.show import bar
from anlan.engines.dispatch.rank import Place, rank
from anlan.engines.dispatch.units import units_at
from anlan.engines.travel.dijkstra import Dijkstra
from anlan.engines.travel.roads import milliseconds

INCIDENTS = int(os.environ.get("ANLAN_BENCH_INCIDENTS", "10000"))
FLEETS = (20, 50, 200)
RANKED = 3_000


@dataclass
class Seen:
    """What was found for one size of fleet."""

    wrong_first: int = 0
    wrong_order: int = 0
    later_s: list[float] = field(default_factory=list)


def bench() -> list[BenchRow]:
    """For each incident a fresh fleet of each size, all on random nodes of the road network."""
    if absent := missing("dispatch."):
        return absent
    rng = np.random.default_rng(7)
    return [*_speeds(rng), *_exactness(rng)]


def _speeds(rng: np.random.Generator) -> list[BenchRow]:
    """The whole of `rank`, nothing else running in this process."""
    found = []
    for fleet in FLEETS:
        took, cpu = [], []
        for _ in range(RANKED):
            units = units_at(rng.integers(0, roads().nodes, fleet), vehicles=(VEHICLE,))
            place = Place(int(rng.integers(roads().nodes)))
            began, began_cpu = time.perf_counter(), time.thread_time()
            rank(network(), units, place)
            cpu.append((time.thread_time() - began_cpu) * 1e3)
            took.append((time.perf_counter() - began) * 1e3)
        name = "dispatch.rank.p99" if fleet == max(FLEETS) else f"dispatch.rank.{fleet}.p99"
        note = f"{fleet} units, median {np.median(took):.2f}; processor time p99 {np.percentile(cpu, 99):.2f}"
        found.append(BenchRow(name, float(np.percentile(took, 99)), "ms", 1, None, RANKED, note))
    return found


def _exactness(rng: np.random.Generator) -> list[BenchRow]:
    """First unit and whole order against Dijkstra, and how much later the nearest in a straight line would be."""
    oracle = Dijkstra(roads(), milliseconds(roads().seconds[VEHICLE], roads().arcs))
    everywhere = np.arange(roads().nodes, dtype=np.int32)
    seen = {fleet: Seen() for fleet in FLEETS}
    with bar("dispatch") as on_progress:
        for incident in range(INCIDENTS):
            place = int(rng.integers(roads().nodes))
            truth = oracle.to_one(everywhere, place)
            for fleet in FLEETS:
                _one(seen[fleet], rng.integers(0, roads().nodes, fleet), place, truth)
            on_progress(incident + 1, INCIDENTS)
    return [row for fleet in FLEETS for row in _rows(fleet, seen[fleet])]


def _one(seen: Seen, nodes: np.ndarray, place: int, truth: np.ndarray) -> None:
    found = rank(network(), units_at(nodes, vehicles=(VEHICLE,)), Place(place))
    arrival = truth[nodes]
    seen.wrong_first += int(arrival[found.order[0]] != arrival.min())
    seen.wrong_order += int(not np.array_equal(found.order, np.lexsort((np.arange(len(nodes)), arrival))))
    straight = found.nearest_straight
    assert straight is not None
    seen.later_s.append(float(arrival[straight] - arrival.min()) / 1000.0)


def _rows(fleet: int, seen: Seen) -> list[BenchRow]:
    later = np.array(seen.later_s)
    wrong = later > 0
    saved = "against the nearest in a straight line, which is wrong in the share `ratio`; "
    saved += f"when wrong {later[wrong].mean():.0f} s, p95 {np.percentile(later, 95):.0f} s; uniform over nodes"
    exact = f"first unit against Dijkstra; {seen.wrong_order} whole orders differ"
    floor = 25 if fleet == 50 else None
    share = float(wrong.mean())
    return [
        BenchRow(f"dispatch.wrong.{fleet}", seen.wrong_first, "incidents", 0, None, INCIDENTS, exact),
        BenchRow(f"dispatch.saved.{fleet}", float(later.mean()), "s/call", floor, share, INCIDENTS, saved),
    ]
