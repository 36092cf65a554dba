"""How busy each unit would be and how long calls would wait for a drive, at once, while a unit is dragged on the map.

Larson's hypercube queueing model: units at fixed places, the closest free one goes, calls queue when none is free.
`approximate` solves N equations (Larson, Operations Research 23 (1975) 845-868); `exact` solves all 2^N states and is
for few units. Both hold for units that answer from their base; they know no relocation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.special import comb, gammaln

from anlan.engines.errors import EngineError

Floats = NDArray[np.float64]
EXACT_MAX: Final = 12
UNITS_MAX: Final = 2_000
ROUNDS: Final = 200
CLOSE: Final = 1e-5
LOCAL, NEAR = 16, 32
LOCAL_FROM: Final = 24
"""From so many units on, LOCAL of them are taken to share each other's overflow, in each zone as busy as its NEAR
closest. Chosen by simulation of seven made-up cities: with one load for the whole city (Larson's own correction) the
busiest of 200 units come out 5 to 12 points too busy at a load of 0.5, so within 3."""
LOADS: Final = np.linspace(0.01, 0.97, 97)
STEPS: Final = 20_000
STILL: Final = 1e-12
NEGLIGIBLE: Final = 1e-10
"""A chance below this of getting that far down the list of units ends the list."""


@dataclass(frozen=True, eq=False)
class Workload:
    """`busy`: share of time each unit is on calls. `travel_s`: mean drive to a call, `zone_s` the same per zone (NaN
    without demand). `in_time`: share of calls reached within the target. `waits`: share that finds all units busy.
    `rounds`: how many it took, 0 for the exact model."""

    busy: Floats
    travel_s: float
    zone_s: Floats
    in_time: float
    waits: float
    rounds: int


def approximate(travel_s: ArrayLike, calls_per_s: ArrayLike, scene_s: float, target_s: float = np.inf) -> Workload:
    """`travel_s` from each unit to each zone, shape (units, zones); `calls_per_s` per zone; `scene_s` on the scene.

    A unit is busy for the drive and the scene, each with its own mean. Raises `plan.lengths`, `plan.times`,
    `plan.demand`, `plan.overload` where calls come faster than units can clear.
    """
    travel, rate = _checked(travel_s, calls_per_s, scene_s)
    units = len(travel)
    order = np.argsort(travel, axis=0, kind="stable").T
    drive = np.take_along_axis(travel.T, order, axis=1)
    total, anywhere = float(rate.sum()), _anywhere(travel, rate)
    service = np.full(units, scene_s + float(rate @ drive[:, 0]) / total)
    busy = np.full(units, min(0.99, total * service.mean() / units))
    for rounds in range(1, ROUNDS + 1):  # noqa: B007 - told at the end
        load = _load(total, float(service.mean()), units)
        depth = _depth(busy, units)
        chain = busy[order[:, :depth]]
        sent, weight = _sent(chain, _corrections(units, load, chain))
        waits = _all_busy(units, load)
        calls = np.bincount(order[:, :depth].ravel(), (rate[:, None] * weight).ravel(), minlength=units)
        offered, queued = calls * service, total * service * waits / units
        new = (offered + queued) / (1.0 + offered)
        done = np.bincount(order[:, :depth].ravel(), (rate[:, None] * sent).ravel(), minlength=units)
        driven = np.bincount(
            order[:, :depth].ravel(), (rate[:, None] * sent * drive[:, :depth]).ravel(), minlength=units
        )
        from_queue = total * waits / units
        answered = done + from_queue
        service = scene_s + (driven + from_queue * anywhere) / np.maximum(answered, 1e-300)
        new *= float(answered @ service) / max(1e-300, float(new.sum()) * answered.sum() / total)
        moved = float(np.abs(new - busy).max())
        busy = np.minimum(0.9999, 0.5 * busy + 0.5 * new)
        if moved < CLOSE:
            break
    return _told(busy, sent, drive[:, : sent.shape[1]], travel, rate, target_s, waits, rounds)


def exact(travel_s: ArrayLike, calls_per_s: ArrayLike, scene_s: float, target_s: float = np.inf) -> Workload:
    """The same from the stationary chances of all 2^N states. Raises `plan.too_many` above EXACT_MAX units."""
    travel, rate = _checked(travel_s, calls_per_s, scene_s)
    units, total, anywhere = len(travel), float(rate.sum()), _anywhere(travel, rate)
    if units > EXACT_MAX:
        raise EngineError("plan.too_many", units=units, units_max=EXACT_MAX)
    order = np.argsort(travel, axis=0, kind="stable").T
    drive = np.take_along_axis(travel.T, order, axis=1)
    service = np.full(units, scene_s + float(rate @ drive[:, 0]) / total)
    first = _first_free(units, order)
    up = np.column_stack([np.einsum("bzk,zk->b", first, rate[:, None] * (order == n)) for n in range(units)])
    chances = np.full(2**units, 0.5**units)
    for _ in range(ROUNDS):  # the mean drive is part of the service, and follows from it
        chances = _stationary(up, 1.0 / service, total, chances)
        sent = np.einsum("b,bzk->zk", chances[:-1], first)
        waits = float(chances[-1])
        from_queue = total * waits / units
        weight = rate[:, None] * sent
        done = np.bincount(order.ravel(), weight.ravel(), minlength=units) + from_queue
        driven = np.bincount(order.ravel(), (weight * drive).ravel(), minlength=units) + from_queue * anywhere
        again = scene_s + driven / np.maximum(done, 1e-300)
        moved = float(np.abs(again - service).max())
        service = again
        if moved < CLOSE * scene_s:
            break
    busy = chances @ ((np.arange(2**units)[:, None] >> np.arange(units)) & 1)
    return _told(busy, sent, drive, travel, rate, target_s, waits, 0)


def _sent(chain: Floats, correction: Floats) -> tuple[Floats, Floats]:
    """Chance that the k-th on a zone's list is sent, and the same without its own being free; shape (zones, depth)."""
    before = np.cumprod(np.column_stack([np.ones(len(chain)), chain[:, :-1]]), axis=1)
    weight = before * correction
    sent = weight * (1.0 - chain)
    whole = sent.sum(axis=1, keepdims=True)  # somebody is
    return sent / whole, weight / whole


def _corrections(units: int, load: float, chain: Floats) -> Floats:
    """Q(j), j = 0…depth-1: by how much more often than by chance the j closest are busy and the next one is free; the
    same for all zones, or shape (zones, depth)."""
    depth = chain.shape[1]
    if units < LOCAL_FROM:
        return _among_all(units, load, depth)
    at = (np.clip(chain[:, :NEAR].mean(axis=1), LOADS[0], LOADS[-1] - 1e-9) - LOADS[0]) / (LOADS[1] - LOADS[0])
    low = at.astype(np.intp)
    table, part = _neighbours(), (at - low)[:, None]
    found = table[low] * (1.0 - part) + table[low + 1] * part
    return np.pad(found, ((0, 0), (0, max(0, depth - LOCAL))), "edge")[:, :depth]


def _among_all(units: int, load: float, depth: int) -> Floats:
    """Larson's own: all units share all calls (M/M/N). In logarithms: N may be large."""
    empty = -_log_sum(units, load)
    k = np.arange(units)
    found = np.ones(depth)
    for j in range(depth):
        some = k[j:]
        terms = (
            gammaln(units - j) + np.log(units - some) - gammaln(some - j + 1)
            + some * np.log(units) - gammaln(units + 1) + (some - j) * np.log(load) + empty - np.log1p(-load)
        )  # fmt: skip
        found[j] = np.exp(terms).sum()
    return found


@cache
def _neighbours() -> Floats:
    """The correction of LOCAL neighbours for each of LOADS, shape (loads, LOCAL)."""
    return np.array([_among_neighbours(load) for load in LOADS.tolist()])


def _among_neighbours(load: float) -> Floats:
    """In a large city a call that finds its unit busy goes to a neighbour, not to anybody: LOCAL units that share what
    comes to them and lose the rest (M/M/n/n), each so busy."""
    k = np.arange(LOCAL + 1)
    low, high = 0.0, 1e3 * LOCAL
    for _ in range(100):
        offered = (low + high) / 2.0
        chances = np.exp(k * np.log(offered) - gammaln(k + 1))
        chances /= chances.sum()
        low, high = (offered, high) if k @ chances < LOCAL * load else (low, offered)
    found = np.ones(LOCAL)
    for j in range(LOCAL):
        picks = comb(k, j) / comb(LOCAL, j) * (LOCAL - k) / (LOCAL - j)
        found[j] = picks[j:] @ chances[j:] / (load**j * (1.0 - load))
    return found


def _log_sum(units: int, load: float) -> float:
    """The logarithm of M/M/N's normalising sum."""
    i = np.arange(units)
    offered = np.log(units * load)
    logs = np.append(i * offered - gammaln(i + 1), units * offered - gammaln(units + 1) - np.log1p(-load))
    top = float(logs.max())
    return top + float(np.log(np.exp(logs - top).sum()))


def _all_busy(units: int, load: float) -> float:
    """Erlang's C: the share of calls that find everybody busy."""
    last = units * np.log(units * load) - gammaln(units + 1) - np.log1p(-load)
    return float(np.exp(last - _log_sum(units, load)))


def _load(total: float, service_s: float, units: int) -> float:
    load = total * service_s / units
    if not load < 1.0:
        raise EngineError("plan.overload", load=round(load, 3))
    return load


def _depth(busy: Floats, units: int) -> int:
    return int(min(units, 3 + np.ceil(np.log(NEGLIGIBLE) / np.log(min(0.999, float(busy.max()))))))


def _first_free(units: int, order: NDArray[np.intp]) -> Floats:
    """1 where the k-th on the zone's list is the first free one: shape (states less the full one, zones, units)."""
    states = np.arange(2**units - 1)
    free = ((states[:, None, None] >> order[None]) & 1) == 0
    first: Floats = (free & (np.cumsum(free, axis=2) == 1)).astype(np.float64)
    return first


def _stationary(up: Floats, clear: Floats, total: float, start: Floats) -> Floats:
    """Chances of all states (bit n: unit n is busy), by stepping the uniformised chain until it stands still. The full
    state stands for all lengths of the queue: while somebody waits, a unit that clears is busy again at once, so the
    chain stays there; the queue behind is a geometric tail."""
    count, units = len(start), len(clear)
    load = total / float(clear.sum())
    if not load < 1.0:
        raise EngineError("plan.overload", load=round(load, 3))
    states = np.arange(count)
    row, unit = np.nonzero(up)
    busy, which = np.nonzero((states[:, None] >> np.arange(units)) & 1)
    rows = np.concatenate([states[row] | (1 << unit), states[busy] ^ (1 << which)])
    columns = np.concatenate([states[row], states[busy]])
    step = 1.0 / (total + float(clear.sum()))
    flow = coo_array((np.concatenate([up[row, unit], clear[which]]) * step, (rows, columns)), shape=(count, count))
    stay = 1.0 - np.asarray(flow.sum(axis=0)).ravel()
    flow, now = flow.tocsr(), start.copy()
    now[-1] *= 1.0 - load
    now /= now.sum()
    for _ in range(STEPS):
        then = flow @ now + stay * now
        still = float(np.abs(then - now).sum()) < STILL
        now = then
        if still:
            break
    now[-1] /= 1.0 - load
    chances: Floats = now / now.sum()
    return chances


def _told(
    busy: Floats, sent: Floats, drive: Floats, travel: Floats, rate: Floats, target_s: float, waits: float, rounds: int
) -> Workload:
    """Shares of calls into times. Who has waited gets whoever clears, from wherever that is."""
    sent = sent / np.maximum(1e-300, sent.sum(axis=1, keepdims=True))
    zone = (1.0 - waits) * (sent * drive).sum(axis=1) + waits * travel.mean(axis=0)
    in_time = (1.0 - waits) * (sent * (drive <= target_s)).sum(axis=1)
    total = rate.sum()
    return Workload(
        busy=busy,
        travel_s=float(rate @ zone / total),
        zone_s=np.where(rate > 0.0, zone, np.nan),
        in_time=float(rate @ in_time / total),
        waits=waits,
        rounds=rounds,
    )


def _anywhere(travel: Floats, rate: Floats) -> float:
    """Mean drive from anywhere to a call: what those pay who had to wait."""
    return float(travel.mean(axis=0) @ rate / rate.sum())


def _checked(travel_s: ArrayLike, calls_per_s: ArrayLike, scene_s: float) -> tuple[Floats, Floats]:
    travel, rate = np.asarray(travel_s, np.float64), np.asarray(calls_per_s, np.float64)
    if travel.ndim != 2 or not 1 <= len(travel) <= UNITS_MAX or rate.shape != (travel.shape[1],):
        raise EngineError("plan.lengths", units_max=UNITS_MAX)
    if not (np.isfinite(travel).all() and (travel >= 0.0).all() and 0.0 < scene_s < np.inf):
        raise EngineError("plan.times")
    if not (np.isfinite(rate).all() and (rate >= 0.0).all() and rate.sum() > 0.0):
        raise EngineError("plan.demand")
    return travel, rate
