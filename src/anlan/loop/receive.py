"""How a matter begins: `opening` gives its first facts, classified and assigned where that is known at once."""

from __future__ import annotations

from typing import Any

import msgspec

from anlan.loop import deadlines
from anlan.loop.case import Targets, as_data, no_targets
from anlan.loop.deadlines import Clock
from anlan.loop.evolve import Draft
from anlan.loop.flow import Flow
from anlan.loop.working_calendar import WorkingCalendar


class Opening(msgspec.Struct, frozen=True):
    """What is known when a matter is opened. `classified` and `route` are data with their reasons, or None."""

    received: dict[str, Any]
    classified: dict[str, Any] | None = None
    route: dict[str, Any] | None = None
    assigned_stage: str = ""


def opening(
    flow: Flow, begin: Opening, minute: int, calendar: WorkingCalendar, targets: Targets = no_targets
) -> list[Draft]:
    """`received`, then `classified` and `assigned` where known. The matter's and the stage's clocks start."""
    first, category = flow.stages[0], (begin.classified or {}).get("category") or ""

    def started(key: str) -> Clock:
        return deadlines.start(targets(category, key) or flow.clock(key), minute, calendar)

    due = begin.received.get("due_minute")
    matter_clock = Clock("natural_minutes", minute, minute, due - minute, due) if due else started("matter")
    routed = begin.route is not None and bool(begin.assigned_stage)
    clocks: dict[str, Clock] = {"matter": matter_clock}
    if not routed and first.clock:
        clocks[first.clock] = started(first.clock)
    received = {k: v for k, v in {**begin.received, "category": category}.items() if v not in (None, "", 0)}
    drafts: list[Draft] = [("received", {**received, "flow": flow.key, "stage": first.key, "clocks": as_data(clocks)})]
    if begin.classified:
        drafts.append(("classified", begin.classified))
    if routed:
        route = {**(begin.route or {}), "at": begin.received["opened_at"]}
        keys = flow.clocks_on_assigning(begin.assigned_stage)
        entered = {"stage": begin.assigned_stage, "clocks": as_data({key: started(key) for key in keys})}
        drafts.append(("assigned", {**route, **entered}))
    return drafts
