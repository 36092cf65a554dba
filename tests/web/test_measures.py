"""A figure beside the year before: the same period, the change, "no figure then"; charts on one scale."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from anlan.app import receive
from anlan.app.measure import Months, by_month, measure
from anlan.app.world import World
from anlan.loop.domain import Intake
from anlan.loop.matter import Matter
from anlan.web import charts
from anlan.web.counted import Period
from anlan.web.figures import then_link

pytestmark = pytest.mark.anyio

DAY_MS = 24 * 3_600_000
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-24"}


@pytest.fixture
def last_year(world: World, somebody: Any) -> int:
    """Three matters handed in a year before, two in November and one in March; answers how many are in November."""
    now = world.clock()
    for n, days in enumerate((365, 366, 365 + 240)):
        world.clock = lambda days=days: now - days * DAY_MS
        place = world.city.places.places[n]
        intake = Intake("call_968110", f"old-{n}", f"{place.name}路灯不亮", "整条街都是黑的，老人不敢出门" + "啊" * n,
                        world.clock(), place.lon, place.lat, place.name, "李先生", f"1391234567{n}")  # fmt: skip
        receive.enter(world, prepared := receive.prepare(world, world.domains["hotline"], intake, somebody("operator")),
                      intake)  # fmt: skip
        world.store.writer.submit(prepared.commit)
    world.clock = lambda: now
    return 2


async def test_the_figure_of_the_year_before_stands_beside_and_opens(
    world: World, browser: Any, received: Matter, last_year: int
) -> None:
    await browser.role("overseer")
    page = (await browser.get("/measures", **NOVEMBER)).text
    row = re.search(r'<th scope="row">来件.*?</tr>', page, re.S)
    assert row
    assert (f">{last_year}</a>" in row[0], "50.0%" in row[0]) == (True, True), "1 now, 2 then: half"
    href = re.findall(r'href="([^"]+)"', row[0])[1].replace("&amp;", "&")
    query = parse_qs(urlsplit(href).query)
    assert (query["from"], query["to"]) == (["2025-11-01"], ["2025-11-24"])
    behind = (await browser.get("/measures/matters", **{key: value[0] for key, value in query.items()})).text
    assert behind.count('<li><a class="row') == last_year
    share = re.search(r'<th scope="row">满意率.*?</tr>', page, re.S)
    assert share
    assert "同期无数" in share[0], "nobody was asked then: no figure, not 0"


async def test_a_city_in_its_first_year_says_so(world: World, browser: Any, received: Matter) -> None:
    await browser.role("overseer")
    page = (await browser.get("/measures", **NOVEMBER)).text
    row = re.search(r'<th scope="row">来件.*?</tr>', page, re.S)
    assert row
    assert ("同期无数" in row[0], "首年，无同比" in row[0]) == (True, True)


async def test_months_are_compared_with_the_same_months(
    world: World, browser: Any, received: Matter, last_year: int
) -> None:
    figures = {
        f.group: f
        for f in measure(world, "hotline", date(2026, 1, 1), date(2026, 11, 24), "month")
        if f.measure == "received"
    }
    assert {k: (f.whole, f.whole_before) for k, f in figures.items()} == {"2026-03": (0, 1), "2026-11": (1, last_year)}
    m = world.domains["hotline"].measures[0]
    period = Period(date(2025, 12, 1), date(2026, 11, 24))
    assert "from=2025-03-01&to=2025-03-31" in then_link("hotline", m, "month", "2026-03", period)
    await browser.role("overseer")
    page = (await browser.get("/measures", by="month", **{"from": "2026-01-01", "to": "2026-11-24"})).text
    assert "2026-03" in page
    assert page.count('<svg viewBox="0 0 200 96"') == len(world.domains["hotline"].measures)


def test_charts_of_a_panel_share_one_scale_and_leave_gaps_where_nothing_was(
    world: World, received: Matter, last_year: int
) -> None:
    months = {m.measure: m for m in by_month(world, "hotline", date(2026, 11, 24))}
    assert months["received"].now == (*[0] * 10, 1, None), "December is yet to come"
    assert months["received"].then == (None, None, 1, *[0] * 7, last_year, 0), "before the city began there is nothing"
    assert set(months["satisfied"].now) == {None}
    counts, shares = charts.panels(list(months.values()))
    assert (counts.is_share, counts.top, shares.top) == (False, 2.0, 1.0)
    heights = {c.measure: c.then[0][0][1] for c in counts.charts}
    assert heights["received"] == charts.point(2, 1, 2.0)[1]
    assert [len(run) for c in counts.charts if c.measure == "received" for run in c.then] == [10]


@pytest.mark.parametrize(
    ("largest", "share", "top"),
    [(0, False, 1.0), (1, False, 2.0), (7, False, 10.0), (2_499, False, 2_500.0), (0.31, True, 0.5), (0.98, True, 1.0)],
)
def test_a_scale_is_round_and_no_smaller_than_what_it_shows(largest: float, share: bool, top: float) -> None:
    assert charts.scale(largest, share=share) == pytest.approx(top)


def test_a_hole_parts_a_line_and_a_lone_month_is_a_dash() -> None:
    one = charts.chart(Months("m", False, (1, None, 2, 2, *[None] * 8), (None,) * 12), 2.0)
    assert [len(run) for run in one.now] == [1, 2]
    assert charts.path(one.now[0]).startswith("M4.0 48.0H8.0")
    assert (one.month, one.latest) == (4, 2)


async def test_who_may_not_measure_is_refused(browser: Any) -> None:
    await browser.role("operator")
    assert (await browser.get("/measures")).status_code == 403
