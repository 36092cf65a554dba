"""An officer of a unit that was asked to assist: does the unit's part and reports it."""

from __future__ import annotations

from anlan.sim.deed import Decision, Seen, move
from anlan.sim.dice import Dice
from anlan.sim.words import said

NAME = "assistant"
OFFICE = False
MINUTES = (30, 900)
ACCEPTS_FIRST = 0.5


def wait(_stage: str, dice: Dice) -> int | None:
    """How long until the part is looked at."""
    return dice.minutes(*MINUTES)


def decide(seen: Seen) -> Decision:
    """Accept it first, or report at once."""
    part = next((a for a in seen.matter.assists if a.unit == seen.unit and not a.done_at), None)
    if part is None:
        return None
    if not part.accepted_at and seen.dice.chance(ACCEPTS_FIRST):
        return move("accept_assist")
    return move("report_assist", note=said("report_assist", seen.dice))
