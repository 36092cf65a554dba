"""Response times (响应时间): how long units took to the incidents of a period, as p50, p90, p95 and the share in time.

From the incidents as they stand, never about persons. A quantile is one of the times that were measured (nearest rank,
so that its matters can be shown), never between two of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

import msgspec

from anlan.app.measure import year_before
from anlan.app.world import World
from anlan.loop.deadlines import Clock
from anlan.loop.errors import Refused
from anlan.loop.matter import Sent

SPANS = ("sent", "set_out", "drive", "there")
"""Call to first unit sent; of the unit that was there first, sent to set out and set out to there; call to there."""
GROUPS = ("type", "urgency", "district", "hour", "month")
QUANTILES = (50, 90, 95)
INCIDENTS_MAX = 100_000
"""More in one period is asked for in parts: a quantile needs every time of it."""
MINUTE_MS = 60_000
CITY_MS = 8 * 3_600_000
EPOCH = date(1970, 1, 1)


class Incident(msgspec.Struct, frozen=True):
    """What this needs of an incident's state."""

    number: int
    opened_at: int
    category: str = ""
    urgency: int = 0
    ledger: str = ""
    district: str = ""
    merged_into: int = 0
    sent: tuple[Sent, ...] = ()
    clocks: dict[str, Clock] = {}

    def spans(self) -> dict[str, int]:
        """Milliseconds of each span that was measured."""
        found = {}
        if self.sent:
            found["sent"] = min(one.at for one in self.sent) - self.opened_at
        first = min((one for one in self.sent if one.arrived_at), key=lambda one: one.arrived_at, default=None)
        if first is not None:
            found["there"] = first.arrived_at - self.opened_at
            if first.set_out_at:
                found |= {"set_out": first.set_out_at - first.at, "drive": first.arrived_at - first.set_out_at}
        return found

    def limit_ms(self) -> int | None:
        """The limit to be there; None where the incident has none."""
        clock = self.clocks.get("matter")
        return (clock.due - clock.starts) * MINUTE_MS if clock is not None and clock.due is not None else None

    def in_time(self) -> bool | None:
        """Whether the first unit was there within the limit; None where nobody was there, or there is no limit."""
        limit, there = self.limit_ms(), self.spans().get("there")
        return there <= limit if limit is not None and there is not None else None

    def group(self, by: str) -> str:
        """The group it counts in."""
        if by in {"hour", "month"}:
            return _city_time(self.opened_at).strftime("%H" if by == "hour" else "%Y-%m")
        return {"type": self.category, "urgency": str(self.urgency), "district": self.district or self.ledger}[by]


class Times(msgspec.Struct, frozen=True):
    """One span over some incidents: how many were measured, milliseconds by quantile (0 where there were none)."""

    count: int
    at: dict[int, int]


class Figures(msgspec.Struct, frozen=True):
    """Some incidents: how many, each span, how many were in time of how many that were there with a limit, and to how
    many nobody came."""

    incidents: int
    spans: dict[str, Times]
    in_time: int
    limited: int
    nobody: int

    @property
    def share(self) -> float | None:
        """The share in time; None where nothing had a limit."""
        return self.in_time / self.limited if self.limited else None


_decode = msgspec.json.Decoder(Incident).decode
LISTED = "SELECT state FROM matters WHERE opened_at >= ? AND opened_at < ? AND domain = 'command' AND flow = 'incident'"
COUNTED = LISTED.replace("SELECT state", "SELECT count(*)")


def incidents(world: World, first: date, last: date) -> list[Incident]:
    """The incidents of city days, both included, without those that were merged into others. Raises
    Refused("response.too_many")."""
    begins, ends = (_ms(day) for day in (first, last + timedelta(days=1)))
    (count,) = world.store.read.listed((COUNTED, (begins, ends)))[0]
    if count > INCIDENTS_MAX:
        raise Refused("response.too_many", count=count, count_max=INCIDENTS_MAX)
    found = (_decode(state) for (state,) in world.store.read.listed((LISTED, (begins, ends))))
    return [one for one in found if not one.merged_into]


def figures(some: Iterable[Incident]) -> Figures:
    """The figures of some incidents."""
    times: dict[str, list[int]] = {span: [] for span in SPANS}
    count = in_time = limited = nobody = 0
    for one in some:
        count += 1
        spans = one.spans()
        for span, took in spans.items():
            times[span].append(took)
        nobody += "there" not in spans
        kept = one.in_time()
        limited += kept is not None
        in_time += kept is True
    return Figures(count, {span: _times(took) for span, took in times.items()}, in_time, limited, nobody)


def by_group(some: Iterable[Incident], by: str) -> dict[str, Figures]:
    """The figures of each group, in the order of the groups' names. Raises Refused for a grouping that is none."""
    if by not in GROUPS:
        raise Refused("field.not_an_option", field="by", options=", ".join(GROUPS))
    groups: dict[str, list[Incident]] = {}
    for one in some:
        groups.setdefault(one.group(by), []).append(one)
    return {group: figures(groups[group]) for group in sorted(groups)}


def before(first: date, last: date) -> tuple[date, date]:
    """The same city days a year before."""
    return year_before(first), year_before(last)


def a_year_on(groups: Mapping[str, Figures], by: str) -> dict[str, Figures]:
    """Groups of the year before under the names of this year's."""
    return {f"{int(g[:4]) + 1}{g[4:]}" if by == "month" else g: found for g, found in groups.items()}


def behind(some: Iterable[Incident], span: str, quantile: int = 0, *, late: bool = False) -> list[Incident]:
    """What a figure was made of, slowest first: those with this span, from a quantile on; or those that were late.
    "nobody" gives those to which nobody came."""
    if span == "nobody":
        return sorted((one for one in some if "there" not in one.spans()), key=lambda one: one.opened_at)
    if late:
        found = [one for one in some if one.in_time() is False]
    else:
        found = [one for one in some if span in one.spans()]
        at = _times([one.spans()[span] for one in found]).at.get(quantile, 0) if quantile else 0
        found = [one for one in found if one.spans()[span] >= at]
    return sorted(found, key=lambda one: -one.spans()[span])


def _times(took: list[int]) -> Times:
    ordered = sorted(took)
    last = len(ordered) - 1
    return Times(
        len(ordered),
        {q: ordered[min(last, math.ceil(q * len(ordered) / 100) - 1)] if ordered else 0 for q in QUANTILES},
    )


def _ms(day: date) -> int:
    return (day - EPOCH).days * 86_400_000 - CITY_MS


def _city_time(at: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(milliseconds=at + CITY_MS)  # noqa: DTZ001 - the city's own time
