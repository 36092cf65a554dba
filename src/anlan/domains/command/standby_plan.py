"""A standby plan that was accepted (前置方案): the register's row, and afterwards what became of it.

After the fact: where the units really were (the series of positions, coarse after a day, gone after thirty), when they
were out for an incident, and what they covered.
"""

from __future__ import annotations

import msgspec
import numpy as np

from anlan.app.registers import UNSEEN, Register
from anlan.app.world import World, year_of
from anlan.domains.command import units as board
from anlan.domains.command.cover import BUSY
from anlan.domains.command.fleet import E6
from anlan.domains.command.response import Incident
from anlan.domains.command.standby import Ask, Floats, covers, demand, propose, ready, times, zones_at
from anlan.engines.deployment.problem import covered
from anlan.engines.travel.sphere import metres_between
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.store.commit import Commit

DAY_MS, HOUR_MS, CITY_MS = 86_400_000, 3_600_000, 8 * 3_600_000
POINTS_MAX = 300
EVERY_MS = 5 * 60_000
"""What became of a plan is looked at so often."""
FRESH_MS = 10 * 60_000
IN_PLACE_M = 800.0
OUT_MS = 12 * HOUR_MS
"""An incident that began longer ago no longer keeps a unit."""


class Spot(msgspec.Struct, frozen=True):
    """Where a unit is to wait, in millionths of a degree (WGS-84)."""

    unit: str
    lon_e6: int
    lat_e6: int


class Plan(msgspec.Struct, frozen=True):
    """A plan: made `at` by an account, for the time from `begins` to `ends` (UTC ms). Shares in millionths of the
    hour's calls: what it covers, what as many units covered where they were, what no plan of as many exceeds (whatever
    its floor). `floor`: the per cent that was asked for in every district; `lowest`: the district of which the points
    cover least, and how much of its own calls ("" in plans from before both were kept)."""

    key: str
    at: int
    by: str
    begins: int
    ends: int
    hour: int
    within: int
    spots: tuple[Spot, ...]
    share_ppm: int
    now_ppm: int
    bound_ppm: int
    floor: int = 0
    lowest: str = ""
    lowest_ppm: int = 0

    @property
    def keeps_floor(self) -> bool:
        """Whether the points, moved by hand or not, keep the floor."""
        return self.lowest_ppm >= self.floor * 10_000


class Stood(msgspec.Struct, frozen=True):
    """A unit afterwards, in looks: how often its place was known, how often it was out, how often in place; the mean
    metres from its point while it was neither out nor unknown (-1: never)."""

    unit: str
    known: int
    out: int
    in_place: int
    metres: int


class After(msgspec.Struct, frozen=True):
    """A plan afterwards: how many looks there were, each unit, what the plan's units alone cover from their points, and
    the mean share they really covered (None where nothing is known)."""

    looks: int
    stood: tuple[Stood, ...]
    planned_ppm: int
    share_ppm: int | None


def register(world: World) -> Register[Plan]:
    """The plans."""
    found = world.kept.get("command.standby")
    if found is None:
        found = world.kept["command.standby"] = Register(world, "command.standby", Plan)
    kept: Register[Plan] = found
    return kept


def one(world: World, key: str) -> Plan:
    """A plan. Raises Refused("standby.unknown")."""
    found = register(world).one(key)
    if found is None:
        raise Refused("standby.unknown", plan=key)
    return found[1]


def window(now: int, hour: int) -> tuple[int, int]:
    """The coming hour of that name: from now where it is running."""
    today = (now + CITY_MS) // DAY_MS * DAY_MS - CITY_MS
    begins = today + hour * HOUR_MS
    if begins + HOUR_MS <= now:
        begins += DAY_MS
    return max(begins, now), begins + HOUR_MS


def accept(world: World, who: Actor, ask: Ask, spots: list[Spot]) -> Commit:
    """The commit of a plan. Beside it stands what as many units cover where they are, and what no points would exceed.
    Raises Refused: standby.empty, standby.too_many, unit.unknown, access.denied for a unit that is not theirs to move,
    standby.twice, standby.off_road for a point that no road is near; as `propose`."""
    if not spots or len(spots) > POINTS_MAX:
        raise Refused("standby.too_many" if spots else "standby.empty", points_max=POINTS_MAX)
    for n, spot in enumerate(spots):
        _, unit = board.one(world, spot.unit)
        if not board.may(world, who, unit, "deploy"):
            raise Refused("access.denied", action="deploy")
        if any(other.unit == spot.unit for other in spots[:n]):
            raise Refused("standby.twice", unit=unit.call_sign)
    found = covers(world, who, ask, [(spot.lon_e6 / E6, spot.lat_e6 / E6) for spot in spots])
    if found.off_road:
        raise Refused("standby.off_road", points=found.off_road)
    beside = propose(world, who, msgspec.structs.replace(ask, units=len(spots), floor=0))
    now = world.clock()
    begins, ends = window(now, ask.hour)
    key = f"{begins // 1000}-{world.random(3).hex()}"
    plan = Plan(
        key, now, who.id, begins, ends, ask.hour, ask.within, tuple(spots), found.share_ppm, beside.now_ppm,
        beside.bound_ppm, ask.floor, found.lowest, found.lowest_ppm,
    )  # fmt: skip
    data = {"plan": key, **{k: v for k, v in msgspec.to_builtins(plan).items() if k not in {"key", "at", "by"}}}
    reading = (int(world.ledger), world.ledger, ("standby_planned", data))
    commit = Commit(at=now, actor=who.id, year=year_of(now), readings=[reading])
    register(world).put(commit, key, UNSEEN, plan, Refused("standby.unknown", plan=key))
    commit.answer = lambda _done: key.encode()
    return commit


