"""Every figure opens what it counted: as many rows as the figure says, for every measure and every group."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.conftest import NOON

from anlan.app.measure import Figure, behind, measure
from anlan.app.world import World
from anlan.cli.demo import prepare_demo
from anlan.domains.hotline.measures import MEASURES
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter, shown
from anlan.main import open_world
from anlan.store.counts import Counted
from anlan.store.read import Shape
from anlan.web.counted import NONE, Period, link
from anlan.web.figures import group_link
from anlan.web.timing import EPOCH, date_of

Browser = Any
SEER = Actor("s1", "", ("overseer",))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The demo city after its fortnight."""
    home: Path = tmp_path_factory.mktemp("demo")
    prepare_demo(home, now=NOON)
    world = open_world(home, index=False)
    world.clock = lambda: NOON
    yield world
    world.store.close()


def period_of(world: World) -> Period:
    today = date_of(world.clock() // 60_000 + 480)
    return Period(today - timedelta(days=40), today)


def asked(href: str) -> Counted:
    """What an address of the list asks for, read without the web."""
    query = {key: value[0] for key, value in parse_qs(urlsplit(href).query).items()}
    first, last = ((date_of_text(query[key]) - EPOCH.date()).days for key in ("from", "to"))
    keys = ("domain", "unit", "ledger", "channel", "category")
    where = {key: "" if query[key] == NONE else query[key] for key in keys if key in query}
    return Counted(query["counter"], first, last, where, limit=10_000)


def date_of_text(text: str) -> Any:
    return EPOCH.date().fromisoformat(text)


@pytest.mark.parametrize("by", ["domain", "unit", "ledger", "channel", "category", "month"])
def test_rows_behind_every_figure_equal_it(lived: World, by: str) -> None:
    period, opened = period_of(lived), 0
    figures = measure(lived, "hotline", period.first, period.last, by)
    known = {m.key: m for m in MEASURES}
    for figure in figures:
        m = known[figure.measure]
        href = link("hotline", m.of or m.over, period) if by == "domain" else ""
        rows, n = behind(lived, SEER, asked(href or group_link("hotline", m, by, figure.group, period)))
        assert len(rows) == n == (figure.whole if figure.part is None else figure.part), figure
        opened += n
        if by == "domain" and m.of:
            assert len(behind(lived, SEER, asked(link("hotline", m.over, period)))[0]) == figure.whole
    assert opened > 1_000
    groups, categories = {f.group for f in figures} - {""}, set(lived.city.catalogue.categories)
    assert groups & categories == (groups if by == "category" else set())
    assert groups or by == "domain"


def test_pages_go_on_where_they_stopped_and_both_ways_of_asking_agree(lived: World) -> None:
    period = period_of(lived)
    unit = next(f.group for f in measure(lived, "hotline", period.first, period.last, "unit") if f.whole > 5)
    for where in ({}, {"unit": unit}):
        one = asked(link("hotline", "called", period, **where))
        whole = [(r.day, r.matter.number, r.version) for r in behind(lived, SEER, one)[0]]
        assert whole == sorted(whole, reverse=True)
        paged: list[tuple[int, ...]] = []
        while rows := lived.store.read.counted(Counted(
            one.measure, one.first_day, one.last_day, one.where, after=paged[-1] if paged else (), limit=3,
        ))[0]:  # fmt: skip
            paged += [(r.day, r.matter.number, r.version) for r in rows]
        assert paged == whole


def test_a_count_stays_with_the_category_it_was_made_in(world: World, received: Matter, desk_moves: Any) -> None:
    desk_moves(received, "classify", category="traffic.parking")
    today = date_of(world.clock() // 60_000 + 480)
    figures = measure(world, "hotline", today, today, "category")
    found = {(f.group, f.measure): f for f in figures}
    assert found["public_order.noise", "received"].whole == 1
    assert ("traffic.parking", "received") not in found or not found["traffic.parking", "received"].whole
    desk_moves(world.store.read.matter(received.number), "remind")
    by_now = world.store.read.sums(["reminded"], "category", 0, 99_999, {"domain": "hotline"})
    assert by_now == [("traffic.parking", "reminded", 1)]


def test_who_may_not_see_everything_is_shown_what_they_may(world: World, received: Matter) -> None:
    today = date_of(world.clock() // 60_000 + 480)
    one = asked(link("hotline", "received", Period(today, today)))
    own = Actor("c1", received.lead, ("chief",))
    other = Actor("c2", next(u.key for u in world.city.organisation if u.kind == "station" and u.key != received.lead),
                  ("chief",))  # fmt: skip
    assert [r.matter.number for r in behind(world, own, one)[0]] == [received.number]
    assert behind(world, other, one) == ([], 0)
    assert isinstance(measure(world, "hotline", today, today)[0], Figure)


@pytest.mark.anyio
async def test_the_measures_page_links_to_the_list(browser: Browser, world: World, received: Matter) -> None:
    await browser.role("overseer")
    for by in ("category", "unit", "ledger", "channel", "month"):
        page = await browser.get("/measures", by=by)
        links = [html.unescape(h) for h in re.findall(r'href="(/measures/matters[^"]*)"', page.text)]
        assert any(f"{by}=" in h for h in links) or by == "month"
        for href in dict.fromkeys(h for h in links if "counter=received&" in h):
            listed = await browser.client.get(href)
            assert listed.status_code == 200
            assert listed.text.count('class="row') == 1
            assert shown(received.number) in listed.text
    assert (await browser.get("/measures/matters", counter="nonsense")).status_code == 422
    assert (await browser.get("/measures/matters", counter="received", domain="nonsense")).status_code == 422
    assert (await browser.get("/measures/matters", counter="received", after="1.2")).status_code == 422
    english = await browser.get("/measures/matters", counter="received", category="public_order.noise", lang="en")
    assert "Noise from neighbours" in english.text
    assert world.store.read.count(Shape()) == 1


@pytest.mark.anyio
async def test_the_list_behind_a_figure_is_for_those_who_may_measure(browser: Browser) -> None:
    await browser.role("operator")
    assert (await browser.get("/measures/matters", counter="received")).status_code == 403
