"""What a rule is given: a matter, the move somebody asks for, its fields, and the world it happens in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from anlan.loop import deadlines
from anlan.loop.deadlines import Clock, ClockSpec
from anlan.loop.evolve import Draft
from anlan.loop.fact import Fact
from anlan.loop.flow import Flow, Move
from anlan.loop.grants import Actor, Grants, Relation
from anlan.loop.matter import Matter
from anlan.loop.working_calendar import WorkingCalendar, minute_of


class Intent(msgspec.Struct, frozen=True):
    """What somebody wants done to a matter they saw at `version`."""

    move: str
    version: int
    fields: dict[str, Any] = {}


Targets = Callable[[str, str], ClockSpec | None]
"""(category, clock) → the length the city's own rules give it, None for the flow's."""


def no_targets(_category: str, _clock: str) -> None:
    """The flow's lengths hold."""


def no_facts(_number: int) -> Sequence[Fact]:
    """Nothing is known of what happened."""
    return ()


class Context(msgspec.Struct, frozen=True):
    """The world as it is injected: now (UTC ms), who acts, the calendar, the rights, the units, the city's targets.

    `facts` gives what happened to a matter, for the few rules that must know more than its state.
    """

    now: int
    actor: Actor
    calendar: WorkingCalendar
    grants: Grants
    relation: Relation
    is_unit: Callable[[str], bool] | None = None
    is_category: Callable[[str], bool] | None = None
    targets: Targets = no_targets
    facts: Callable[[int], Sequence[Fact]] = no_facts
    utc_offset_minutes: int = 480

    @property
    def minute(self) -> int:
        """The city minute it is."""
        return minute_of(self.now, self.utc_offset_minutes)


class Case(msgspec.Struct, frozen=True):
    """One move on one matter, ready to be judged."""

    flow: Flow
    matter: Matter
    move: Move
    fields: dict[str, Any]
    context: Context

    def length(self, clock: str, category: str | None = None) -> ClockSpec:
        """How long a clock runs for a matter of this category, by default its own."""
        of = self.matter.category if category is None else category
        return self.context.targets(of, clock) or self.flow.clock(clock)

    def draft(self, kind: str, data: dict[str, Any] | None = None) -> Draft:
        """A fact of this kind that carries the move's note, reason and files, when it has them."""
        said = {k: v for k in ("note", "reason", "files") if (v := self.fields.get(k))}
        return kind, {**said, **(data or {})}

    def entering(self, stage: str, *fresh: str) -> dict[str, Any]:
        """The data of entering a stage: its name, the clocks stopped and started (`fresh` ones anew)."""
        return {"stage": stage, "clocks": self.clocks_on_entering(stage, fresh)}

    def clocks_on_entering(self, stage: str, fresh: tuple[str, ...]) -> dict[str, Any]:
        """Clock states to carry on the fact that changes the stage. Moving on ends a hold: held clocks run again."""
        minute, calendar = self.context.minute, self.context.calendar
        changed = {k: deadlines.resume(c, minute, calendar) for k, c in self.matter.clocks.items() if c.held}
        left = self.flow.stage(self.matter.stage).clock
        stops = {left, *self.move.stops}
        if stage == self.flow.closed:
            stops |= set(self.matter.clocks)
        for key in sorted(stops & set(self.matter.clocks)):
            changed[key] = deadlines.stop(changed.get(key, self.matter.clocks[key]), minute)
        entered = self.flow.stage(stage).clock
        for key in (*fresh, *self.move.starts, *((entered,) if entered else ())):
            changed[key] = deadlines.start(self.length(key), minute, calendar)
        return as_data(changed)


def as_data(clocks: dict[str, Clock]) -> dict[str, Any]:
    """Clocks as plain data for a fact."""
    return {key: msgspec.to_builtins(clock) for key, clock in clocks.items()}
