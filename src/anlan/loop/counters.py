"""What is counted, as facts happen: the roll-up counters that every measure is made of. Pure.

`counts(before, fact, after)` answers names; the store adds one to each, by city day, ledger, unit, channel and
category, in the same transaction. A measure is a ratio of two such sums, so every figure can be recomputed from the
facts. A count stays with the unit and the category that the matter had when it was counted: classifying it anew moves
none of what it has been counted under. A child matter was not received: it is a part of one that was.
"""

from __future__ import annotations

from anlan.loop.deadlines import Clock
from anlan.loop.fact import Fact
from anlan.loop.matter import Matter
from anlan.loop.working_calendar import DAY, minute_of

COUNTERS = (
    "received",
    "joined",
    "assigned",
    "accepted",
    "accepted_in_time",
    "returned",
    "forwarded",
    "extended",
    "reported",
    "finished",
    "finished_in_time",
    "called",
    "answered",
    "satisfied",
    "not_satisfied",
    "refused",
    "unreachable",
    "asked_solved",
    "solved",
    "closed",
    "reopened",
    "reminded",
    "escalated",
    "taken_over",
    "merged",
)

_PLAIN = frozenset(COUNTERS) - {"joined", "accepted", "finished", "closed"}


def happened_at(fact: Fact) -> int:
    """When what is counted happened (UTC ms): the fact's own `at` unless its data says it was recorded later."""
    data = fact.data
    if fact.kind == "received":
        return int(data["opened_at"])
    if fact.kind == "joined" and not data.get("merged"):
        return int(data["parties"][0].get("at", fact.at))
    return int(data.get("at", fact.at))


Roll = tuple[str, int, str, str, str, str, str]
"""A roll-up's key: measure, city day, domain, ledger, unit, channel, category."""


def rolls(before: Matter | None, fact: Fact, after: Matter) -> list[Roll]:
    """The roll-ups this fact adds one to. What arrives counts for the unit it is routed to in the same breath
    (its category of that breath is on the fact itself, and so on the state after it)."""
    names = counts(before, fact, after)
    if not names:
        return []
    unit = after.lead or (before.lead if before else fact.data.get("routed_to", ""))
    day = minute_of(happened_at(fact)) // DAY
    return [(name, day, after.domain, after.ledger, unit, after.channel, after.category) for name in names]


def taken_back(fact: Fact, after: Matter) -> list[tuple[Roll, int]]:
    """What an undone move had been counted under, and the version that was counted: it counts no more."""
    if fact.kind != "undone":
        return []
    of, version = after, fact.data["version"]
    return [
        ((name, day, of.domain, of.ledger, unit, of.channel, category), version)
        for name, day, unit, category in fact.data["counted"]
    ]


def counts(before: Matter | None, fact: Fact, after: Matter) -> list[str]:
    """The counters this fact adds one to, each once."""
    kind = fact.kind
    if kind == "joined":
        return ["joined"] if fact.data.get("merged") else ["received", "joined"]
    if kind == "called_back":
        return _called(fact)
    if kind == "received" and after.parent:
        return []
    found = [kind] if kind in _PLAIN or kind in {"accepted", "closed"} else []
    if before is None:
        return found
    if kind == "accepted" and _in_time(before.clocks.get("accept"), after.clocks.get("accept")):
        found.append("accepted_in_time")
    clock, was = after.clocks.get("matter"), before.clocks.get("matter")
    if clock and clock.stopped is not None and was and was.stopped is None and kind != "merged":
        found.append("finished")
        if _in_time(was, clock):
            found.append("finished_in_time")
    return found


def _called(fact: Fact) -> list[str]:
    outcome, final = fact.data["outcome"], fact.data["callback"] != "pending"
    found = ["called"]
    if outcome in {"satisfied", "not_satisfied"}:
        found.append("answered")
    if final:
        found.append(outcome)
    if (solved := fact.data.get("solved")) is not None:
        found.append("asked_solved")
        if solved:
            found.append("solved")
    return found


def _in_time(was: Clock | None, now: Clock | None) -> bool:
    return bool(was and now and now.stopped is not None and not now.is_late(now.stopped))
