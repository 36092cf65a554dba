"""A city's own rules as data: which unit answers for what, and how long a category has. Evaluated elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
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


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a clock of the flows runs for these categories, instead of the flow's own length; the first that fits.

    Category entries ending in "." are prefixes. The unit is the clock's: working days, working or natural minutes.
    """

    key: str
    clock: str
    category: tuple[str, ...]
    amount: int
    unit: Literal["work_days", "work_minutes", "natural_minutes"]
    why_zh: str
    why_en: str


Problem = tuple[str, str, dict[str, object]]
NO_LIMIT: Final[Mapping[str, int]] = MappingProxyType({})


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
            if not _names_some(entry, known):
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


def length_problems(targets: Iterable[Target], longest: Mapping[str, int]) -> Iterator[Problem]:
    """Targets that are no length, or longer than the longest of their unit (where that is told)."""
    for target in targets:
        if not 0 < target.amount <= longest.get(target.unit, target.amount):
            yield "target.amount", target.key, {"amount": target.amount, "unit": target.unit}


def target_problems(
    targets: Iterable[Target],
    categories: Iterable[str],
    clocks: Collection[str] | None = None,
    longest: Mapping[str, int] = NO_LIMIT,
) -> Iterator[Problem]:
    """Targets given twice, of no length, for categories or clocks (where those are told) nobody has."""
    seen: set[str] = set()
    known, ordered = tuple(categories), tuple(targets)
    yield from length_problems(ordered, longest)
    for target in ordered:
        if target.key in seen:
            yield "target.twice", target.key, {}
        seen.add(target.key)
        if clocks is not None and target.clock not in clocks:
            yield "target.clock_unknown", target.key, {"clock": target.clock, "known": sorted(clocks)}
        if not target.category:
            yield "target.no_category", target.key, {}
        for entry in target.category:
            if not _names_some(entry, known):
                yield "target.category_unknown", target.key, {"category": entry}


def _names_some(entry: str, categories: Iterable[str]) -> bool:
    return any(c == entry or (entry.endswith(".") and c.startswith(entry)) for c in categories)
