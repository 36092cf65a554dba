"""What happens in the city, and what those who saw it say: a place, a category, one reporter or a burst of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from anlan.city.geo import convert
from anlan.city.pack import City
from anlan.domains.hotline.intakes import ADAPTERS
from anlan.domains.hotline.seed import person, phrases, sentence
from anlan.sim.dice import Dice
from anlan.sim.rhythm import CHANNELS

BURSTS = 0.12
"""What more than one person reports, the others within BURST_MINUTES."""
BURST_MAX = 5
BURST_MINUTES = (3, 240)
REPORTS_EACH = 1 + BURSTS * (1 + BURST_MAX) / 2
PLACED = 0.85
CATEGORISED = 0.3
"""Reports whose sender names the category; the rest is left to the engines."""
WANTS_CALL = 0.95
ADAPTER = {adapter.channel: adapter for adapter in ADAPTERS}


class Report(msgspec.Struct, frozen=True):
    """What one person says, in WGS-84, and by which way."""

    channel: str
    text: str
    address: str
    district: str
    lon: float | None
    lat: float | None
    category: str
    name: str
    phone: str
    wants_callback: bool

    def payload(self, outside_id: str) -> dict[str, Any]:
        """As the channel wants it: its own names for things, its own system of coordinates."""
        adapter = ADAPTER[self.channel]
        found: dict[str, Any] = {**msgspec.structs.asdict(self), "outside_id": outside_id}
        if self.lon is not None and self.lat is not None:
            found["lon"], found["lat"] = convert(self.lon, self.lat, "wgs84", adapter.system)
        return {outer: found[inner] for inner, outer in adapter.names.items() if found.get(inner) not in {None, ""}}


def happening(city: City, dice: Dice) -> Iterator[tuple[int, Report]]:
    """The reports of one thing that happens, each with its delay (ms) after the first."""
    category = dice.choice(sorted(_phrases()))
    spot = dice.choice(city.places.places)
    others = dice.randint(1, BURST_MAX) if dice.chance(BURSTS) else 0
    phrase = dice.choice(_phrases()[category])
    for delay in (0, *sorted(dice.minutes(*BURST_MINUTES) for _ in range(others))):
        placed, name, phone = dice.chance(PLACED), *person(dice)
        yield (
            delay,
            Report(
                channel=dice.pick(CHANNELS),
                text=sentence(dice, phrase, spot.name),
                address=spot.name,
                district=spot.district,
                lon=spot.lon if placed else None,
                lat=spot.lat if placed else None,
                category=category if dice.chance(CATEGORISED) else "",
                name=name,
                phone=phone,
                wants_callback=dice.chance(WANTS_CALL),
            ),
        )


@cache
def _phrases() -> dict[str, list[str]]:
    return phrases()