def latest(world: World, count: int = 20) -> list[Plan]:
    """The newest plans first."""
    rows = register(world).rows().values()
    return sorted((plan for _, plan in rows), key=lambda plan: (-plan.begins, -plan.at))[:count]


def spot_of(world: World, unit: str) -> tuple[Plan, Spot] | None:
    """Where a unit is to wait by the newest plan that holds now, or begins within the hour."""
    now = world.clock()
    for plan in latest(world, 4):
        if plan.begins - HOUR_MS <= now < plan.ends:
            for spot in plan.spots:
                if spot.unit == unit:
                    return plan, spot
    return None


def after(world: World, plan: Plan) -> After:
    """What became of a plan so far."""
    looks = list(range(plan.begins, min(plan.ends, world.clock()), EVERY_MS))
    out = _out(world, plan)
    where = {spot.unit: _track(world, spot.unit, plan, looks) for spot in plan.spots}
    stood = tuple(_stood(spot, where[spot.unit], looks, out.get(spot.unit, [])) for spot in plan.spots)
    shares = [share for n, at in enumerate(looks) if (share := _share(world, plan, where, n, at, out)) is not None]
    planned = _alone(world, plan, [(spot.lon_e6 / E6, spot.lat_e6 / E6) for spot in plan.spots])
    return After(len(looks), stood, planned, round(float(np.mean(shares))) if shares else None)


Track = list[tuple[float, float] | None]


def _track(world: World, unit: str, plan: Plan, looks: list[int]) -> Track:
    """Where a unit was at each look: its newest position that was not too old by then."""
    fixes = world.store.series.track(unit, plan.begins - FRESH_MS, plan.ends)
    at = np.array([fix[1] for fix in fixes], np.int64)
    found: Track = []
    for look in looks:
        n = int(np.searchsorted(at, look, "right")) - 1
        fresh = n >= 0 and look - int(at[n]) <= FRESH_MS
        found.append((fixes[n][2] / E6, fixes[n][3] / E6) if fresh else None)
    return found


def _stood(spot: Spot, track: Track, looks: list[int], out: list[tuple[int, int]]) -> Stood:
    known = away = 0
    metres: list[float] = []
    for at, place in zip(looks, track, strict=True):
        is_out = _is_out(out, at)
        away += is_out
        known += place is not None
        if place is not None and not is_out:
            metres.append(float(metres_between(spot.lon_e6 / E6, spot.lat_e6 / E6, *place)))
    in_place = sum(one <= IN_PLACE_M for one in metres)
    return Stood(spot.unit, known, away, in_place, round(float(np.mean(metres))) if metres else -1)


def _share(
    world: World, plan: Plan, where: dict[str, Track], n: int, at: int, out: dict[str, list[tuple[int, int]]]
) -> int | None:
    """What the plan's units really covered at a look, without those that were out; None where no place is known."""
    places = [track[n] for unit, track in where.items() if not _is_out(out.get(unit, []), at)]
    there = [place for place in places if place is not None]
    return _alone(world, plan, there) if there else None


def _alone(world: World, plan: Plan, places: list[tuple[float, float]]) -> int:
    known = ready(world)
    weights: Floats = demand(world).calls[:, plan.hour]
    zones = zones_at(known, places)
    units = np.bincount(zones[zones >= 0], minlength=len(weights)).astype(np.int64)
    reached = times(world, known) <= plan.within
    return round(covered(reached, weights, units, BUSY) / float(weights.sum()) * 1_000_000)


def _out(world: World, plan: Plan) -> dict[str, list[tuple[int, int]]]:
    """When each unit was out for an incident: from and to, UTC ms."""
    sql = (
        "SELECT state FROM matters WHERE opened_at >= ? AND opened_at < ? AND domain = 'command' AND flow = 'incident'"
    )
    found: dict[str, list[tuple[int, int]]] = {}
    for (state,) in world.store.read.listed((sql, (plan.begins - OUT_MS, plan.ends))):
        for sent in _decode(state).sent:
            found.setdefault(sent.unit, []).append((sent.at, sent.ended_at or plan.ends))
    return found


def _is_out(out: list[tuple[int, int]], at: int) -> bool:
    return any(begins <= at < ends for begins, ends in out)


_decode = msgspec.json.Decoder(Incident).decode
