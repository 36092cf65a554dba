"""How busy each unit would be and how long calls would wait for a drive, at once, while a unit is dragged on the
map.

Larson's hypercube queueing model: units at fixed places, the closest free one goes, calls queue when none is free.
`approximate` solves an equation for each unit (Larson, Operations Research 23 (1975) 845-868) and one for each pair
that serves a zone together, in place of his one correction for the whole city: see `larson_pairs`. `exact` solves
all 2^N states and is for few units. Both use that while nobody waits, the chain is that of a system that loses what
finds all busy. Both hold for units that answer from their base; they know no relocation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.special import gammaln

from anlan.engines.errors import EngineError
from anlan.engines.larson_pairs import Pairs

Floats = NDArray[np.float64]
EXACT_MAX: Final = 12
UNITS_MAX: Final = 2_000
ROUNDS: Final = 200
CLOSE: Final = 1e-5
SETTLED: Final = 5e-5
"""A hundredth of a point of being busy, in half steps."""
MIXED: Final = 6
IDLE_LEAST, BUSY_MOST, LOAD_MOST = 1e-6, 0.9999, 0.999
STEPS: Final = 20_000
STILL: Final = 1e-12


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
    `plan.demand`, `plan.overload` where calls come faster than units can clear, or nothing stands still because the
    busier they are, the longer they drive.
    """
    travel, rate = _checked(travel_s, calls_per_s, scene_s)
    units = len(travel)
    order = np.argsort(travel, axis=0, kind="stable").T
    drive = np.take_along_axis(travel.T, order, axis=1)
    total, anywhere = float(rate.sum()), _anywhere(travel, rate)
    pairs = Pairs(order, drive, rate)
    alone = scene_s + float(rate @ drive[:, 0]) / total

    def step(state: Floats) -> Floats:
        """Where busy shares (while nobody waits), service times (as parts of `alone`) and covariances lead, half
        way."""
        busy, together = state[:units].clip(IDLE_LEAST, BUSY_MOST), state[2 * units :]
        service = state[units : 2 * units].clip(scene_s / alone) * alone
        done, driven, gain = pairs.walk(busy, together)
        waits, _, full = _crowded(total, service)
        calls = done * (1.0 - full) / (1.0 - busy)  # a second that it is free
        from_queue = total * waits / units
        answered = done * (1.0 - waits) + from_queue
        lasts = scene_s + (driven * (1.0 - waits) + from_queue * anywhere) / np.maximum(answered, 1e-300)
        new = calls * service / (1.0 + calls * service)
        half = 0.5 * (state[: 2 * units] + np.append(new, lasts / alone))
        return np.append(half, _balanced(pairs, together, calls, gain, service))

    first = (1.0 - _crowded(total, np.full(units, alone))[2]) * total * alone / units
    state, rounds = _settled(step, np.concatenate([np.full(units, first), np.ones(units), np.zeros(len(pairs.first))]))
    waits, queue, _ = _crowded(total, state[units : 2 * units] * alone, refuse=True)
    busy = queue + (1.0 - queue) * state[:units].clip(IDLE_LEAST, BUSY_MOST)
    return _told(busy, pairs.sent, drive, travel, rate, target_s, waits, rounds)


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


def _balanced(pairs: Pairs, together: Floats, calls: Floats, gain: Floats, service: Floats) -> Floats:
    """Covariances at which two units are found busy together as often as they cease to be. `calls` only temper
    the step: the more of them, the more strongly a pair is bound to what it was."""
    clear, bound = 1.0 / service, calls[pairs.first] + calls[pairs.second]
    found: Floats = (gain + bound * together) / (clear[pairs.first] + clear[pairs.second] + bound)
    return found


def _settled(step: Callable[[Floats], Floats], state: Floats) -> tuple[Floats, int]:
    """Where `step` leads to itself, and after how many; by Anderson's mixing of the last few (J. ACM 12 (1965)
    547-560)."""
    kept = min(MIXED, len(state) + 1)
    states: list[Floats] = []
    moves: list[Floats] = []
    for rounds in range(1, ROUNDS + 1):
        move = step(state) - state
        if np.abs(move).max() < SETTLED:
            return state, rounds
        states, moves = [*states, state][-kept:], [*moves, move][-kept:]
        state = state + move
        if len(moves) > 1:
            others = np.column_stack([m - move for m in moves[:-1]])
            parts = np.linalg.lstsq(others, move, rcond=None)[0]
            ends = np.column_stack([s + m for s, m in zip(states[:-1], moves[:-1], strict=True)])
            state = state - (ends - state[:, None]) @ parts
    raise EngineError("plan.overload", load=1.0)


def _log_sum(units: int, load: float) -> float:
    """The logarithm of M/M/N's normalising sum."""
    i = np.arange(units)
    offered = np.log(units * load)
    logs = np.append(i * offered - gammaln(i + 1), units * offered - gammaln(units + 1) - np.log1p(-load))
    top = float(logs.max())
    return top + float(np.log(np.exp(logs - top).sum()))


def _crowded(total: float, service: Floats, *, refuse: bool = False) -> tuple[float, float, float]:
    """Share of time that all are busy (Erlang's C: of calls that wait), that somebody waits, and, while nobody
    does, that all are busy (Erlang's B)."""
    units = len(service)
    load = total * float(service.mean()) / units
    if refuse and not load < LOAD_MOST:
        raise EngineError("plan.overload", load=round(load, 3))
    load = min(load, LOAD_MOST)
    last = units * np.log(units * load) - gammaln(units + 1) - np.log1p(-load)
    waits = float(np.exp(last - _log_sum(units, load)))
    return waits, waits * load, waits * (1.0 - load) / (1.0 - waits * load)


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
