"""Travel times on a real city: speed beside exactness, against Dijkstra in the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from anlan.cli.bench.auckland import VEHICLE, missing, network, roads
from anlan.cli.bench.row import BenchRow
from anlan.engines.travel.dijkstra import Dijkstra
from anlan.engines.travel.network import Network
from anlan.engines.travel.reachable import outline
from anlan.engines.travel.roads import milliseconds

T = TypeVar("T")
REWEIGHTS, ROUTES, SIDE, CHECKED = 40, 2_000, 1_000, 100


def bench() -> list[BenchRow]:
    """Preparing, saving, re-weighting, a matrix and routes; how many answers differ from Dijkstra's."""
    if absent := missing("travel."):
        return absent
    rng = np.random.default_rng(1)
    network()  # prepared once for the questions below, outside every figure
    prepared_s, asked = _timed(lambda: Network(roads()))
    data = asked.save()
    loaded_s, _ = _timed(lambda: Network.load(data))
    note = f"{roads().nodes:,} nodes, {roads().arcs:,} arcs, {len(asked.vehicles)} vehicle classes, router {asked.kind}"
    return [
        BenchRow("travel.prepare", prepared_s, "s", None, None, 1, f"{note}; saved {len(data) / 1e6:.1f} MB"),
        BenchRow("travel.load", loaded_s, "s", None, prepared_s / loaded_s, 1, "saved order; ratio to preparing"),
        _reweight(rng),
        *_matrix(rng),
        *_routes(rng),
    ]


def _reweight(rng: np.random.Generator) -> BenchRow:
    """Every arc of a class anew; then as many answers as Dijkstra gives on the new times are compared."""
    base, wrong, took = roads().seconds[VEHICLE], 0, []
    for _ in range(REWEIGHTS):
        seconds = base * rng.uniform(0.7, 3.0, len(base))
        seconds[rng.integers(0, len(base), 200)] = np.inf
        spent, changed = _timed(lambda seconds=seconds: network().reweighted(VEHICLE, seconds))  # type: ignore[misc]
        took.append(spent * 1e3)
    oracle = Dijkstra(roads(), milliseconds(seconds, len(base)))
    places = rng.integers(0, roads().nodes, (2, CHECKED)).astype(np.int32)
    for source in places[0, :10].tolist():
        expected = oracle.from_one(source, places[1])
        expected = np.where(expected < 0, np.inf, expected / 1000.0)
        wrong += int((changed.seconds_from(source, places[1], VEHICLE) != expected).sum())
    note = f"all arcs and 200 closures; median {statistics.median(took):.1f}; {wrong} of {10 * CHECKED} answers wrong"
    return BenchRow("travel.reweight", max(took), "ms", 100, None, REWEIGHTS, note)


def _matrix(rng: np.random.Generator) -> list[BenchRow]:
    places = rng.integers(0, roads().nodes, (2, SIDE))
    spent, found = _timed(lambda: network().matrix(places[0], places[1], VEHICLE))
    oracle = Dijkstra(roads(), milliseconds(roads().seconds[VEHICLE], roads().arcs))
    ends = places.astype(np.int32)
    plain, expected = _timed(lambda: oracle.matrix(ends[0, :CHECKED], ends[1]))
    wrong = int((np.rint(found[:CHECKED] * 1000.0) != expected).sum())
    times = plain * SIDE / CHECKED / spent
    note = f"{SIDE} × {SIDE}; ratio to scipy Dijkstra, {CHECKED} rows of it measured"
    return [
        BenchRow("travel.matrix", spent, "s", None, times, SIDE * SIDE, note),
        BenchRow("travel.wrong", wrong, "answers", 0, None, CHECKED * SIDE, "matrix against Dijkstra, in milliseconds"),
    ]


def _routes(rng: np.random.Generator) -> list[BenchRow]:
    took, wrong = [], 0
    for source, target in rng.integers(0, roads().nodes, (ROUTES, 2)).tolist():
        spent, route = _timed(lambda a=source, b=target: network().route(a, b, VEHICLE))  # type: ignore[misc]
        took.append(spent * 1e3)
        wrong += route.seconds != network().seconds_from(source, [target], VEHICLE)[0]
    spent, rings = _timed(lambda: outline(network(), 20_000, 480.0, VEHICLE))
    note = f"median {statistics.median(took):.2f}; {wrong} whose arcs do not add up to the time asked for"
    return [
        BenchRow("travel.route.p99", float(np.percentile(took, 99)), "ms", None, None, ROUTES, note),
        BenchRow("travel.outline", spent * 1e3, "ms", None, None, 1, f"8 minutes, {len(rings)} polygons"),
    ]


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found
