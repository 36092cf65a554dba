"""Measure: the figures of a period beside those of the year before, each a sum of counters or a share of two.

`behind` gives what a figure counted, one row for each time: as many rows as the figure says.
"""

from __future__ import annotations

from datetime import date

import msgspec

from anlan.app.look import narrowed
from anlan.app.world import World
from anlan.loop.domain import Measure
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.store.counts import Counted
from anlan.store.read import Row, Shape

GROUPS = ("unit", "ledger", "channel", "category", "domain", "day", "month")
EPOCH = date(1970, 1, 1)


class Figure(msgspec.Struct, frozen=True):
    """One figure: `part` of `whole` (a share), or `whole` alone (a count), now and in the same period a year before."""

    measure: str
    group: str
    whole: int
    part: int | None
    whole_before: int
    part_before: int | None

    @property
    def share(self) -> float | None:
        """The share now, 0 to 1; None for a count or an empty whole."""
        return self.part / self.whole if self.part is not None and self.whole else None

    @property
    def share_before(self) -> float | None:
        """The share a year before."""
        return self.part_before / self.whole_before if self.part_before is not None and self.whole_before else None


def measure(
    world: World, domain: str, first: date, last: date, by: str = "domain", where: dict[str, str] | None = None
) -> list[Figure]:
    """Every measure of a domain over city days `first` to `last`, grouped; year on year beside it."""
    if by not in GROUPS:
        raise Refused("field.not_an_option", field="by", options=", ".join(GROUPS))
    measures = world.domains[domain].measures
    now = _sums(world, domain, measures, first, last, by, where or {})
    before = _sums(world, domain, measures, _year_before(first), _year_before(last), by, where or {})
    figures = []
    for group in sorted({g for g, _ in now} | ({g for g, _ in before} if by not in {"day", "month"} else set())):
        for m in measures:
            figures.append(
                Figure(
                    m.key,
                    str(group),
                    now.get((group, m.over), 0),
                    now.get((group, m.of), 0) if m.of else None,
                    before.get((group, m.over), 0),
                    before.get((group, m.of), 0) if m.of else None,
                )
            )
    return figures


def behind(world: World, actor: Actor, asked: Counted) -> tuple[list[Row], int]:
    """A page of what a figure counted and how many there are (to `FEW`), as far as the actor may see the matters."""
    world.require(actor, "measure")
    leads = narrowed(world, actor, Shape()).leads
    return world.store.read.counted(msgspec.structs.replace(asked, leads=leads))


def _sums(
    world: World, domain: str, measures: tuple[Measure, ...], first: date, last: date, by: str, where: dict[str, str]
) -> dict[tuple[str, str], int]:
    names = sorted({name for m in measures for name in (m.over, m.of) if name})
    days = (first - EPOCH).days, (last - EPOCH).days
    column = "day" if by == "month" else by
    sums: dict[tuple[str, str], int] = {}
    for group, name, n in world.store.read.sums(names, column, *days, {"domain": domain, **where}):
        key = (date.fromordinal(EPOCH.toordinal() + group).strftime("%Y-%m") if by == "month" else str(group), name)
        sums[key] = sums.get(key, 0) + n
    return sums


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
