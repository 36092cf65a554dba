"""The unit board (警力板): every unit, what it can do, and what it is doing now. A unit is a vehicle or a team.

What it does for an incident changes with that incident's own facts, in the same transaction (`sending`); everything
else (on, rest, busy, off) is told here, and is a fact of its own.
"""

from __future__ import annotations

import re

import msgspec

from anlan.app.registers import UNSEEN, Register
from anlan.app.world import World, year_of
from anlan.domains.command.rules import SKILLS, rules
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.store.commit import Commit

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}")
AVAILABLE, BUSY, REST, OFF = "available", "busy", "rest", "off"
ASSIGNED, EN_ROUTE, ON_SCENE = "assigned", "en_route", "on_scene"
TOLD = (AVAILABLE, BUSY, REST, OFF)
"""States that somebody tells; the other three come of being sent."""
STATES = (AVAILABLE, ASSIGNED, EN_ROUTE, ON_SCENE, BUSY, REST, OFF)
ON_DUTY = STATES[:-1]
SHIFT_MS_MAX = 12 * 3_600_000
"""A unit that has been on so long is due a rest: it is said, and a person decides."""
REST_MS_MIN = 8 * 3_600_000
CHECK_IN_MS = 30 * 60_000
"""A unit on scene that has said nothing for so long is asked after."""
PEOPLE_MAX = 60


class Unit(msgspec.Struct, frozen=True, omit_defaults=True):
    """One unit. `organisation`: whose it is. `home`: where it waits, WGS-84 in millionths of a degree. `state` since
    `since` (UTC ms); `until`: when a rest or other work is meant to end. `matter`: the incident it is out for. `on_at`,
    `off_at`: when it last came on and went off. `heard_at`: when it last said anything. `crew`: who has logged on to
    it, by account."""

    key: str
    call_sign: str
    organisation: str
    vehicle: str
    people: int = 2
    skills: tuple[str, ...] = ()
    home: tuple[int, int] | None = None
    state: str = OFF
    since: int = 0
    until: int = 0
    matter: int = 0
    on_at: int = 0
    off_at: int = 0
    heard_at: int = 0
    crew: tuple[str, ...] = ()


def register(world: World) -> Register[Unit]:
    """The register of units, as this process last read it."""
    found = world.kept.get("command.units")
    if found is None:
        found = world.kept["command.units"] = Register(world, "command.units", Unit)
    kept: Register[Unit] = found
    return kept


def one(world: World, key: str) -> tuple[int, Unit]:
    """A unit with its version. Raises Refused("unit.unknown")."""
    found = register(world).one(key)
    if found is None:
        raise Refused("unit.unknown", unit=key)
    return found


def may(world: World, actor: Actor, unit: Unit, action: str = "board") -> bool:
    """Whether the actor may do this to the unit: by where its house stands to theirs, or because they ride in it."""
    relations = world.grants.relations(actor, action)
    mine = action == "board" and actor.id in unit.crew
    return mine or "foreign" in relations or world.relation(actor.unit, unit.organisation) in relations


def put(commit: Commit, world: World, seen: int, unit: Unit) -> None:
    """Let a commit write a unit that was seen at a version."""
    register(world).put(commit, unit.key, seen, unit, Refused("unit.moved_on", unit=unit.call_sign))


