"""Rehearse: what a changed rule set would have done to past matters. A dry run; nothing is written."""

from __future__ import annotations

from collections import Counter

import msgspec

from anlan.app.route import Asked, route
from anlan.app.world import World
from anlan.city.errors import CityError
from anlan.city.pack import City
from anlan.loop.matter import Matter
from anlan.store.read import PAGE_MAX, Shape


class Moved(msgspec.Struct, frozen=True):
    """A matter that the changed rules would have sent elsewhere."""

    number: int
    was: str
    would_be: str
    rule: str


class Rehearsal(msgspec.Struct, frozen=True):
    """How many matters were tried, how many would go elsewhere, and the first of them; counts by rule."""

    tried: int
    moved: int
    examples: list[Moved]
    by_rule: dict[str, int]


def rehearse(world: World, changed: City, matters_max: int = 10_000, examples: int = 50) -> Rehearsal:
    """Route the newest matters again by the rules of `changed`. Keywords see no text: that stays in the vault."""
    tried, moved, found = 0, 0, list[Moved]()
    rules: Counter[str] = Counter()
    after: tuple[int, int] | None = None
    while tried < matters_max:
        rows = world.store.read.rows(Shape(order="new", after=after, limit=PAGE_MAX))
        for row in rows:
            matter = row.matter
            answer = route(changed, _asked(changed, matter))
            would_be, rule = (answer.lead, answer.rule) if answer else ("", "")
            rules[rule] += 1
            tried += 1
            if would_be != matter.lead and matter.route.get("rule") != "human":
                moved += 1
                if len(found) < examples:
                    found.append(Moved(matter.number, matter.lead, would_be, rule))
        if len(rows) < PAGE_MAX:
            break
        after = (0, rows[-1].matter.number)
    return Rehearsal(tried, moved, found, dict(rules))


def _asked(city: City, matter: Matter) -> Asked:
    location = None
    if matter.place:
        try:
            location = city.areas.locate(matter.place.lon_e6 / 1e6, matter.place.lat_e6 / 1e6)
        except CityError:
            location = None
    return Asked(matter.category, matter.channel, matter.district, location, "")
