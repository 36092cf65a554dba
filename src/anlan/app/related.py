"""Related: other matters that shed light on this one, each with its reason: the same place, reporter or topic.

Only what the person may see. That two matters are one reporter's is shown only to who may read the contact, and never
where a reporter asked to be kept confidential.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from anlan.app.look import View
from anlan.app.world import World
from anlan.engines.text import features
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter, Place
from anlan.loop.working_calendar import minute_of
from anlan.store.points import around

METRES, DAYS = 150, 90
NEAR_MAX = 200
"""Matters whose distance is told: many may stand on one hot address."""
TOPIC_FROM = 0.2
RELATED_MAX = 6
DAY_MS = 24 * 3600 * 1000
METRES_PER_DEGREE = 111_320


class Related(msgspec.Struct, frozen=True):
    """Another matter and why it is here: `place` (with metres), `reporter`, `topic` (with percent)."""

    matter: Matter
    title: str
    reason: str
    amount: int = 0


def related(world: World, actor: Actor, view: View, without: set[int]) -> list[Related]:
    """At most `RELATED_MAX`, each matter once under its strongest reason; `without` are shown elsewhere on the page."""
    found: dict[int, tuple[str, int]] = {}
    for number, reason, amount in (*_reporter(world, actor, view), *_place(world, view), *_topic(world, view)):
        if number not in {view.matter.number, *without}:
            found.setdefault(number, (reason, amount))
    seen = []
    for number, (reason, amount) in found.items():
        matter = world.store.read.matter(number)
        hidden = reason == "reporter" and any(p.confidential for p in matter.parties)
        if world.grants.allows(actor, "see", matter, world.relation) and not (matter.merged_into or hidden):
            seen.append((matter, reason, amount))
        if len(seen) == RELATED_MAX:
            break
    titles = world.store.read.titles([matter.number for matter, _, _ in seen]) if seen else {}
    return [Related(matter, titles.get(matter.number, ""), reason, amount) for matter, reason, amount in seen]


def _reporter(world: World, actor: Actor, view: View) -> Iterator[tuple[int, str, int]]:
    if not world.grants.allows(actor, "read_contact", view.matter, world.relation):
        return
    for contact in view.contacts:
        if contact.phone and not contact.party.confidential:
            for number in world.store.read.of_party(contact.party.party):
                yield number, "reporter", 0


def _place(world: World, view: View) -> Iterator[tuple[int, str, int]]:
    """The same unit's matters within `METRES` of the place, of the last `DAYS`: the open and the newest closed ones."""
    place, lead = view.matter.place, view.matter.lead
    if place is None or not lead:
        return
    up = METRES * 1e6 / METRES_PER_DEGREE
    across = up / math.cos(math.radians(place.lat_e6 / 1e6))
    sides = (place.lon_e6 - across, place.lat_e6 - up, place.lon_e6 + across, place.lat_e6 + up)
    since = world.clock() - DAYS * DAY_MS
    box = [round(side) for side in sides]
    found = world.store.read.listed(around(lead, world.stages_of(("closed",)), since, box, NEAR_MAX))
    near = [(distance(place, Place(lon, lat)), number) for number, lon, lat in found]
    for metres, number in sorted(near):
        if metres <= METRES:
            yield number, "place", round(metres)


def _topic(world: World, view: View) -> Iterator[tuple[int, str, int]]:
    if not view.text:
        return
    matter = view.matter
    category = world.category_no(matter.category)
    row, at = features(view.title, view.text), minute_of(matter.opened_at)
    for one in world.merge.find(row, None, None, at, category, 2 * RELATED_MAX, explain=False):
        if one.text_similarity >= TOPIC_FROM and one.key > 0:
            yield one.key, "topic", round(one.text_similarity * 100)


def distance(one: Place, other: Place) -> float:
    """Metres between two near places (equirectangular, well under 1 % off within a city)."""
    north = (one.lat_e6 - other.lat_e6) / 1e6
    east = (one.lon_e6 - other.lon_e6) / 1e6 * math.cos(math.radians(one.lat_e6 / 1e6))
    return math.hypot(north, east) * METRES_PER_DEGREE
