"""Look: a matter as one person may see it. Personal data is opened for a purpose, after the reading is recorded.

`view` gives the page: titles and texts of the report and of notes (redacted for those without the right to read
contacts), names and telephones masked. `unmask` gives one reporter's contact, for a stated purpose.
"""

from __future__ import annotations

from typing import Any

import msgspec

from anlan.app import attach, seen
from anlan.app.attach import Attached
from anlan.app.redact import masked_name, masked_phone, redacted
from anlan.app.world import World, year_of
from anlan.loop.decide import possible
from anlan.loop.errors import Refused
from anlan.loop.fact import Fact
from anlan.loop.flow import Flow, Move
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter, Party
from anlan.store.commit import Commit
from anlan.store.read import Row, Shape

PURPOSES = ("call_back", "handle", "verify", "oversee", "audit")


class Contact(msgspec.Struct, frozen=True):
    """A reporter, masked unless it was unmasked for a purpose."""

    party: Party
    name: str
    phone: str
    text: str


class View(msgspec.Struct, frozen=True):
    """A matter as one actor sees it now."""

    matter: Matter
    flow: Flow
    title: str
    text: str
    address: str
    contacts: list[Contact]
    facts: list[Fact]
    notes: dict[str, str]
    moves: list[Move]
    waiting: str
    files: list[Attached]
    file_names: dict[str, str]
    seen: int = 0
    """The version the actor had seen before this look; 0 for none."""


def allowed(world: World, actor: Actor, matter: Matter, action: str = "see") -> None:
    """Refuse an actor who may not do this to this matter; whether it exists is not told.

    Who sees a matter sees its children too: the lead unit answers for every part.
    """
    answers_for = world.store.read.matter(matter.parent) if action == "see" and matter.parent else matter
    if not any(world.grants.allows(actor, action, one, world.relation) for one in (matter, answers_for)):
        raise Refused("matter.unknown", matter=matter.number)


async def view(world: World, actor: Actor, number: int, *, marks: bool = False) -> View:
    """The matter's page; `marks` that the actor has seen it. Raises Refused("matter.unknown") for one they may not."""
    matter = world.store.read.matter(number)
    allowed(world, actor, matter)
    before = seen.versions(world, actor.id, [number]).get(number, 0) if marks else 0
    await _record(world, actor, matter, "handle", "text", marks=marks)
    flow, facts = world.flow_of(matter), world.store.read.facts(number)
    notes = [fact.data["note"] for fact in facts if isinstance(fact.data.get("note"), str)]
    files = attach.attached(world, matter, facts)
    texts, people = (p.text for p in matter.parties), (p.party for p in matter.parties)
    opened = world.store.vault.open([matter.text, *texts, *notes, *people, *(file.id for file in files)])
    said = opened.get(matter.text, {})
    return View(
        matter=matter,
        flow=flow,
        title=redacted(said.get("title", "")),
        text=redacted(said.get("text", "")),
        address=redacted(said.get("address", "")),
        contacts=[_masked(party, opened) for party in matter.parties],
        facts=facts,
        notes={key: redacted(opened[key]["text"]) for key in notes if key in opened},
        moves=possible(flow, matter, world.context(actor)),
        waiting=flow.stage(matter.stage).clock,
        files=[file for file in files if file.id in opened],
        file_names=attach.names(opened, files),
        seen=before,
    )


async def file(world: World, actor: Actor, number: int, wanted: str) -> tuple[str, bytes]:
    """A file's type and bytes. The reading is on the ledger before this returns. Raises Refused: matter.unknown,
    file.unknown."""
    matter = world.store.read.matter(number)
    allowed(world, actor, matter)
    if wanted not in {one.id for one in attach.attached(world, matter, world.store.read.facts(number))}:
        raise Refused("file.unknown", file=wanted)
    await _record(world, actor, matter, "handle", "file", file=wanted)
    return attach.opened(world, wanted)


async def unmask(world: World, actor: Actor, number: int, receipt: int, purpose: str) -> Contact:
    """One reporter's name and telephone in full. The reading is on the ledger before this returns."""
    if purpose not in PURPOSES:
        raise Refused("field.not_an_option", field="purpose", options=", ".join(PURPOSES))
    matter = world.store.read.matter(number)
    allowed(world, actor, matter)
    allowed(world, actor, matter, "read_contact")
    party = next((p for p in matter.parties if p.receipt == receipt), None)
    if party is None:
        raise Refused("callback.no_such_receipt", receipt=receipt)
    if party.confidential and "callback" not in actor.roles and "overseer" not in actor.roles:
        raise Refused("access.confidential", receipt=receipt)
    await _record(world, actor, matter, purpose, "contact", party=party.party)
    opened = world.store.vault.open([party.party, party.text])
    person = opened.get(party.party, {})
    text = opened.get(party.text, {}).get("text", "")
    return Contact(party, person.get("name", ""), person.get("phone", ""), text)


def rows(world: World, actor: Actor, shape: Shape) -> list[Row]:
    """A list, narrowed to what the actor may see. Raises Refused("access.denied") when that is nothing at all."""
    return world.store.read.rows(narrowed(world, actor, shape))


def narrowed(world: World, actor: Actor, shape: Shape) -> Shape:
    """The shape with its kinds told as stages, and its units cut down to the actor's own and those below, unless the
    actor may see everything.

    Unless units are named, what the actor's own unit owes a part of is in the list too.
    """
    relations = world.grants.relations(actor, "see")
    if not relations:
        raise Refused("access.denied", action="see")
    if shape.kinds and not shape.stages and (stages := world.stages_of(shape.kinds)):
        shape = msgspec.structs.replace(shape, kinds=(), stages=stages)
    if "foreign" in relations or ("assist" in relations and shape.assisting == actor.unit != ""):
        return shape
    units = world.city.organisation
    mine = {actor.unit, *((u.key for u in units.below(actor.unit)) if "below" in relations else ())}
    wanted = tuple(lead for lead in shape.leads if lead in mine) if shape.leads else tuple(sorted(mine))
    if not wanted:
        raise Refused("access.denied", action="see")
    too = "assist" in relations and not shape.leads
    return msgspec.structs.replace(shape, leads=wanted, assisting=actor.unit if too else "", led_too=too)


def _masked(party: Party, opened: dict[str, Any]) -> Contact:
    person = opened.get(party.party, {})
    text = opened.get(party.text, {}).get("text", "")
    name, phone = person.get("name", ""), person.get("phone", "")
    return Contact(party, masked_name(name), masked_phone(phone) if phone else "", redacted(text))


async def _record(
    world: World, actor: Actor, matter: Matter, purpose: str, what: str, *, marks: bool = False, **whose: str
) -> None:
    now = world.clock()
    data = {"purpose": purpose, "what": what, **whose}
    reading = (matter.number, matter.ledger, ("read", data))
    rows = seen.opened(actor.id, [matter], now) if marks else []
    await world.store.writer.write(Commit(at=now, actor=actor.id, year=year_of(now), readings=[reading], rows=rows))
