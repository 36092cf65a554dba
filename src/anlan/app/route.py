"""Whose matter is it: the city pack's rules, first match wins, with the explanation kept on the matter.

A place near a border gives candidates and a reason each; the first is proposed, `doubtful` says that a person should
look. Rules are data (`routing.json`); a dry run over past matters shows what a changed rule would have done.
"""

from __future__ import annotations

from typing import Any

import msgspec

from anlan.city.areas import Location
from anlan.city.pack import City
from anlan.city.routing import Rule, To, When


class Asked(msgspec.Struct, frozen=True):
    """What a rule may look at."""

    category: str
    channel: str
    district: str
    location: Location | None
    text: str


class Route(msgspec.Struct, frozen=True):
    """The answer: lead and assisting units, the rule that said so, and the other candidates with their reasons."""

    lead: str
    assists: tuple[str, ...]
    rule: str
    doubtful: bool
    candidates: tuple[tuple[str, str, int], ...]
    suggested: str = ""
    """Whom the rules would have led to, where a person chose."""

    def as_data(self) -> dict[str, Any]:
        """As it is kept on the matter."""
        reasons = {"rule": self.rule, "doubtful": self.doubtful, "candidates": [list(c) for c in self.candidates]}
        if self.suggested:
            reasons["suggested"] = self.suggested
        return {"lead": self.lead, "assists": list(self.assists), "route": reasons}


def route(city: City, asked: Asked) -> Route | None:
    """The first rule that applies and leads somewhere; None when none does (the desk decides)."""
    for rule in city.rules:
        if not _applies(rule.when, asked):
            continue
        lead = _unit(city, rule.to, asked)
        if lead:
            return _route(city, rule, lead, asked)
    return None


def _route(city: City, rule: Rule, lead: str, asked: Asked) -> Route:
    assists = tuple(u for to in rule.assist if (u := _unit(city, to, asked)) and u != lead)
    by_place = rule.to.by == "place" and asked.location is not None
    stations = asked.location.stations if by_place and asked.location else ()
    doubtful = bool(by_place and asked.location and asked.location.doubtful)
    return Route(lead, assists, rule.key, doubtful, tuple((c.unit, c.reason, round(c.metres)) for c in stations[:4]))


def _applies(when: When, asked: Asked) -> bool:
    if when.category and not asked.category.startswith(when.category):
        return False
    if when.channel and asked.channel not in when.channel:
        return False
    if when.district and asked.district not in when.district:
        return False
    if when.station and not (asked.location and asked.location.station in when.station):
        return False
    if when.keywords and not any(word in asked.text for word in when.keywords):
        return False
    if when.has_place is not None and when.has_place != (asked.location is not None):
        return False
    return when.has_district is None or when.has_district == bool(asked.district)


def _unit(city: City, to: To, asked: Asked) -> str:
    if to.unit:
        return to.unit
    if to.by == "place":
        return asked.location.station if asked.location else ""
    if to.by == "district" and not asked.district:
        return ""
    found = city.organisation.of_kind(to.kind, asked.district if to.by == "district" else "", to.line)
    return found[0].key if found else ""
