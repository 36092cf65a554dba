"""Undo (撤回): take the last move back, as a recorded move of its own. Nothing is erased. Pure.

Only whoever made the move, only while nothing has happened since (the version says so), only for the flow's minutes,
and only a move that the flow calls undoable: what went out of the house (a call, a reminder, a closing, a child matter)
is not. Stage, lead, parts and clocks stand as they stood before; time has run on as if the move had not been. What the
move was counted under is counted no more: the fact says which counts those were.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from anlan.loop.case import Context, as_data
from anlan.loop.counters import rolls
from anlan.loop.errors import Conflict, Refused
from anlan.loop.evolve import RESTORED, Draft, replay
from anlan.loop.fact import Fact
from anlan.loop.flow import CAN_BE_UNDONE, Flow, Move
from anlan.loop.matter import Matter

MINUTE_MS = 60_000


def undo(flow: Flow, matter: Matter, version: int, facts: Sequence[Fact], context: Context) -> list[Draft]:
    """The fact that takes the actor's last move back. Raises Conflict or Refused."""
    if version != matter.version:
        raise Conflict(matter.number, version, matter.version)
    own = [fact for fact in facts if fact.version]
    last = own[-1]
    if undoable(flow, own) is None:
        raise Refused("undo.not_this", matter=matter.number)
    if last.actor != context.actor.id:
        raise Refused("undo.not_yours", matter=matter.number)
    if context.now - last.at > flow.limits.undo_minutes * MINUTE_MS:
        raise Refused("undo.too_late", minutes=flow.limits.undo_minutes)
    before = replay(own[:-1])
    assert before is not None, "a matter begins with what nobody can undo"
    return [("undone", _restoring(before, matter, last))]


def undoable(flow: Flow, facts: Sequence[Fact]) -> Move | None:
    """The flow's move that the last of these facts came of, when it is one that can be undone."""
    if len(facts) < 2 or (facts[-2].at, facts[-2].actor) == (facts[-1].at, facts[-1].actor):
        return None  # one of several facts of one deed, such as an intake
    kind = facts[-1].kind
    return next((m for m in flow.moves if m.undo and CAN_BE_UNDONE[m.effect] == kind), None)


def _restoring(before: Matter, matter: Matter, last: Fact) -> dict[str, Any]:
    clocks = {key: clock for key, clock in before.clocks.items() if matter.clocks.get(key) != clock}
    restores = {
        name: msgspec.to_builtins(getattr(before, name))
        for name in RESTORED
        if getattr(before, name) != getattr(matter, name)
    }
    counted = [[name, day, unit, category] for name, day, _, _, unit, _, category in rolls(before, last, matter)]
    return {
        "version": last.version,
        "kind": last.kind,
        "stage": before.stage,
        "restores": restores,
        "clocks": as_data(clocks),
        "dropped": sorted(set(matter.clocks) - set(before.clocks)),
        "counted": counted,
        **({"from": matter.lead} if matter.lead != before.lead else {}),
    }
