"""An officer of the unit that leads a matter: accepts or returns it, works on it, asks for help or for time, reports.

About one in fifty is forgotten until somebody reminds; one in twenty-five comes back as not this unit's; some are
reported before every part has come in, and the answer is no.
"""

from __future__ import annotations

from anlan.domains.hotline.flow import HOLD_REASONS, RETURN_REASONS
from anlan.sim.deed import Decision, Deed, Ring, Seen, move
from anlan.sim.dice import Dice
from anlan.sim.words import said

NAME = "officer"
OFFICE = False
FORGETS = 0.02
RETURNS = 0.04
REPORTS_EARLY = 0.03
SOLVES = 0.9
MINUTES = {"assigned": (5, 150), "acting": (40, 2400), "explaining": (60, 1800)}
WORK = {
    "report": 74,
    "progress": 12,
    "hold": 4,
    "ask_extension": 4,
    "ask_assist": 3,
    "open_child": 3,
}


def wait(stage: str, dice: Dice) -> int | None:
    """How long until somebody of the unit gets to it."""
    return None if dice.chance(FORGETS) else dice.minutes(*MINUTES[stage])


def decide(seen: Seen) -> Decision:
    """The next step in its own stage."""
    matter, dice = seen.matter, seen.dice
    if matter.stage == "explaining":
        return move("explain", note=said("explain", dice))
    if matter.stage == "assigned":
        if "return" in seen.detail.moves and matter.reopens == 0 and dice.chance(RETURNS):
            return move("return", reason=dice.choice(RETURN_REASONS), note=said("return", dice))
        return move("accept")
    return _acting(seen)


def _acting(seen: Seen) -> Decision:
    matter, dice = seen.matter, seen.dice
    if matter.asked_days:
        return Ring("overseer")
    if any(clock.held for clock in matter.clocks.values()):
        return move("resume")
    if not dice.chance(REPORTS_EARLY):
        if matter.open_assists:
            return Ring("assistant", matter.open_assists[0])
        if matter.children_open:
            return None
    return _work(seen, dice.pick(WORK))


def _work(seen: Seen, step: str) -> Deed:
    dice, note = seen.dice, said("report", seen.dice)
    other = _other_unit(seen)
    match step:
        case "progress":
            return move("progress", note=said("progress", dice))
        case "hold":
            return move("hold", reason=dice.choice(HOLD_REASONS))
        case "ask_extension":
            return move("ask_extension", days=dice.randint(1, 5), note=said("ask_extension", dice))
        case "ask_assist" if other:
            return move("ask_assist", unit=other, note=said("ask_assist", dice))
        case "open_child" if other and not seen.matter.parent:
            return Deed("children", {"unit": other, "text": said("open_child", dice)})
        case _:
            return move("report", note=note, solved=dice.chance(SOLVES))


def _other_unit(seen: Seen) -> str:
    """A station of the same district that has no part in it yet; "" when there is none."""
    matter = seen.matter
    taken = {matter.lead, *(assist.unit for assist in matter.assists)}
    stations = seen.city.organisation.of_kind("station", matter.district) if matter.district else ()
    return seen.dice.choice([u.key for u in stations if u.key not in taken] or [""])
