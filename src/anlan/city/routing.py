"""Routing rules and clocks of a city as data: which unit answers for what, and how long it has. Evaluated elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from anlan.city.organisation import KINDS, Unit

BY: Final = ("place", "district", "")


class When(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """All the members given must hold; one entry of a member suffices. Category entries ending in "." are prefixes."""

    category: tuple[str, ...] = ()
    district: tuple[str, ...] = ()
    station: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    has_place: bool | None = None
    has_district: bool | None = None


class To(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A unit by its key, or the unit of a kind (and line of work) that answers `by` place or `by` district."""

    unit: str = ""
    kind: str = ""
    line: str = ""
    by: Literal["place", "district", ""] = ""


class Rule(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One routing rule; the first whose `when` holds wins. `assist` are assisting units (协办)."""

    key: str
    to: To
    why_zh: str
    why_en: str
    when: When = When()
    assist: tuple[To, ...] = ()


class Clock(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How many minutes a stage may last. `counts` says which minutes count: office hours or the whole day."""

    key: str
    stage: str
    minutes: int
    counts: Literal["working", "always"]
    name_zh: str
    name_en: str
    category: tuple[str, ...] = ()


Problem = tuple[str, str, dict[str, object]]


def rule_problems(
    rules: Iterable[Rule], units: Iterable[Unit], categories: Iterable[str], districts: Iterable[str]
) -> Iterator[Problem]:
    """Rules given twice, that lead nowhere or name what does not exist, and a table whose last rule is not for all."""
    ordered, by_key, known = tuple(rules), {u.key: u for u in units}, tuple(categories)
    places = frozenset(districts)
    seen: set[str] = set()
    for rule in ordered:
        if rule.key in seen:
            yield "rule.twice", rule.key, {}
        seen.add(rule.key)
        for to in (rule.to, *rule.assist):
            yield from _target_problems(rule.key, to, by_key)
        for entry in rule.when.category:
            if not any(c == entry or (entry.endswith(".") and c.startswith(entry)) for c in known):
                yield "rule.category_unknown", rule.key, {"category": entry}
        for district in rule.when.district:
            if district not in places:
                yield "rule.district_unknown", rule.key, {"district": district}
        for station in rule.when.station:
            if station not in by_key:
                yield "rule.unit_unknown", rule.key, {"unit": station}
    if not ordered or ordered[-1].when != When():
        yield "rule.no_catch_all", ordered[-1].key if ordered else "", {}


def _target_problems(rule: str, to: To, units: dict[str, Unit]) -> Iterator[Problem]:
    if bool(to.unit) == bool(to.kind):
        yield "rule.target_unclear", rule, {"unit": to.unit, "kind": to.kind}
    elif to.unit and to.unit not in units:
        yield "rule.unit_unknown", rule, {"unit": to.unit}
    elif to.kind and to.kind not in KINDS:
        yield "rule.kind_unknown", rule, {"kind": to.kind}
    elif to.kind and not any(u.kind == to.kind and to.line in {"", u.line} for u in units.values()):
        yield "rule.nobody", rule, {"kind": to.kind, "line": to.line}


def clock_problems(clocks: Iterable[Clock]) -> Iterator[Problem]:
    """Clocks given twice or without a positive length."""
    seen: set[str] = set()
    for clock in clocks:
        if clock.key in seen:
            yield "clock.twice", clock.key, {}
        seen.add(clock.key)
        if clock.minutes <= 0:
            yield "clock.minutes", clock.key, {"minutes": clock.minutes}
