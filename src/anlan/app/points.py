"""Points: the open matters of a shape as a map draws them now or at a past hour, no further than the actor may see."""

from __future__ import annotations

import msgspec

from anlan.app.look import narrowed
from anlan.app.world import World
from anlan.loop.deadlines import Clock, soon_from
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.working_calendar import minute_of
from anlan.store import points as sql
from anlan.store.apply import DUE_UNKNOWN
from anlan.store.read import Shape

POINTS_MAX = 100_000
STATES = ("late", "soon", "hold", "new", "open")
LATE, SOON, HOLD, NEW, OPEN = range(5)
NEAR_MINUTES = 3 * 24 * 60
"""A clock whose last tenth is longer than this (one of over 30 days) is called soon only from here on."""


class Points(msgspec.Struct):
    """One entry a matter in each array: number, millionths of a degree (WGS-84), index into `states`.

    `minute`: the city minute it is drawn for. `unplaced`: how many more there are without a place. Of a past hour only
    that they were open is known: every state is "open".
    """

    minute: int
    states: tuple[str, ...]
    number: list[int]
    lon_e6: list[int]
    lat_e6: list[int]
    state: list[int]
    unplaced: int


class _Clocks(msgspec.Struct):
    clocks: dict[str, Clock] = {}


_clocks = msgspec.json.Decoder(_Clocks)


def points(world: World, actor: Actor, shape: Shape, at: int = 0) -> Points:
    """Now, or (`at`, UTC milliseconds) as it was then. Raises Refused("points.too_many") over POINTS_MAX."""
    shape, now = narrowed(world, actor, shape, places=True), world.clock()
    minute = minute_of(now)
    if at > now:
        raise Refused("field.out_of_range", field="at", minimum=0, maximum=now)
    if at:
        rows = world.store.read.listed(sql.points_then(shape, at, POINTS_MAX + 1))
        states = [OPEN] * len(rows)
    else:
        rows = world.store.read.listed(sql.points(shape, minute, NEAR_MINUTES, POINTS_MAX + 1))
        states = [_state(due, minute, new, raw) for _, _, _, due, new, raw in rows]
    if len(rows) > POINTS_MAX:
        raise Refused("points.too_many", n_max=POINTS_MAX)
    found = [(row[0], row[1], row[2], state) for row, state in zip(rows, states, strict=True) if row[1] is not None]
    number, lon, lat, state = (list(column) for column in zip(*found, strict=True)) if found else ([], [], [], [])
    return Points(minute_of(at) if at else minute, STATES, number, lon, lat, state, len(rows) - len(found))


def _state(due: int, minute: int, new: int, raw: bytes | None) -> int:
    """As the list says it: time first, then whether somebody has taken it."""
    if due < minute:
        return LATE
    if raw is not None:
        clocks = _clocks.decode(raw).clocks.values()
        if due == DUE_UNKNOWN and any(c.held for c in clocks):
            return HOLD
        if due != DUE_UNKNOWN and minute > soon_from(due, max((c.starts for c in clocks if c.due == due), default=due)):
            return SOON
    return NEW if new else OPEN
