"""Run cards: for a type and a priority, which skills and how many units. Data of the city; looked up here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from anlan.engines.errors import EngineError

UNITS_MAX: Final = 60
"""More units in one card are a plan, not a card."""


class Need(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`count` units that each have all bits of `skills`. `joint` names another service it is asked of ("" for ours)."""

    label: str
    skills: int
    count: int = 1
    joint: str = ""


class RunCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an incident of a type ("" for any; "fire." for all that begin so) and priority (0 for any) needs."""

    key: str
    incident_type: str
    priority: int
    needs: tuple[Need, ...]


class RunCards:
    """Cards by type and priority. Raises `dispatch.card` for a card that cannot be filled or is given twice."""

    def __init__(self, cards: Iterable[RunCard]) -> None:
        self._cards: dict[tuple[str, int], RunCard] = {}
        for card in cards:
            units = sum(need.count for need in card.needs)
            sound = all(need.count > 0 and need.skills >= 0 for need in card.needs) and 0 < units <= UNITS_MAX
            if not sound or card.priority < 0 or (card.incident_type, card.priority) in self._cards:
                raise EngineError("dispatch.card", card=card.key, units_max=UNITS_MAX)
            self._cards[card.incident_type, card.priority] = card

    def find(self, incident_type: str, priority: int) -> RunCard:
        """The most particular card: the type before its prefixes before any, then this priority before any.

        Raises `dispatch.no_card`.
        """
        parts = incident_type.split(".")
        prefixes = (".".join(parts[:n]) + "." for n in range(len(parts) - 1, 0, -1))
        for name in (incident_type, *prefixes, ""):
            for level in (priority, 0):
                card = self._cards.get((name, level))
                if card is not None:
                    return card
        raise EngineError("dispatch.no_card", type=incident_type, priority=priority)
