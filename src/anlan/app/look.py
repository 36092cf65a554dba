"""Look: a matter as one person may see it. Personal data is opened for a purpose, after the reading is recorded.

`view` gives the page: titles and texts of the report and of notes (redacted for those without the right to read
contacts), names and telephones masked. `unmask` gives one reporter's contact, for a stated purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from anlan.app import attach, seen
from anlan.app.attach import Attached
from anlan.app.masks import Mask, hides, mask_of
from anlan.app.redact import masked_name, masked_phone, redacted
from anlan.app.world import World, year_of
from anlan.loop.decide import possible
from anlan.loop.errors import Refused
from anlan.loop.fact import Fact
from anlan.loop.flow import Flow, Move
from anlan.loop.grants import Actor
from anlan.loop.level import LEVELS
from anlan.loop.matter import Matter, Party
from anlan.store.commit import Commit
from anlan.store.read import Row, Shape
from anlan.store.veil import Veil

NO_MATTER = 0
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
    if not any(world.grants.allows(actor, action, one, world.relation, matter) for one in (matter, answers_for)):
        raise Refused("matter.unknown", matter=matter.number)


def sees(world: World, actor: Actor, matter: Matter) -> bool:
    """Whether the actor may see this matter."""
    try:
        allowed(world, actor, matter)
    except Refused:
        return False
    return True


def sees_number(world: World, actor: Actor, number: int) -> bool:
    """Whether the actor may see the matter of that number; not one that is still on its way to disk."""
    return number > 0 and sees(world, actor, world.store.read.matter(number))


async def view(world: World, actor: Actor, number: int, *, marks: bool = False) -> View:
    """The matter's page; `marks` that the actor has seen it. Raises Refused("matter.unknown") for one they may not."""
    matter = world.store.read.matter(number)
    allowed(world, actor, matter)
    before = seen.versions(world, actor.id, [number]).get(number, 0) if marks else 0
    mask = mask_of(world, actor, matter)
    await _record(world, actor, matter, "handle", "text", marks=marks)
    flow, facts = world.flow_of(matter), world.store.read.facts(number)
    notes = [fact.data["note"] for fact in facts if isinstance(fact.data.get("note"), str)]
    files = attach.attached(world, matter, facts) if mask.files == "shown" else []
    texts, people = (p.text for p in matter.parties), (p.party for p in matter.parties)
    opened = world.store.vault.open([matter.text, *texts, *notes, *people, *(file.id for file in files)])
    said = opened.get(matter.text, {})
    return View(
        matter=matter if mask.place == "shown" else msgspec.structs.replace(matter, place=None),
        flow=flow,
        title=redacted(said.get("title", "")),
        text=redacted(said.get("text", "")),
        address=redacted(said.get("address", "")) if mask.place == "shown" else "",
        contacts=[_masked(party, opened, hidden=hides(world, actor, mask, party)) for party in matter.parties],
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
    if mask_of(world, actor, matter).files == "hidden":
        raise Refused("access.masked", matter=number)
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
    if not world.grants.allows(actor, "read_contact", matter, world.relation):
        raise Refused("access.denied", action="read_contact", matter=number)
    party = next((p for p in matter.parties if p.receipt == receipt), None)
    if party is None:
        raise Refused("callback.no_such_receipt", receipt=receipt)
    if hides(world, actor, Mask(), party):
        raise Refused("access.confidential", receipt=receipt, matter=number)
    await _record(world, actor, matter, purpose, "contact", party=party.party)
    opened = world.store.vault.open([party.party, party.text])
    person = opened.get(party.party, {})
    text = opened.get(party.text, {}).get("text", "")
    return Contact(party, person.get("name", ""), person.get("phone", ""), text)


def rows(world: World, actor: Actor, shape: Shape) -> list[Row]:
    """A list, narrowed to what the actor may see. Raises Refused("access.denied") when that is nothing at all."""
    return world.store.read.rows(narrowed(world, actor, shape))


def narrowed(world: World, actor: Actor, shape: Shape, *, places: bool = False) -> Shape:
    """The shape with its kinds told as stages, and cut down to what the actor may see: their own unit's and those
    below, unless they may see everything, and of sensitive matters only what is theirs to see.

    Unless units are named, what the actor's own unit owes a part of is in the list too. With `places`, sensitive
    matters whose place the actor may not know are left out.
    """
    relations = world.grants.relations(actor, "see")
    for action in ("see", *(("search",) if shape.terms else ())):
        if not world.grants.relations(actor, action):
            raise Refused("access.denied", action=action)
    if shape.kinds and not shape.stages and (stages := world.stages_of(shape.kinds)):
        shape = msgspec.structs.replace(shape, kinds=(), stages=stages)
    shape = msgspec.structs.replace(shape, veils=(*_veils(world, actor, places=places),))
    if "foreign" in relations or ("assist" in relations and shape.assisting == actor.unit != ""):
        return shape
    mine = _leads(world, actor, relations)
    wanted = tuple(lead for lead in shape.leads if lead in mine) if shape.leads else mine
    too = actor.unit if "assist" in relations and not shape.leads else ""
    if shape.leads and not wanted:
        raise Refused("access.denied", action="see")
    if not wanted and not too:  # somebody without a unit: nothing is theirs
        return msgspec.structs.replace(shape, numbers=(NO_MATTER,))
    return msgspec.structs.replace(shape, leads=wanted, assisting=too, led_too=bool(too and wanted))


def _leads(world: World, actor: Actor, relations: frozenset[str]) -> tuple[str, ...]:
    """The units whose matters these relations reach, "" for nobody's."""
    below = world.city.organisation.below(actor.unit) if "below" in relations and actor.unit else ()
    own = [actor.unit] if "own" in relations and actor.unit else []
    nobody = [""] if "unassigned" in relations else []
    return tuple(sorted({*own, *nobody, *(unit.key for unit in below)}))


def _veils(world: World, actor: Actor, *, places: bool) -> Iterator[Veil]:
    """What is left out of the actor's lists, level by level."""
    every = world.grants.relations(actor, "see")
    for level in LEVELS[1:]:
        categories, flows = world.kinds_of[level]
        for action in ("see", *(("read_contact",) if places else ())):
            relations = world.grants.relations(actor, action, level)
            if (categories or flows) and "foreign" not in relations and (action != "see" or relations != every):
                too = actor.unit if "assist" in relations else ""
                yield Veil(categories, flows, _leads(world, actor, relations), too)


def _masked(party: Party, opened: dict[str, Any], *, hidden: bool) -> Contact:
    person = {} if hidden else opened.get(party.party, {})
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
    await world.store.writer.write(
        Commit(at=now, actor=actor.id, year=year_of(now), readings=[reading], rows=rows, urgent=True)
    )