def tell(world: World, actor: Actor, key: str, seen: int, state: str, until: int = 0) -> Commit:
    """The commit of a unit's state as somebody tells it. Raises Refused: unit.unknown, unit.out while it is sent
    somewhere, unit.state, unit.until, access.denied; unit.moved_on when it was told anew since it was seen."""
    version, unit = one(world, key)
    now = world.clock()
    if not may(world, actor, unit):
        raise Refused("access.denied", action="board")
    if state not in TOLD:
        raise Refused("field.not_an_option", field="state", options=", ".join(TOLD))
    if unit.matter:
        raise Refused("unit.out", unit=unit.call_sign)
    if seen != version:
        raise Refused("unit.moved_on", unit=unit.call_sign)
    if until and (state not in {REST, BUSY} or not now < until <= now + SHIFT_MS_MAX):
        raise Refused("unit.until", hours=SHIFT_MS_MAX // 3_600_000)
    told = msgspec.structs.replace(unit, state=state, since=now, until=until, heard_at=now)
    if state == OFF and unit.state != OFF:
        told = msgspec.structs.replace(told, off_at=now, crew=())
    if unit.state == OFF and state != OFF:
        told = msgspec.structs.replace(told, on_at=now)
    return _commit(world, actor, version, told, "unit_told", {"state": state, "was": unit.state, "until": until})


def check_in(world: World, actor: Actor, key: str) -> Commit:
    """The commit of a unit's word that it is well. Raises Refused: unit.unknown, access.denied."""
    version, unit = one(world, key)
    if not may(world, actor, unit):
        raise Refused("access.denied", action="board")
    told = msgspec.structs.replace(unit, heard_at=world.clock())
    return _commit(world, actor, version, told, "unit_checked_in", {"state": unit.state})


def ride(world: World, actor: Actor, key: str, *, on: bool) -> Commit:
    """The commit of somebody logging on to a unit of their own house, or off it: a unit comes on with its first.
    Raises Refused: unit.unknown, unit.not_yours, unit.full."""
    version, unit = one(world, key)
    if not world.grants.relations(actor, "ride") or world.relation(actor.unit, unit.organisation) != "own":
        raise Refused("unit.not_yours", unit=unit.call_sign)
    now = world.clock()
    others = tuple(one for one in unit.crew if one != actor.id)
    if on and len(others) >= PEOPLE_MAX:
        raise Refused("unit.full", unit=unit.call_sign)
    told = msgspec.structs.replace(unit, crew=(*others, actor.id) if on else others, heard_at=now)
    if on and unit.state == OFF:
        told = msgspec.structs.replace(told, state=AVAILABLE, since=now, on_at=now)
    commit = _commit(world, actor, version, told, "unit_joined" if on else "unit_left", {"account": actor.id})
    for seen, other in register(world).rows().values():
        if on and other.key != key and actor.id in other.crew:
            left = msgspec.structs.replace(other, crew=tuple(one for one in other.crew if one != actor.id))
            put(commit, world, seen, left)
    return commit


def ridden_by(world: World, account: str) -> tuple[int, Unit] | None:
    """The unit somebody has logged on to, with its version."""
    return next((row for row in register(world).rows().values() if account in row[1].crew), None)


def riding(world: World, actor: Actor) -> Actor:
    """The actor with the unit they ride in."""
    found = ridden_by(world, actor.id)
    return msgspec.structs.replace(actor, rides=found[1].key) if found else actor


def define(world: World, actor: Actor, unit: Unit) -> Commit:
    """The commit of a new unit, or of other words for one: what it is doing stays. Raises Refused: unit.key,
    field.unknown_unit, field.not_an_option, field.out_of_range, access.denied."""
    seen, known = register(world).one(unit.key) or (UNSEEN, None)
    if not KEY.fullmatch(unit.key):
        raise Refused("unit.key", unit=unit.key)
    if unit.organisation not in world.city.organisation:
        raise Refused("field.unknown_unit", field="organisation", unit=unit.organisation)
    if not may(world, actor, unit, "deploy"):
        raise Refused("access.denied", action="deploy")
    for field, given, options in (
        ("skills", unit.skills, SKILLS),
        ("vehicle", (unit.vehicle,), tuple(rules().vehicles)),
    ):
        if set(given) - set(options):
            raise Refused("field.not_an_option", field=field, options=", ".join(options))
    if not 1 <= unit.people <= PEOPLE_MAX:
        raise Refused("field.out_of_range", field="people", minimum=1, maximum=PEOPLE_MAX)
    if not unit.call_sign.strip() or len(unit.call_sign) > 12:
        raise Refused("field.missing", field="call_sign")
    if known is not None:
        doing = ("state", "since", "until", "matter", "on_at", "off_at", "heard_at", "crew")
        unit = msgspec.structs.replace(unit, **{name: getattr(known, name) for name in doing})
    data = {
        "organisation": unit.organisation, "vehicle": unit.vehicle, "people": unit.people,
        "skills": list(unit.skills), "home": list(unit.home) if unit.home else [],
    }  # fmt: skip
    return _commit(world, actor, seen, unit, "unit_set", data)


def alerts(unit: Unit, now: int) -> tuple[str, ...]:
    """What somebody should look at: no word from the scene, too long on, too little rest before."""
    found = []
    if unit.state in {EN_ROUTE, ON_SCENE} and now - max(unit.heard_at, unit.since) > CHECK_IN_MS:
        found.append("check_in")
    if unit.state != OFF and unit.on_at and now - unit.on_at > SHIFT_MS_MAX:
        found.append("shift")
    if unit.state != OFF and unit.off_at and unit.on_at and 0 < unit.on_at - unit.off_at < REST_MS_MIN:
        found.append("rest")
    if unit.until and unit.until < now and unit.state in {REST, BUSY}:
        found.append("until")
    return tuple(found)


def _commit(world: World, actor: Actor, seen: int, unit: Unit, kind: str, data: dict[str, object]) -> Commit:
    now = world.clock()
    reading = (int(world.ledger), world.ledger, (kind, {"unit": unit.key, **data}))
    commit = Commit(at=now, actor=actor.id, year=year_of(now), readings=[reading])
    put(commit, world, seen, unit)
    return commit
