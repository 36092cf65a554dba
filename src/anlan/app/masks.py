"""Masks: what of a matter is kept from who may see it, field by field, as a table.

It turns on how sensitive the matter is, and on whether the reader may read its reporters' contacts (`read_contact`).
What is masked can still be unmasked for a purpose, on the record; what is hidden is not there.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from anlan.app.world import World
from anlan.loop.grants import Actor
from anlan.loop.level import Level
from anlan.loop.matter import Matter, Party


class Mask(msgspec.Struct, frozen=True):
    """How a page shows a reporter (name, telephone), the place (address, coordinates) and the files."""

    person: Literal["masked", "hidden"] = "masked"
    place: Literal["shown", "hidden"] = "shown"
    files: Literal["shown", "hidden"] = "shown"


READS_CONTACT = Mask()
MASKS: dict[Level, Mask] = {
    "ordinary": Mask(),
    "sensitive": Mask("hidden", "hidden", "hidden"),
    "restricted": Mask("hidden", "hidden", "hidden"),
}
"""For who may not read the contact."""


def mask_of(world: World, actor: Actor, matter: Matter) -> Mask:
    """How this actor sees this matter."""
    reads = world.grants.allows(actor, "read_contact", matter, world.relation)
    return READS_CONTACT if reads else MASKS[world.level_of(matter)]


def hides(world: World, actor: Actor, mask: Mask, party: Party) -> bool:
    """Whether a reporter is hidden: by the mask, or by their own wish from all who may not read confidential ones."""
    confidential = party.confidential and not world.grants.relations(actor, "read_confidential")
    return mask.person == "hidden" or confidential
