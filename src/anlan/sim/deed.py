"""What an actor of the simulated city sees, and what it can decide: do something, call somebody, or leave it."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from anlan.api.shapes import Detail
from anlan.city.pack import City
from anlan.loop.matter import Matter
from anlan.sim.dice import Dice


class Seen(msgspec.Struct, frozen=True):
    """A matter before somebody of `unit`, in that city minute, with the dice for this version of it."""

    detail: Detail
    unit: str
    minute: int
    dice: Dice
    city: City

    @property
    def matter(self) -> Matter:
        """The matter itself."""
        return self.detail.matter

    @property
    def late(self) -> bool:
        """Whether one of its clocks has run out."""
        return any(c.stopped is None and c.is_late(self.minute) for c in self.matter.clocks.values())


class Deed(msgspec.Struct, frozen=True):
    """Something done to a matter: the address under it, and the body but for the version."""

    path: str
    body: dict[str, Any]


class Ring(msgspec.Struct, frozen=True):
    """Nothing to be done before another unit, or the overseer, has had its turn."""

    actor: str
    unit: str = ""


Decision = Deed | Ring | None


class Policy(Protocol):
    """An actor's module: its name, whether it keeps office hours, how long it takes (None: forgotten), what it does."""

    NAME: str
    OFFICE: bool

    def wait(self, stage: str, dice: Dice) -> int | None: ...
    def decide(self, seen: Seen) -> Decision: ...


def move(key: str, **fields: Any) -> Deed:
    """A move of the flow."""
    return Deed(f"moves/{key}", {"fields": fields})
