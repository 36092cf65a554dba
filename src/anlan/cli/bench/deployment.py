"""Location models on made-up cities of the usual size, and at the known optima of public test sets."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable

import numpy as np
from scipy.sparse.csgraph import floyd_warshall

from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.texts import shared
from anlan.engines.deployment.expected_cover import solve
from anlan.engines.deployment.p_center import p_center
from anlan.engines.deployment.p_median import p_median
from anlan.engines.deployment.problem import Floats, Plan, mclp, mexclp
from anlan.engines.deployment.set_cover import set_cover

SITES, ZONES, CITIES = 500, 2_000, 3
FOLDER = "incidents/location_bench"
PMED = (("pmed1", 5819), ("pmed5", 1355), ("pmed10", 1255))
SF_TABLE = "SF_network_distance_candidateStore_16_censusTract_205_new.csv"


def bench() -> list[BenchRow]:
    """Seconds to a proven gap, the worst of three cities, building included; then the known optima."""
    rows = [
        _worst("deploy.mexclp", 1.0, 1e-3, lambda t, w: solve(mexclp(t <= 240, w, 200, 0.5)), "200 units, q .5, 240 s"),
        _worst("deploy.mclp", 1.0, 1e-3, lambda t, w: solve(mclp(t <= 240, w, 200)), "200 units, 240 s"),
        _worst(
            "deploy.mexclp.40", None, 1e-3, lambda t, w: solve(mexclp(t <= 240, w, 40, 0.3)), "40 units, q .3, 240 s"
        ),
        _worst("deploy.mclp.40", None, 1e-3, lambda t, w: solve(mclp(t <= 240, w, 40)), "40 units, 240 s"),
        _heaped(),
        _worst("deploy.pmedian", 10.0, 5e-3, lambda t, w: p_median(t, w, 40), "p 40"),
    ]
    return [*rows, *_known()]


def city(seed: int) -> tuple[Floats, Floats]:
    """Seconds from sites to zones, and demand: 25 clusters in 30 × 30 km, 11 m/s, roads 1.3 times a straight line."""
    rng = np.random.default_rng(seed)
    centres, spread = rng.uniform(0, 30_000, (25, 2)), rng.uniform(500, 3_000, 25)
    places = []
    for count in (ZONES, SITES):
        cluster = rng.integers(0, 25, count)
        places.append(centres[cluster] + rng.normal(0, 1, (count, 2)) * spread[cluster][:, None])
    metres = np.hypot(*(places[1][:, None] - places[0]).transpose(2, 0, 1))
    return metres * 1.3 / 11.0, rng.gamma(0.7, 10.0, ZONES)


def _worst(name: str, floor: float | None, gap: float, run: Callable[[Floats, Floats], Plan], note: str) -> BenchRow:
    took, plans, busy = [], [], 0.0
    for seed in range(1, CITIES + 1):
        seconds, weights = city(seed)
        began, working = time.perf_counter(), time.process_time()
        plans.append(run(seconds, weights))
        took.append(time.perf_counter() - began)
        busy = max(busy, time.process_time() - working)
    worst = max(plan.gap for plan in plans)
    said = ", ".join(f"{value:.2f}" for value in took)
    met = "proven" if worst <= gap else "NOT PROVEN"
    note = f"{SITES} × {ZONES}, {note}; gap ≤ {worst * 100:.3f} % {met}; {said} s, "
    note += f"of the processor {busy:.2f}; {plans[-1].how}"
    return BenchRow(name, max(took), "s", floor, None, CITIES, note)


def _heaped() -> BenchRow:
    """Squares so wide that hardly any reaches its neighbour in time, each of them allowed to have all units."""
    covers = np.eye(480, dtype=np.bool_)
    twins = np.arange(24)
    covers[twins, twins ^ 1] = True
    weights = np.random.default_rng(1).gamma(0.7, 10.0, 480)
    began = time.perf_counter()
    plan = solve(mexclp(covers, weights, 200, 0.3))
    note = f"480 squares, 200 units, q .3, no limit to a square, 24 in pairs; gap {plan.gap * 100:.3f} %; {plan.how}"
    return BenchRow("deploy.mexclp.heaped", time.perf_counter() - began, "s", 3.0, None, 1, note)


def _known() -> list[BenchRow]:
    if not shared(f"{FOLDER}/sf_reference_optima.json").exists():
        return [BenchRow("deploy.known", float("nan"), "", note=f"SKIPPED: no data at {shared(FOLDER)}")]
    misses, n, began = [], 0, time.perf_counter()
    for name, optimum in PMED:
        seconds, p = _pmed(name)
        plan = p_median(seconds, np.ones(len(seconds)), p, 0.0, whole=True)
        misses += [name] if (plan.value, plan.bound) != (optimum, optimum) else []
        n += 1
    for name, p, best, plan in _san_francisco():
        misses += [f"{name} {p}"] if abs(plan.value - best) > 1e-6 * best or plan.gap > 1e-6 else []
        n += 1
    note = f"pmed1, 5, 10 and San Francisco, each proven; {time.perf_counter() - began:.1f} s in all; missed: {misses}"
    return [BenchRow("deploy.known", len(misses), "missed", 0, None, n, note)]


def _pmed(name: str) -> tuple[Floats, int]:
    numbers = list(map(int, shared(f"{FOLDER}/{name}.txt").read_text("ascii").split()))
    size, _, p = numbers[:3]
    table = np.full((size, size), np.inf)
    np.fill_diagonal(table, 0.0)
    for a, b, length in zip(*[iter(numbers[3:])] * 3, strict=True):
        table[a - 1, b - 1] = table[b - 1, a - 1] = length  # a repeated edge: the last wins
    return np.asarray(floyd_warshall(table), np.float64), p


def _san_francisco() -> list[tuple[str, int, float, Plan]]:
    with shared(f"{FOLDER}/{SF_TABLE}").open(encoding="utf-8") as lines:
        cells = list(csv.DictReader(lines))
    sites, zones = sorted({c["name"] for c in cells}), sorted({c["DestinationName"] for c in cells})
    metres, weights = np.full((len(sites), len(zones)), np.inf), np.zeros(len(zones))
    for cell in cells:
        zone = zones.index(cell["DestinationName"])
        metres[sites.index(cell["name"]), zone] = float(cell["distance"])
        weights[zone] = float(cell["demand"])
    found = []
    for name, p, optimum, _ in json.loads(shared(f"{FOLDER}/sf_reference_optima.json").read_text("utf-8")):
        if name == "pmedian":
            plan = p_median(metres, weights, p, 1e-9)
        elif name == "pcenter":
            plan = p_center(metres, p)
        elif name.startswith("MCLP"):
            plan = solve(mclp(metres <= 5_000.0, weights, p), 1e-9)
        else:
            plan = set_cover(metres <= float(name.split("S=")[1].split()[0]))
        found.append((name, p, float(p) if name.startswith("LSCP") else optimum, plan))
    return found
