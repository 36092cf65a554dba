"""Who is on duty: the roster's officers in shifts, each with an account and a token of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import cache

from anlan.city.pack import City
from anlan.city.people import Officer
from anlan.sim.dice import Dice
from anlan.sim.rhythm import city_time

HANDLERS = ("officer", "operator", "chief")
"""Who works on what a unit leads: the first of these roles that it has."""
WATCHES = 3
"""A unit's people take turns in watches of eight hours, and change them every day."""
Hire = Callable[[Officer], Awaitable[str]]
"""Gives an officer's token: makes the account, or logs in."""


class Staff:
    """The people of a city. `without`: numbers left to humans; `few`: one person a post, at all hours."""

    def __init__(self, city: City, without: Collection[str] = (), *, few: bool = False) -> None:
        self._city, self._without, self._few = city, without, few
        self.people = cache(self._people)

    def on_duty(self, role: str, unit: str, at: int, dice: Dice) -> Officer | None:
        """Somebody of that role (of that unit, when one is named) whose watch it is; None where the post has nobody."""
        watch = self.watch(role, unit, at)
        return dice.choice(watch) if watch else None

    def one(self, role: str, at: int, dice: Dice) -> Officer:
        """Somebody of a role that the city cannot be without."""
        found = self.on_duty(role, "", at, dice)
        assert found is not None, f"the city has no {role}"
        return found

    def watch(self, role: str, unit: str, at: int) -> tuple[Officer, ...]:
        """Everybody of that role whose watch it is; a small post's people are never all away."""
        people = self.people(role, unit)
        local = city_time(at)
        turn = (local.hour * WATCHES // 24 + local.toordinal()) % WATCHES
        return people[turn::WATCHES] or people

    def handler(self, unit: str) -> str:
        """The role that works on what this unit leads."""
        return next((role for role in HANDLERS if self.people(role, unit)), HANDLERS[0])

    def overseer_of(self, unit: str) -> str:
        """The unit whose overseer watches over this one: its branch, else the bureau."""
        units = self._city.organisation
        above = (units[unit], *units.above(unit)) if unit else ()
        return next((u.key for u in above if self.people("overseer", u.key)), units.root.key)

    def regulars(self) -> list[Officer]:
        """Everybody who is ever on duty."""
        posts = [(role, unit.key) for unit in self._city.organisation for role in (self.handler(unit.key), "overseer")]
        posts += [(role, "") for role in ("operator", "dispatcher", "callback", "system")]
        return list({officer.number: officer for post in posts for officer in self.people(*post)}.values())

    def _people(self, role: str, unit: str) -> tuple[Officer, ...]:
        found = self._city.roster.of_unit(unit, role) if unit else self._city.roster.with_role(role)
        free = tuple(officer for officer in found if officer.number not in self._without)
        return free[:1] if self._few else free


class Tokens:
    """The token of each officer who has acted, had when it is first needed."""

    def __init__(self, hire: Hire) -> None:
        self._hire = hire
        self._had: dict[str, str] = {}
        self._one_at_a_time = asyncio.Lock()

    async def of(self, officer: Officer) -> str:
        """The officer's token."""
        async with self._one_at_a_time:
            if officer.number not in self._had:
                self._had[officer.number] = await self._hire(officer)
        return self._had[officer.number]

    def given(self) -> dict[str, str]:
        """Every token that was had, by officer."""
        return dict(self._had)
