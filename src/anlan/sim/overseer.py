"""An overseer: checks what was reported, answers who asks for time, reminds who is late, and in the end takes over."""

from __future__ import annotations

from anlan.sim.deed import Decision, Seen, move
from anlan.sim.dice import Dice
from anlan.sim.words import said

NAME = "overseer"
OFFICE = True
CHECKS, PRESSES = (10, 300), (200, 1600)
"""Minutes until what was reported is checked, and until somebody who is late, or asks for time, hears of it."""
SENDS_BACK = 0.04
REFUSES_TIME = 0.25
PATIENCE = 2
"""Reminders before a matter is taken over."""
ESCALATES = 0.15


def wait(stage: str, dice: Dice) -> int | None:
    """How long until an overseer gets to it, within office hours."""
    return dice.minutes(*(CHECKS if stage == "verifying" else PRESSES))


def decide(seen: Seen) -> Decision:
    """Whatever it was called for: to check, to answer, or to press."""
    matter, dice = seen.matter, seen.dice
    if matter.stage == "verifying":
        if dice.chance(SENDS_BACK):
            return move("send_back", note=said("send_back", dice))
        return move("verify")
    if matter.asked_days:
        if dice.chance(REFUSES_TIME):
            return move("refuse_extension", note=said("refuse_extension", dice))
        return move("extend")
    return _press(seen) if seen.late else None


def _press(seen: Seen) -> Decision:
    matter, dice = seen.matter, seen.dice
    if matter.reminders < PATIENCE:
        return move("remind", note=said("remind", dice))
    if "take_over" in seen.detail.moves and matter.lead != seen.unit:
        return move("take_over", note=said("take_over", dice))
    if "escalate" in seen.detail.moves and dice.chance(ESCALATES):
        return move("escalate", note=said("escalate", dice))
    return move("remind", note=said("remind", dice))
