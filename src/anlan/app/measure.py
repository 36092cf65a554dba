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
    before = _sums(world, domain, measures, year_before(first), year_before(last), by, where or {})
    if by == "month":
        before = {(_year_on(month), name): n for (month, name), n in before.items()}
    figures = []
    for group in sorted({g for g, _ in now} | ({g for g, _ in before} if by != "day" else set())):
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


class Months(msgspec.Struct, frozen=True):
    """A measure by month, January first: a year's and those of the year before. A count, or a share from 0 to 1; None
    where nothing was there to count (before the city began, an empty whole) or is yet to come."""

    measure: str
    is_share: bool
    now: tuple[float | None, ...]
    then: tuple[float | None, ...]


def by_month(world: World, domain: str, last: date) -> list[Months]:
    """Every measure of a domain by month of the year of `last`, up to that day, and of the whole year before."""
    january = date(last.year, 1, 1)
    halves = [
        (january.replace(year=last.year - 1), date(last.year - 1, 12, 31)),
        (january, last),
    ]
    found = [{(f.group, f.measure): f for f in measure(world, domain, *half, "month")} for half in halves]
    began = min((group for of in found for (group, _), f in of.items() if f.whole), default="9999")
    months = []
    for m in world.domains[domain].measures:
        then, now = (
            tuple(_of_month(of, m, f"{half[0].year}-{i:02d}", began, f"{half[1]:%Y-%m}") for i in range(1, 13))
            for of, half in zip(found, halves, strict=True)
        )
        months.append(Months(m.key, bool(m.of), now, then))
    return months


def _of_month(of: dict[tuple[str, str], Figure], m: Measure, month: str, began: str, last: str) -> float | None:
    if not began <= month <= last:
        return None
    figure = of.get((month, m.key)) or Figure(m.key, month, 0, 0 if m.of else None, 0, None)
    return figure.share if m.of else figure.whole


def behind(world: World, actor: Actor, asked: Counted) -> tuple[list[Row], int]:
    """A page of what a figure counted and how many there are (to `FEW`), as far as the actor may see the matters."""
    world.require(actor, "measure")
    shape = narrowed(world, actor, Shape())
    return world.store.read.counted(msgspec.structs.replace(asked, leads=shape.leads, veils=shape.veils))


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


def year_before(day: date) -> date:
    """The same day a year before; of 29 February the 28th."""
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def _year_on(month: str) -> str:
    return f"{int(month[:4]) + 1}{month[4:]}"
