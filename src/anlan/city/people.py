"""Officers by number and role. Names never enter the city's reference data: they live in the vault or nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from anlan.city.errors import CityError

ROLES: Final = (
    "operator", "dispatcher", "officer", "chief", "overseer", "callback", "auditor", "security", "system_admin",
    "system",
)  # fmt: skip
ADMINISTRATORS: Final = ("system_admin", "security", "auditor")
"""The three administrators' roles: whoever holds one holds no other."""


class Officer(msgspec.Struct, frozen=True):
    """One officer: service number, unit key, roles on the platform."""

    number: str
    unit: str
    roles: tuple[str, ...]


class Roster:
    """All officers of a city. Raises `officer.twice`, `officer.role_unknown` or `officer.apart`."""

    def __init__(self, officers: Iterable[Officer]) -> None:
        ordered = tuple(officers)
        for code, where, params in roster_problems(ordered):
            raise CityError(code, where=where, **params)
        self.officers: Final[Mapping[str, Officer]] = {o.number: o for o in ordered}
        self._units: dict[str, list[Officer]] = {}
        for officer in ordered:
            self._units.setdefault(officer.unit, []).append(officer)

    def __getitem__(self, number: str) -> Officer:
        """The officer with this number. Raises `officer.unknown`."""
        try:
            return self.officers[number]
        except KeyError:
            raise CityError("officer.unknown", officer=number) from None

    def __iter__(self) -> Iterator[Officer]:
        return iter(self.officers.values())

    def __len__(self) -> int:
        return len(self.officers)

    def of_unit(self, unit: str, role: str = "") -> tuple[Officer, ...]:
        """Officers of one unit (not of those below it), with one role when it is given."""
        return tuple(o for o in self._units.get(unit, ()) if not role or role in o.roles)

    def with_role(self, role: str) -> tuple[Officer, ...]:
        """Every officer who has the role."""
        return tuple(o for o in self.officers.values() if role in o.roles)


def roster_problems(officers: Iterable[Officer]) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Numbers given twice, roles the platform does not know, officers without a role, administrators with two."""
    seen: set[str] = set()
    for officer in officers:
        if officer.number in seen:
            yield "officer.twice", officer.number, {}
        seen.add(officer.number)
        unknown = [role for role in officer.roles if role not in ROLES]
        if unknown or not officer.roles:
            yield "officer.role_unknown", officer.number, {"roles": unknown}
        if len(officer.roles) > 1 and set(officer.roles) & set(ADMINISTRATORS):
            yield "officer.apart", officer.number, {"roles": list(officer.roles)}
