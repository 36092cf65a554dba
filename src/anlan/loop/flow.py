"""A flow (流程) as data: stages, moves, who may move, what a move needs, which clocks wait, what closes the loop."""

from __future__ import annotations

from typing import Literal

import msgspec

from anlan.loop.deadlines import LONGEST, ClockSpec
from anlan.loop.errors import Broken
from anlan.loop.level import Level

CAN_BE_UNDONE = {
    "assign": "assigned", "accept": "accepted", "return": "returned", "forward": "forwarded", "report": "reported",
    "verify": "verified", "send_back": "sent_back", "hold": "held", "resume": "resumed", "classify": "classified",
    "ask_extension": "extension_asked", "assist": "assist_asked",
}  # fmt: skip
"""Effects that leave one fact and change nothing outside their matter, with that fact's kind."""

FieldType = Literal["text", "code", "unit", "units", "category", "int", "bool", "number", "receipt", "files"]


class Field(msgspec.Struct, frozen=True):
    """What a move needs. A `text` is sealed in the vault before it reaches `decide`, which sees its id only; so are
    `files`, of which it sees what a fact says (id, type, size, hash)."""

    key: str
    type: FieldType
    required: bool = True
    options: tuple[str, ...] = ()
    length_max: int = 2000
    minimum: int = 0
    maximum: int = 2**31


class Stage(msgspec.Struct, frozen=True):
    """Where a matter rests. `clock` waits here; `kind` tells what a list should make of it."""

    key: str
    kind: Literal["waiting", "working", "calling", "closed"] = "working"
    clock: str = ""


class Move(msgspec.Struct, frozen=True):
    """A way on. `effect` names a kernel rule (see `decide`); `action` the grant it takes; `target` "" means stay.

    `undo`: whoever made it may take it back for a few minutes (see `undo`). `page`: the address of the page it is made
    on, with `{number}` for the matter's; "" for the matter's own.
    """

    key: str
    sources: tuple[str, ...]
    effect: str
    action: str
    target: str = ""
    needs: tuple[Field, ...] = ()
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    main: bool = False
    undo: bool = False
    page: str = ""


class Limits(msgspec.Struct, frozen=True):
    """A flow's numbers: Shandong's by default (extension of at most 10 working days, return within 2)."""

    extension_days_max: int = 10
    returns_max: int = 3
    callback_attempts_max: int = 3
    reopens_max: int = 3
    children_max: int = 10
    undo_minutes: int = 5


class Flow(msgspec.Struct, frozen=True):
    """A matter's way round the loop. `calling`, `closed` and `reopens_to` name the stages that call-backs lead between.

    Entering a stage starts its clock afresh and stops the one of the stage left; the clock "matter" runs on.
    """

    key: str
    stages: tuple[Stage, ...]
    moves: tuple[Move, ...]
    clocks: tuple[ClockSpec, ...]
    calling: str
    closed: str
    reopens_to: str
    limits: Limits = Limits()
    level: Level = "ordinary"
    """How sensitive every matter of this flow is at the least."""

    def stage(self, key: str) -> Stage:
        """The stage of that name. Raises Broken when a fact names one that the flow does not have."""
        for stage in self.stages:  # a loop: `next` over a generator costs three times as much, and this is hot
            if stage.key == key:
                return stage
        raise Broken(f"flow {self.key} has no stage {key}")

    def move(self, key: str) -> Move | None:
        """The move of that name, if the flow has it."""
        return next((m for m in self.moves if m.key == key), None)

    def clock(self, key: str) -> ClockSpec:
        """The clock of that name. Raises Broken when the flow declares none."""
        for clock in self.clocks:
            if clock.key == key:
                return clock
        raise Broken(f"flow {self.key} has no clock {key}")

    @property
    def assigned(self) -> str:
        """The stage in which a unit is to accept; "" in a flow that has none."""
        return next((s.key for s in self.stages[1:] if s.clock == "accept"), "")

    def clocks_on_assigning(self, stage: str) -> tuple[str, ...]:
        """The clocks that start when a matter is assigned, and so enters `stage`."""
        starts = next((m.starts for m in self.moves if m.effect == "assign"), ())
        return tuple(key for key in (self.stage(stage).clock, *starts) if key)

    def moves_from(self, stage: str) -> tuple[Move, ...]:
        """The moves that leave, or stay in, a stage."""
        return tuple(m for m in self.moves if stage in m.sources)


def problems(flow: Flow) -> list[str]:
    """What is wrong with a flow: unknown names, stages nobody reaches or leaves, waiting without a clock."""
    found: list[str] = []
    stages = {s.key for s in flow.stages}
    clocks = {c.key for c in flow.clocks}
    for move in flow.moves:
        found += [f"{move.key}: unknown stage {s}" for s in {*move.sources, move.target} - stages - {""}]
        found += [f"{move.key}: unknown clock {c}" for c in {*move.starts, *move.stops} - clocks]
    found += [f"{m.key}: {m.effect} cannot be undone" for m in flow.moves if m.undo and m.effect not in CAN_BE_UNDONE]
    keys = [m.key for m in flow.moves]
    found += [f"{key}: declared twice" for key in sorted({k for k in keys if keys.count(k) > 1})]
    found += [] if "matter" in clocks else ["no clock matter"]
    found += [f"{c.key}: {c.amount} {c.unit} is no length" for c in flow.clocks if not 0 < c.amount <= LONGEST[c.unit]]
    found += [] if flow.stages else ["no stage"]
    found += [f"unknown stage {s}" for s in {flow.calling, flow.closed, flow.reopens_to} - stages]
    for stage in flow.stages:
        if stage.clock and stage.clock not in clocks:
            found.append(f"{stage.key}: unknown clock {stage.clock}")
        if stage.kind != "closed" and not stage.clock:
            found.append(f"{stage.key}: waits without a clock")
        leads_on = any(m.target and m.target != stage.key for m in flow.moves_from(stage.key))
        if stage.kind in {"waiting", "working"} and not leads_on:
            found.append(f"{stage.key}: no way out")
    reached = {*(s.key for s in flow.stages[:1]), flow.closed, flow.reopens_to}
    while more := {m.target for m in flow.moves if m.target and reached & set(m.sources)} - reached:
        reached |= more
    return found + [f"{key}: never reached" for key in sorted(stages - reached)]
