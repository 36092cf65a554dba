"""The units that answer for a city: bureau, branches, stations, posts, centres, teams, and how two of them relate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from anlan.city.errors import CityError

KINDS: Final = ("bureau", "branch", "station", "post", "centre", "team")
OWN, BELOW, ABOVE, BESIDE, FOREIGN = "own", "below", "above", "beside", "foreign"


class Unit(msgspec.Struct, frozen=True, omit_defaults=True):
    """One unit. `parent` is "" for the root only; `district` is "" for units of the whole city.

    `line` is the line of work of a team or centre ("traffic", "anti_fraud", "hotline"). `lon`, `lat`: its door, WGS84.
    """

    key: str
    name: str
    name_en: str
    kind: str
    parent: str = ""
    district: str = ""
    line: str = ""
    lon: float | None = None
    lat: float | None = None


class Organisation:
    """A tree of units. Raises the first problem `problems_of` finds; use that function to see them all."""

    def __init__(self, units: Iterable[Unit]) -> None:
        ordered = tuple(units)
        for code, where, params in problems_of(ordered):
            raise CityError(code, where=where, **params)
        self.units: Final[Mapping[str, Unit]] = {u.key: u for u in ordered}
        self._children: dict[str, list[str]] = {u.key: [] for u in ordered}
        for unit in ordered:
            if unit.parent:
                self._children[unit.parent].append(unit.key)
        self.root: Final = next(u for u in ordered if not u.parent)
        self._span = self._number()

    def __getitem__(self, key: str) -> Unit:
        """The unit with this key. Raises `unit.unknown`."""
        try:
            return self.units[key]
        except KeyError:
            raise CityError("unit.unknown", unit=key) from None

    def __iter__(self) -> Iterator[Unit]:
        return iter(self.units.values())

    def __len__(self) -> int:
        return len(self.units)

    def __contains__(self, key: object) -> bool:
        return key in self.units

    def relation(self, viewer: str, other: str) -> str:
        """What `other` is to `viewer`: "own", "below" or "above" it, "beside" (same parent), else "foreign". O(1)."""
        if viewer == other:
            self[viewer]
            return OWN
        first, last = self._span[self[viewer].key]
        begin, end = self._span[self[other].key]
        if first < begin and end <= last:
            return BELOW
        if begin < first and last <= end:
            return ABOVE
        return BESIDE if self.units[viewer].parent == self.units[other].parent else FOREIGN

    def children(self, key: str) -> tuple[Unit, ...]:
        """Units directly below, in the pack's order."""
        return tuple(self.units[k] for k in self._children[self[key].key])

    def below(self, key: str) -> tuple[Unit, ...]:
        """Every unit below, nearest relatives first within each line."""
        return tuple(u for child in self.children(key) for u in (child, *self.below(child.key)))

    def above(self, key: str) -> tuple[Unit, ...]:
        """The chain from the parent up to the root."""
        parent = self[key].parent
        return (self.units[parent], *self.above(parent)) if parent else ()

    def of_kind(self, kind: str, district: str = "", line: str = "") -> tuple[Unit, ...]:
        """Units of one kind, of one district and one line of work when these are given."""
        return tuple(
            u for u in self.units.values() if u.kind == kind and district in {"", u.district} and line in {"", u.line}
        )

    def _number(self) -> dict[str, tuple[int, int]]:
        """First and last number of each unit's subtree in depth-first order: containment is two comparisons."""
        span: dict[str, tuple[int, int]] = {}
        stack = [(self.root.key, False)]
        count = 0
        while stack:
            key, done = stack.pop()
            if done:
                span[key] = (span[key][0], count - 1)
                continue
            span[key] = (count, count)
            count += 1
            stack.append((key, True))
            stack.extend((child, False) for child in reversed(self._children[key]))
        return span


Problem = tuple[str, str, dict[str, object]]


def problems_of(units: Iterable[Unit]) -> Iterator[Problem]:
    """Everything wrong with the tree itself, as (code, unit key, parameters)."""
    ordered = tuple(units)
    by_key = {u.key: u for u in ordered}
    yield from _key_problems(ordered)
    roots = [u.key for u in ordered if not u.parent]
    if len(roots) != 1:
        yield "organisation.roots", "", {"count": len(roots), "roots": roots[:10]}
    for unit in ordered:
        if unit.parent and unit.parent not in by_key:
            yield "unit.parent_unknown", unit.key, {"parent": unit.parent}
    for unit in ordered:
        seen, at = {unit.key}, unit
        while at.parent in by_key and at.parent not in seen:
            seen.add(at.parent)
            at = by_key[at.parent]
        if at.parent == unit.key:
            yield "unit.cycle", unit.key, {"through": sorted(seen - {unit.key})}


def _key_problems(units: tuple[Unit, ...]) -> Iterator[Problem]:
    seen: set[str] = set()
    for unit in units:
        if unit.key in seen:
            yield "unit.twice", unit.key, {}
        seen.add(unit.key)
        if not unit.key or not unit.key.isascii():
            yield "unit.key_not_ascii", unit.key, {}
        if unit.kind not in KINDS:
            yield "unit.kind_unknown", unit.key, {"kind": unit.kind}
        if not (unit.name.strip() and unit.name_en.strip()):
            yield "unit.unnamed", unit.key, {}


def district_problems(units: Iterable[Unit], districts: Iterable[str]) -> Iterator[Problem]:
    """Districts without exactly one branch, and units that name a district the city does not have."""
    ordered, known = tuple(units), tuple(districts)
    for district in known:
        count = sum(u.kind == "branch" and u.district == district for u in ordered)
        if count != 1:
            yield "district.branches", district, {"count": count}
    for unit in ordered:
        if unit.district and unit.district not in known:
            yield "unit.district_unknown", unit.key, {"district": unit.district}
        if unit.kind in {"branch", "station"} and not unit.district:
            yield "unit.no_district", unit.key, {}
