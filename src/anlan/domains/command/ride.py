"""What somebody does from the unit they ride in (随车): its way, a note, its state, that they are well.

A telephone without a network tells things late and in order, each with its own time and under its own key. A deed
about the unit's own way is made of the matter as it stands by then: others may have added to it, and that is no
conflict. What somebody else has done with the unit meanwhile stands, and the late deed is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from anlan.app.handle import prepare
from anlan.app.world import World
from anlan.domains.command import units as board
from anlan.domains.command.fleet import Fix, Taken, fleet
from anlan.domains.command.units import AVAILABLE, OFF, REST, Unit
from anlan.loop.case import Intent
from anlan.loop.errors import Conflict, Refused
from anlan.loop.grants import Actor
from anlan.store.commit import Commit, Done

MOVES = {"set_out": "set_out", "arrive": "arrive", "clear": "clear", "decline": "withdraw", "note": "note"}
"""Deeds that are moves of the incident the unit is out for."""
STATES = (AVAILABLE, REST, OFF)
TRIES = 4
_encode = msgspec.json.Encoder().encode


class Deed(msgspec.Struct, frozen=True):
    """One thing somebody did. `at`: when (UTC ms), where that was not now. `matter`: the incident it was done for.
    `version`: of the unit, as whoever changes its state last saw it."""

    deed: str
    at: int = 0
    matter: int = 0
    version: int = 0
    state: str = ""
    note: str = ""
    files: tuple[str, ...] = ()


def own(world: World, actor: Actor) -> tuple[int, Unit]:
    """The unit somebody rides in, with its version. Raises Refused("unit.not_riding")."""
    found = board.ridden_by(world, actor.id)
    if found is None:
        raise Refused("unit.not_riding")
    return found


async def do(world: World, actor: Actor, deed: Deed, bound: tuple[bytes, bytes] | None = None) -> bytes:
    """Write a deed; answers the unit's versions before and after it. What others write at the same moment is seen and
    the deed made anew. Raises Refused as `commit_of`."""
    for attempt in range(TRIES):
        version, commit = commit_of(world, actor, deed)
        commit.request, commit.answer = bound, _versions(version, deed)
        try:
            return (await world.store.writer.write(commit)).answer
        except Refused as refused:
            moved_on = isinstance(refused, Conflict) or refused.code == "unit.moved_on"
            if not moved_on or deed.deed == "state" or attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def commit_of(world: World, actor: Actor, deed: Deed) -> tuple[int, Commit]:
    """The commit of a deed and the version of the unit it was made of. Raises Refused: unit.not_riding, deed.unknown,
    sending.not_sent for a unit that was called off or sent elsewhere, unit.moved_on, and as the moves do."""
    version, unit = own(world, actor)
    if deed.deed in MOVES:
        return version, _move(world, actor, unit, deed)
    if deed.deed == "well":
        return version, board.check_in(world, actor, unit.key)
    if deed.deed == "state" and deed.state in STATES:
        return version, _tell(world, actor, (version, unit), deed)
    raise Refused("deed.unknown", deed=deed.deed)


def here(world: World, actor: Actor, lon: float, lat: float, at: int) -> Taken:
    """Where the unit is that somebody rides in, while it is on duty. Raises Refused: unit.not_riding, and with the code
    of what is wrong with the position."""
    _, unit = own(world, actor)
    if unit.state == OFF:
        raise Refused("unit.not_riding")
    taken = fleet(world).take([Fix(unit.key, lon, lat, at)])
    if taken.refused:
        raise Refused(taken.refused[0][1], **({"unit": unit.key} if taken.refused[0][1] == "unit.unknown" else {}))
    return taken


def _move(world: World, actor: Actor, unit: Unit, deed: Deed) -> Commit:
    number = deed.matter or unit.matter
    if not unit.matter or unit.matter != number:
        raise Refused("sending.not_sent", unit=unit.call_sign)
    fields: dict[str, Any] = {}
    if deed.deed == "note":
        fields = {"note": deed.note, "files": list(deed.files)}
    else:
        fields = {"unit": unit.key}
        if deed.deed == "decline":
            fields |= {"reason": "unit_declined", "note": deed.note}
        elif deed.at:
            fields["at"] = deed.at
    version = world.store.read.matter(number).version
    return prepare(world, number, Intent(MOVES[deed.deed], version, fields), board.riding(world, actor))


def _tell(world: World, actor: Actor, seen: tuple[int, Unit], deed: Deed) -> Commit:
    version, unit = seen
    if deed.version and deed.version != version:
        raise Refused("unit.moved_on", unit=unit.call_sign)
    if deed.state == OFF and len(unit.crew) > 1:  # the others ride on
        return board.ride(world, actor, unit.key, on=False)
    return board.tell(world, actor, unit.key, version, deed.state)


def _versions(was: int, deed: Deed) -> Callable[[Done], bytes]:
    now = was if deed.deed == "note" else was + 1
    answer = _encode({"was": was, "version": now})
    return lambda _done: answer
