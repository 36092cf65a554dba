"""Handle: one intent on one matter is one transaction, with what a parent must know of its child. Also merging two."""

from __future__ import annotations

from typing import Any

import msgspec

from anlan.app import attach, children, seen
from anlan.app.look import sees
from anlan.app.world import World, year_of
from anlan.loop.case import Intent, as_data
from anlan.loop.child import check_merge
from anlan.loop.deadlines import stop
from anlan.loop.decide import decide
from anlan.loop.errors import Conflict, Refused
from anlan.loop.flow import Flow
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.loop.undo import undo as take_back
from anlan.loop.undo import undoable
from anlan.loop.working_calendar import minute_of
from anlan.store.commit import Change, Commit, Done
from anlan.telemetry import traces


@traces.span("handle")
def prepare(world: World, number: int, intent: Intent, actor: Actor, said: Any = None) -> Commit:
    """The commit for a move; `said` is what its line of work is told beside it. Writes nothing. Raises Conflict or
    Refused: matter.unknown for one that the actor may neither see nor move."""
    matter = world.store.read.matter(number)
    flow, now = world.flow_of(matter), world.clock()
    move = flow.move(intent.move)
    may = move is not None and world.grants.allows(actor, move.action, matter, world.relation)
    if not may and not sees(world, actor, matter):
        raise Refused("matter.unknown", matter=number)
    commit = Commit(at=now, actor=actor.id, year=year_of(now))
    sealed = _sealed(world, flow, intent, commit)
    drafts = decide(flow, matter, sealed, world.context(actor, now))
    commit.changes = [Change(flow, matter.ledger, drafts, base=matter), *children.tell_parent(world, matter, drafts)]
    commit.rows += seen.moved(actor.id, matter, len(drafts))
    if (completes := world.domains[matter.domain].completes) is not None:
        completes(world, commit, matter, drafts, said)
    if any(kind == "child_opened" for kind, _ in drafts):
        children.open_beside(world, commit, matter, intent)
    return commit


@traces.span("undo")
def undo(world: World, number: int, version: int, actor: Actor) -> Commit:
    """The commit that takes the actor's own last move back. Raises Conflict or Refused; writes nothing.

    A move may have given the matter away: whoever made it may take it back unseen, while their role still makes such
    moves at all."""
    matter = world.store.read.matter(number)
    flow, now = world.flow_of(matter), world.clock()
    facts = world.store.read.facts(number)
    own = [fact for fact in facts if fact.version]
    if own[-1].actor != actor.id and not sees(world, actor, matter):
        raise Refused("matter.unknown", matter=number)
    move = undoable(flow, own)
    if move and not world.grants.relations(actor, move.action):
        raise Refused("access.denied", action=move.action, matter=number)
    drafts = take_back(flow, matter, version, facts, world.context(actor, now))
    change = Change(flow, matter.ledger, drafts, base=matter)
    rows = seen.moved(actor.id, matter, len(drafts))
    return Commit(at=now, actor=actor.id, year=year_of(now), changes=[change], rows=rows)


@traces.span("merge")
def merge(world: World, number: int, into: int, version: int, actor: Actor) -> Commit:
    """Fold one open matter into another: every reporter keeps an own receipt and an own call-back there."""
    world.require(actor, "merge")
    if number == into:
        raise Refused("merge.same_matter", matter=number)
    gone, kept = world.store.read.matter(number), world.store.read.matter(into)
    for matter in (gone, kept):
        if not sees(world, actor, matter):
            raise Refused("matter.unknown", matter=matter.number)
        if not world.grants.allows(actor, "merge", matter, world.relation):
            raise Refused("access.denied", action="merge", matter=matter.number)
    if gone.version != version:
        raise Conflict(number, version, gone.version)
    for matter in (gone, kept):
        if matter.merged_into or matter.stage == world.flow_of(matter).closed:
            raise Refused("matter.closed", matter=matter.number)
    if gone.flow != kept.flow:
        raise Refused("merge.other_flow", matter=number, into=into)
    check_merge(gone, kept)
    now = world.clock()
    flow = world.flow_of(kept)
    parties = [msgspec.to_builtins(party) for party in gone.parties]
    merged = ("merged", {"into": into, **_ended(flow, gone, now)})
    return Commit(
        at=now,
        actor=actor.id,
        year=year_of(now),
        changes=[
            Change(flow, kept.ledger, [("joined", {"parties": parties, "merged": number})], base=kept),
            Change(flow, gone.ledger, [merged], base=gone),
            *children.tell_parent(world, gone, [merged]),
        ],
        rows=[("UPDATE receipts SET matter = ? WHERE number = ?", (into, party.receipt)) for party in gone.parties],
    )


def after(world: World, done: Done) -> None:
    """Once it is on disk: a matter that is closed or merged is no longer offered as a duplicate."""
    for matter in done.matters:
        if matter.number in world.merge and matter.stage == world.flow_of(matter).closed:
            world.merge.remove(matter.number)


def _ended(flow: Flow, matter: Matter, now: int) -> dict[str, Any]:
    minute = minute_of(now)
    return {"stage": flow.closed, "clocks": as_data({k: stop(c, minute) for k, c in matter.clocks.items()})}


def _sealed(world: World, flow: Flow, intent: Intent, commit: Commit) -> Intent:
    """The intent with its free texts replaced by the ids under which the vault keeps them, its files by what a fact
    says of them."""
    move = flow.move(intent.move)
    fields = dict(intent.fields)
    for field in move.needs if move else ():
        key, value = field.key, fields.get(field.key)
        if field.type == "files" and value:
            if not isinstance(value, list) or not all(isinstance(file, str) for file in value):
                raise Refused("field.wrong_type", field=key, type=field.type)
            fields[key] = attach.taken(world, commit, value)
        if field.type != "text" or not isinstance(value, str) or not value:
            continue
        if len(value) > field.length_max:
            raise Refused("field.too_long", field=key, length=len(value), length_max=field.length_max)
        text_id = world.store.vault.new_id("t", commit.at)
        world.store.vault.seal(commit, text_id, [(text_id, {"text": value})])
        fields[key] = text_id
    return msgspec.structs.replace(intent, fields=fields)
