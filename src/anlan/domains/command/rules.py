"""What command goes by, as data and pure functions: types, run cards, limits, when two calls are one incident."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

import msgspec

from anlan.engines.dispatch.run_card import Need, RunCard, RunCards
from anlan.engines.travel.sphere import metres_between
from anlan.loop.matter import Matter

SKILLS = ("first_aid", "traffic", "armed", "water", "fire", "ambulance", "negotiation", "dog", "drone")
"""What a unit can do, each a bit in this order."""
URBAN_MINUTES, OTHER_MINUTES = 5, 10
"""The public limits to be there (110接处警规范, art. 23): 城区 5 minutes, 城郊 10."""
RURAL_ENDINGS = ("镇", "乡", "村", "镇派出所", "乡派出所")
ONE_METRES, ONE_MINUTES = 200.0, 20
"""Calls of one type so near in place and time are offered as one incident."""
SEEN_FROM_AFAR = frozenset(
    {"incident.fire", "incident.crash", "incident.fight", "incident.crowd", "incident.hazard", "incident.drowning"}
)
"""Types that a whole street calls about."""
ALIKE = (
    frozenset({"incident.fire", "incident.hazard"}),
    frozenset({"incident.injury", "incident.crash", "incident.fight"}),
    frozenset({"incident.robbery", "incident.theft", "incident.threat"}),
)
"""Types that callers use for the same thing."""


class Type(msgspec.Struct, frozen=True):
    """A type's usual urgency, minutes on scene, and its question card."""

    urgency: int
    scene: int
    questions: tuple[str, ...] = ()


class Vehicle(msgspec.Struct, frozen=True):
    """How a class of units drives, and seconds from the order to rolling."""

    drives: str
    turnout: int


class _Need(msgspec.Struct, frozen=True):
    skills: tuple[str, ...]
    count: int
    joint: str = ""


class _Card(msgspec.Struct, frozen=True):
    type: str
    urgency: int
    needs: tuple[_Need, ...]


class Rules(msgspec.Struct, frozen=True):
    """Everything of `types.toml`."""

    types: Mapping[str, Type]
    cards: tuple[_Card, ...]
    vehicles: Mapping[str, Vehicle]

    def type(self, category: str) -> Type:
        """The type's, or that of anything else."""
        return self.types.get(category) or self.types["incident.other"]

    def run_cards(self) -> RunCards:
        """The cards as the engine takes them."""
        return RunCards(
            RunCard(
                f"{card.type or 'any'}/{card.urgency}",
                card.type,
                card.urgency,
                tuple(Need("+".join(n.skills) or "any", bits(n.skills), n.count, n.joint) for n in card.needs),
            )
            for card in self.cards
        )


@cache
def rules() -> Rules:
    """The rules as the domain ships them."""
    raw = resources.files("anlan.domains.command").joinpath("types.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(raw), Rules)


def urgency_of(matter: Matter) -> int:
    """How urgent an incident is: as it was told, else as its type usually is."""
    return matter.urgency or rules().type(matter.category).urgency


@cache
def run_cards() -> RunCards:
    """The run cards."""
    return rules().run_cards()


def bits(skills: tuple[str, ...] | frozenset[str]) -> int:
    """Skills as bits. Raises ValueError for one that is unknown."""
    return sum(1 << SKILLS.index(skill) for skill in skills)


def minutes_to_be_there(names: Iterable[str]) -> int:
    """The limit for an area by its name and those of the streets it covers: towns and villages have longer."""
    return OTHER_MINUTES if any(name.endswith(RURAL_ENDINGS) for name in names) else URBAN_MINUTES


def alike(one: str, other: str) -> bool:
    """Whether two types may be two callers' words for one thing."""
    return one == other or any({one, other} <= group for group in ALIKE)


def may_be_one(one: tuple[float, float, str, int], other: tuple[float, float, str, int]) -> tuple[bool, float, int]:
    """Whether two calls (longitude, latitude, type, UTC ms) may be of one incident; metres and seconds between them."""
    metres = float(metres_between(one[0], one[1], other[0], other[1]))
    seconds = abs(one[3] - other[3]) // 1000
    near = metres <= ONE_METRES and seconds <= ONE_MINUTES * 60
    return near and alike(one[2], other[2]), metres, seconds
