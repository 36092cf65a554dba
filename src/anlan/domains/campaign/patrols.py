"""Patrols of volunteers (群防群治): stretches with the hours a week they need, groups, and a log of turns.

What is covered is the union of the turns on a stretch: two groups there at once cover an hour once. Groups are names
and numbers of people; nobody is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from anlan.app.registers import UNSEEN, Register
from anlan.app.world import World, year_of
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.store.commit import Commit

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}")
HOUR_MS, WEEK_MS = 3_600_000, 7 * 86_400_000
MONDAY_MS = 4 * 86_400_000 - 8 * HOUR_MS
"""Monday 1970-01-05, 0:00 in the city, as UTC milliseconds."""
TURN_MS_MAX, LATE_MS = 12 * HOUR_MS, 30 * 86_400_000
NEED_MAX, PEOPLE_MAX, NAME_MAX = 168, 200, 40


class Segment(msgspec.Struct, frozen=True):
    """A stretch to be walked, of a unit's area: hours a week it needs."""

    key: str
    name: str
    unit: str
    need: int


class Group(msgspec.Struct, frozen=True):
    """A group of volunteers that a unit looks after."""

    key: str
    name: str
    unit: str
    people: int


class Turn(msgspec.Struct, frozen=True):
    """A group's turn, UTC milliseconds."""

    group: str
    begins: int
    ends: int


class Week(msgspec.Struct, frozen=True):
    """A stretch's turns in a week (that they begin in)."""

    segment: str
    week: int
    turns: tuple[Turn, ...]


class Covered(msgspec.Struct, frozen=True):
    """A stretch in a week: hours needed, hours covered, turns."""

    segment: Segment
    hours: float
    turns: int

    @property
    def met(self) -> float:
        """Hours of the need that were met: more than the need counts as the need."""
        return min(float(self.segment.need), self.hours)


def segments(world: World) -> Register[Segment]:
    """The stretches."""
    found: Register[Segment] = world.kept.setdefault("campaign.segments", Register(world, "campaign.segments", Segment))
    return found


def groups(world: World) -> Register[Group]:
    """The groups."""
    found: Register[Group] = world.kept.setdefault("campaign.groups", Register(world, "campaign.groups", Group))
    return found


def weeks(world: World) -> Register[Week]:
    """The log of turns, a row for each stretch and week."""
    found: Register[Week] = world.kept.setdefault("campaign.turns", Register(world, "campaign.turns", Week))
    return found


def may(world: World, who: Actor, unit: str, action: str) -> bool:
    """Whether somebody may do this to what is a unit's."""
    relations = world.grants.relations(who, action)
    return "foreign" in relations or world.relation(who.unit, unit) in relations


def define(world: World, who: Actor, row: Segment | Group) -> Commit:
    """The commit of a stretch or group, new or in other words. Raises Refused."""
    number, most, field = (
        (row.need, NEED_MAX, "need") if isinstance(row, Segment) else (row.people, PEOPLE_MAX, "people")
    )
    if not KEY.fullmatch(row.key):
        raise Refused("patrol.key", key=row.key)
    if not row.name.strip() or len(row.name) > NAME_MAX:
        raise Refused("field.missing", field="name")
    if row.unit not in world.city.organisation:
        raise Refused("field.unknown_unit", field="unit", unit=row.unit)
    if not 1 <= number <= most:
        raise Refused("field.out_of_range", field=field, minimum=1, maximum=most)
    if not may(world, who, row.unit, "campaign"):
        raise Refused("access.denied", action="campaign")
    now = world.clock()
    kind = "segment_set" if isinstance(row, Segment) else "group_set"
    commit = Commit(at=now, actor=who.id, year=year_of(now))
    commit.readings = [(int(world.ledger), world.ledger, (kind, msgspec.to_builtins(row)))]
    moved = Refused("campaign.moved_on")
    if isinstance(row, Segment):
        segments(world).put(commit, row.key, (segments(world).one(row.key) or (UNSEEN,))[0], row, moved)
    else:
        groups(world).put(commit, row.key, (groups(world).one(row.key) or (UNSEEN,))[0], row, moved)
    return commit


def log(world: World, who: Actor, segment: str, turn: Turn) -> Commit:
    """The commit of a turn that was walked. Raises Refused: patrol.unknown, patrol.turn for one that has not ended, is
    longer than 12 hours or older than 30 days, patrol.twice where the group walked then already, access.denied."""
    known, group, now = segments(world).one(segment), groups(world).one(turn.group), world.clock()
    if known is None or group is None:
        raise Refused("patrol.unknown")
    if not 0 < turn.ends - turn.begins <= TURN_MS_MAX or turn.ends > now or turn.begins < now - LATE_MS:
        raise Refused("patrol.turn", hours=TURN_MS_MAX // HOUR_MS, days=LATE_MS // 86_400_000)
    if not any(may(world, who, known[1].unit, action) for action in ("campaign", "act")):
        raise Refused("access.denied", action="act")
    week = week_of(turn.begins)
    for other in (week - 1, week, week + 1):
        for one in _turns(world, other, turn.group):
            if one.begins < turn.ends and turn.begins < one.ends:
                raise Refused("patrol.twice", group=group[1].name)
    key = f"{week}.{segment}"
    seen, row = weeks(world).one(key) or (UNSEEN, Week(segment, week, ()))
    commit = Commit(at=now, actor=who.id, year=year_of(now))
    told = {"segment": segment, **msgspec.to_builtins(turn)}
    commit.readings = [(int(world.ledger), world.ledger, ("turn_logged", told))]
    row = msgspec.structs.replace(row, turns=tuple(sorted((*row.turns, turn), key=lambda one: one.begins)))
    weeks(world).put(commit, key, seen, row, Refused("campaign.moved_on"))
    return commit


def week_of(at: int) -> int:
    """The number of the week, from Monday to Sunday, that a UTC millisecond falls in."""
    return (at - MONDAY_MS) // WEEK_MS


def begins(week: int) -> int:
    """When a week begins, UTC milliseconds."""
    return MONDAY_MS + week * WEEK_MS


def covered(world: World, week: int) -> list[Covered]:
    """Every stretch in a week; a turn that runs over midnight of Sunday counts in each week what lies in it."""
    first, last = begins(week), begins(week + 1)
    found = []
    for _, segment in segments(world).rows().values():
        rows = [weeks(world).one(f"{one}.{segment.key}") for one in (week - 1, week)]
        turns = [turn for row in rows if row for turn in row[1].turns if turn.ends > first and turn.begins < last]
        spans = [(max(turn.begins, first), min(turn.ends, last)) for turn in turns]
        found.append(Covered(segment, union(spans) / HOUR_MS, len(turns)))
    return found


def union(spans: Iterable[tuple[int, int]]) -> int:
    """How long at least one of the spans lasts."""
    total, reached = 0, 0
    for first, last in sorted(spans):
        total += max(0, last - max(first, reached))
        reached = max(reached, last)
    return total


def _turns(world: World, week: int, group: str) -> list[Turn]:
    rows = (row for _, row in weeks(world).rows().values() if row.week == week)
    return [turn for row in rows for turn in row.turns if turn.group == group]
