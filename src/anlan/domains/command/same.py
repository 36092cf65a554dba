"""One incident, many callers (并警): which live incidents a call may be about, nearest first.

Place, time and type say that two calls may be one; likely they are when the words agree too, or so many call at once
from so near that nothing else explains it. A person folds them; the caller keeps an own receipt and call-back.
"""

from __future__ import annotations

import msgspec

from anlan.app import look
from anlan.app.words import features_of
from anlan.app.world import World
from anlan.domains.command.fleet import E6
from anlan.domains.command.rules import ONE_MINUTES, SEEN_FROM_AFAR, may_be_one
from anlan.engines.merge import Candidate
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.loop.working_calendar import minute_of

REACH_E6 = 3_000
LIKELY_METRES, SEEN_METRES, LIKELY_SECONDS = 120.0, 200.0, 600
"""What a whole street sees or hears is likely the same from further off than what two people quarrel about."""
OFFERS = 4
ASKED = 40


class Same(msgspec.Struct, frozen=True):
    """A live incident a call may be about: metres and seconds away. `likely`: offered as the main way to go on."""

    matter: Matter
    title: str
    metres: float
    seconds: int
    likely: bool


def same_incidents(world: World, actor: Actor, at: tuple[float, float], category: str, text: str = "") -> list[Same]:
    """The live incidents a call at a place may be about, likeliest first; of any type where none is known yet."""
    now, found = world.clock(), []
    scores = _scores(world, at, category, text) if text.strip() else {}
    for matter in _near(world, at, now):
        if not look.sees(world, actor, matter) or matter.place is None:
            continue
        there = (matter.place.lon_e6 / E6, matter.place.lat_e6 / E6, matter.category, matter.opened_at)
        latest = max((party.at for party in matter.parties), default=matter.opened_at)
        one, metres, seconds = may_be_one((*at, category or matter.category, now), (*there[:3], latest))
        if not one:
            continue
        reach = SEEN_METRES if matter.category in SEEN_FROM_AFAR else LIKELY_METRES
        close = metres <= reach and seconds <= LIKELY_SECONDS
        likely = bool(category) and (close or scores.get(matter.number, 0.0) >= world.offer_from)
        found.append(Same(matter, "", metres, seconds, likely))
    found.sort(key=lambda s: (not s.likely, -scores.get(s.matter.number, 0.0), s.metres))
    titles = world.store.read.titles([s.matter.number for s in found[:OFFERS]]) if found else {}
    return [msgspec.structs.replace(s, title=titles.get(s.matter.number, "")) for s in found[:OFFERS]]


def _near(world: World, at: tuple[float, float], now: int) -> list[Matter]:
    """Live incidents in a square of some 600 m, of the last hours in which somebody may still call."""
    lon, lat = round(at[0] * E6), round(at[1] * E6)
    sql = (
        "SELECT number FROM matters WHERE domain = 'command' AND flow = 'incident' AND kind <> 'closed'"
        " AND opened_at >= ? AND lon_e6 BETWEEN ? AND ? AND lat_e6 BETWEEN ? AND ? ORDER BY opened_at DESC LIMIT ?"
    )
    values = (now - 6 * ONE_MINUTES * 60_000, lon - REACH_E6, lon + REACH_E6, lat - REACH_E6, lat + REACH_E6, ASKED)
    numbers = [number for (number,) in world.store.read.listed((sql, values))]
    found = world.store.read.matters(numbers)
    return [found[number] for number in numbers if number in found]


def _scores(world: World, at: tuple[float, float], category: str, text: str) -> dict[int, float]:
    """What the duplicate finder thinks of the words."""
    row = features_of("", text)
    found: list[Candidate] = world.merge.find(
        row, *at, minute_of(world.clock()), world.category_no(category), limit=ASKED, explain=False
    )
    return {one.key: one.score for one in found}
