"""Units by the time at which they would be there, exactly, and why each of the others is not in the list.

Arrival = wait until free + turn-out + way to the road + drive + way from the road, in whole milliseconds, so that a tie
is a tie (the lower unit number first). Nobody is left out in silence: every unit is ranked or has its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anlan.engines.dispatch.units import Units
from anlan.engines.errors import EngineError
from anlan.engines.travel.network import Network
from anlan.engines.travel.sphere import Floats, metres_between

PARTS: Final = ("wait", "turnout", "access", "drive", "walk")
"""What an arrival time is made of; `walk` is from the road to the place."""


class Why(IntEnum):
    """Why a unit is not ranked. The first that holds is given."""

    RANKED = 0
    OFF_ROAD = 1
    POSITION_FROM_FUTURE = 2
    NOT_AVAILABLE = 3
    SKILLS = 4
    OUTSIDE = 5
    UNREACHABLE = 6


@dataclass(frozen=True)
class Rules:
    """`clear_within_s`: a busy unit that will be free by then is ranked, with its wait. `outside_within_s`: a unit of
    another jurisdiction is ranked when it would be there by then. `stale_s`: an older position is marked.
    `cover_weight_s`: seconds of arrival that uncovering one per cent of demand is worth; 0 ranks by arrival alone.
    """

    clear_within_s: float = 300.0
    outside_within_s: float = 900.0
    stale_s: float = 180.0
    cover_weight_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("clear_within_s", "outside_within_s", "stale_s", "cover_weight_s"):
            if not getattr(self, name) >= 0.0:
                raise EngineError("dispatch.rule", what=name)
        if np.isinf(self.cover_weight_s):
            raise EngineError("dispatch.rule", what="cover_weight_s")


USUAL: Final = Rules()


@dataclass(frozen=True)
class Place:
    """Where the incident is: a node, and seconds from it to the very place."""

    node: int
    walk_s: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.walk_s < np.inf:
            raise EngineError("dispatch.rule", what="walk_s")


@dataclass(frozen=True, eq=False)
class Ranking:
    """`order`: the ranked units, best first. All else is per unit, in the units' own order.

    `why`: RANKED or the reason. `arrival_ms`: milliseconds, -1 where not ranked. `parts_ms`: shape (units, PARTS).
    `straight_m`: metres in a straight line, NaN off the road. `loss_ppm`: millionths of demand left uncovered by
    sending it. `stale`: its position is old. `closest`: who would be there first, whatever the order; None for nobody.
    """

    order: NDArray[np.int32]
    why: NDArray[np.int8]
    arrival_ms: NDArray[np.int64]
    parts_ms: NDArray[np.int64]
    straight_m: Floats
    loss_ppm: NDArray[np.int64]
    stale: NDArray[np.bool_]
    closest: int | None

    @property
    def nearest_straight(self) -> int | None:
        """Who a straight line would send: the trap this engine is there to avoid. None where nobody is ranked."""
        return int(self.order[np.argmin(self.straight_m[self.order])]) if self.order.size else None


def rank(
    network: Network,
    units: Units,
    place: Place,
    rules: Rules = USUAL,
    *,
    skills: int = 0,
    loss_ppm: NDArray[np.int64] | None = None,
) -> Ranking:
    """Rank the units that have all bits of `skills`. Raises `travel.node_unknown`, `travel.vehicle_unknown`."""
    network.known(place.node)
    why, asked = _why(units, rules, skills)
    parts = np.zeros((len(units), len(PARTS)), np.int64)
    wait = np.where(np.isfinite(units.ready_s), units.ready_s, 0.0)
    for column, seconds in enumerate((wait, units.turnout_s, units.access_s)):
        parts[:, column] = np.rint(seconds * 1000.0)
    parts[:, 4] = round(place.walk_s * 1000.0)
    for code, vehicle in enumerate(units.vehicles):
        some = asked[units.vehicle[asked] == code]
        if some.size:
            seconds = network.seconds_to(units.node[some], place.node, vehicle)
            lost = ~np.isfinite(seconds)
            why[some[lost]] = Why.UNREACHABLE
            parts[some, 3] = np.rint(np.where(lost, 0.0, seconds) * 1000.0)
    arrival = parts.sum(axis=1)
    outside = (why == Why.RANKED) & ~units.inside & (arrival > rules.outside_within_s * 1000.0)
    why[outside] = Why.OUTSIDE
    loss = np.zeros(len(units), np.int64) if loss_ppm is None else loss_ppm
    if loss.shape != (len(units),):
        raise EngineError("dispatch.lengths", what="loss_ppm", expected=len(units))
    ranked = np.flatnonzero(why == Why.RANKED)
    cost = arrival[ranked] + rules.cover_weight_s * loss[ranked] / 10.0  # 1 % is 10,000 ppm, 1 s is 1,000 ms
    order = ranked[np.lexsort((ranked, arrival[ranked], cost))].astype(np.int32)
    parts[why != Why.RANKED] = -1
    arrival[why != Why.RANKED] = -1
    closest = int(ranked[np.argmin(arrival[ranked])]) if ranked.size else None
    straight = _straight(network, units, place)
    return Ranking(order, why, arrival, parts, straight, loss, units.age_s > rules.stale_s, closest)


def _why(units: Units, rules: Rules, skills: int) -> tuple[NDArray[np.int8], NDArray[np.intp]]:
    """The reasons known without a road, and the units that are left to ask the roads about."""
    lacking = np.uint64(skills) & ~units.skills
    reasons = (
        (Why.OFF_ROAD, units.node < 0),
        (Why.POSITION_FROM_FUTURE, units.age_s < 0.0),
        (Why.NOT_AVAILABLE, units.ready_s > rules.clear_within_s),
        (Why.SKILLS, lacking != 0),
    )
    why = np.zeros(len(units), np.int8)
    for reason, holds in reversed(reasons):
        why[holds] = reason
    return why, np.flatnonzero(why == Why.RANKED)


def _straight(network: Network, units: Units, place: Place) -> Floats:
    roads, known = network.roads, units.node >= 0
    at = np.where(known, units.node, 0)
    metres = metres_between(roads.lon[at], roads.lat[at], roads.lon[place.node], roads.lat[place.node])
    return np.where(known, metres, np.nan)
