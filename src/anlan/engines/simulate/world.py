"""What is simulated: the city's tables, the units, the calls, the policy. Checked at the door; no chance in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anlan.engines.errors import EngineError

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
NEVER: Final = np.iinfo(np.int64).max
NOWHERE: Final = -1
PRIORITIES: Final = 5
UNITS_PER_ZONE: Final = 64
"""More standing units on one zone add nothing that can be told apart."""
SCALE: Final = 2**40
"""Cover is counted in whole parts of all demand, so that sums come out the same in any order."""


@dataclass(frozen=True, eq=False)
class City:
    """n points (where calls happen, stations stand, calls are taken to) and s stations.

    `response_ms[from, to]`: driving to a call; shape (n, n). `drive_ms[from, station]`: driving to a base, without
    haste; shape (n, s). `way[from, station, k]`: the point reached at the end of the (k + 1)-th of K parts of that
    drive, equal but for the last: where a unit on its way can be turned round. `station`: the point of each.
    `covers[station, point]`: in time from there; `weights`: demand per point, for the policies.
    """

    response_ms: Ints
    drive_ms: Ints
    station: Ints
    way: Ints
    covers: NDArray[np.bool_]
    weights: NDArray[np.float64]
    groups: NDArray[np.bool_] = field(init=False)
    group_weights: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        points, stations = self.drive_ms.shape
        shapes = {
            "response_ms": (self.response_ms.shape, (points, points)),
            "station": (self.station.shape, (stations,)),
            "way": (self.way.shape[:2], (points, stations)),
            "covers": (self.covers.shape, (stations, points)),
            "weights": (self.weights.shape, (points,)),
        }
        for what, (found, expected) in shapes.items():
            if found != expected:
                raise EngineError("simulate.lengths", what=what, expected=str(expected))
        if min(self.response_ms.min(), self.drive_ms.min()) < 0 or self.way.ndim != 3 or self.way.shape[2] < 1:
            raise EngineError("simulate.times")
        for named in (self.station, self.way):
            if named.min() < 0 or named.max() >= points:
                raise EngineError("simulate.points", points=points)
        if not (np.isfinite(self.weights).all() and (self.weights >= 0.0).all() and self.weights.sum() > 0.0):
            raise EngineError("deploy.demand")
        kinds, inverse = np.unique(self.covers, axis=1, return_inverse=True)
        object.__setattr__(self, "groups", kinds)
        object.__setattr__(self, "group_weights", np.bincount(inverse, self.weights) / self.weights.sum())


@dataclass(frozen=True, eq=False)
class Calls:
    """c calls in order of time. `priority` 1 is the most urgent. `need`: units sent. `scene_ms`: how long each stays.
    `then`: a point the units go on to (a hospital), NOWHERE for none, and `there_ms` how long they stay there. `slow`:
    thousandths of the time foretold that the way to it really takes, turn-out included; 1000 for as foretold.
    """

    at_ms: Longs
    place: Ints
    priority: Ints
    need: Ints
    scene_ms: Longs
    then: Ints
    there_ms: Longs
    slow: Ints

    def __post_init__(self) -> None:
        count = self.at_ms.shape
        for what in ("place", "priority", "need", "scene_ms", "then", "there_ms", "slow"):
            if getattr(self, what).shape != count:
                raise EngineError("simulate.lengths", what=what, expected=str(count))
        if not self.at_ms.size:
            return
        if self.at_ms[0] < 0 or (np.diff(self.at_ms) < 0).any() or min(self.scene_ms.min(), self.there_ms.min()) < 0:
            raise EngineError("simulate.times")
        if self.slow.min() < 1:
            raise EngineError("simulate.times")
        if self.priority.min() < 1 or self.priority.max() > PRIORITIES or self.need.min() < 1:
            raise EngineError("simulate.calls", priorities=PRIORITIES)


@dataclass(frozen=True, eq=False)
class Fleet:
    """u units: `base`: the station each belongs to. `duty`: rows (millisecond, unit, 1 on or 0 off) in order of time;
    a unit with no row is always on duty, one whose first row is "on" begins off duty. `turnout_ms` from a base."""

    base: Ints
    turnout_ms: int
    duty: Longs = field(default_factory=lambda: np.empty((0, 3), np.int64))

    def __post_init__(self) -> None:
        if not self.base.size or self.turnout_ms < 0:
            raise EngineError("simulate.units")
        if self.duty.ndim != 2 or self.duty.shape[1] != 3:
            raise EngineError("simulate.lengths", what="duty", expected="(…, 3)")
        if self.duty.size:
            unit, on = self.duty[:, 1], self.duty[:, 2]
            if (np.diff(self.duty[:, 0]) < 0).any() or unit.min() < 0 or unit.max() >= len(self.base):
                raise EngineError("simulate.units")
            if not np.isin(on, (0, 1)).all():
                raise EngineError("simulate.units")

    @property
    def starts_on(self) -> NDArray[np.bool_]:
        """Who is on duty before the first row."""
        on = np.ones(len(self.base), np.bool_)
        for _, unit, is_on in self.duty[::-1].tolist():
            on[unit] = not is_on
        return on


@dataclass(frozen=True)
class Policy:
    """How bases and moves are chosen: `kind` is one of `policies.KINDS`.

    `busy`: how busy the policy thinks units are. `patience_s`: cover that is so far away counts 1/e. `threshold`: the
    least gain, as a share of all demand, that is worth a move. `moves_max` at one event. `instant`: moves take no
    time, which no city can do: a ceiling to compare with. `preempt`: priority 1 may take a unit that is still under
    way to a call of another priority.
    """

    kind: str = "home"
    busy: float = 0.1
    patience_s: float = 2_500.0
    threshold: float = 0.001
    moves_max: int = 4
    instant: bool = False
    preempt: bool = False


@dataclass(frozen=True, eq=False)
class Outcome:
    """Per call: when the first and the last unit arrived, NEVER for none. `moves`: relocations of free units.
    `rebased`: units that cleared and went to another base than their own. `busy_ms`: time on calls, over all units.
    `log`: rows (millisecond, what, unit, call or station), if kept."""

    first_ms: Longs
    last_ms: Longs
    moves: int
    rebased: int
    busy_ms: int
    end_ms: int
    log: Longs


def gain_table(city: City, busy: float) -> Longs:
    """What the (k + 1)-th standing unit adds to each group of zones: (1 - busy) busy^k of it, in parts of SCALE."""
    if not 0.0 <= busy < 1.0:
        raise EngineError("deploy.busy", busy=busy)
    powers = busy ** np.arange(UNITS_PER_ZONE + 1, dtype=np.float64)
    return np.rint(city.group_weights[:, None] * (1.0 - busy) * powers * SCALE).astype(np.int64)


def check(city: City, calls: Calls, fleet: Fleet) -> None:
    """What must hold between them. Raises `simulate.points`, `simulate.units`."""
    points, stations = city.drive_ms.shape
    if fleet.base.min() < 0 or fleet.base.max() >= stations:
        raise EngineError("simulate.units")
    named = np.concatenate([calls.place, calls.then[calls.then != NOWHERE]])
    if named.size and (named.min() < 0 or named.max() >= points):
        raise EngineError("simulate.points", points=points)
