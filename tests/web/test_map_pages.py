"""Map and wall without JavaScript: whole, linked, and no more than the list shows; a matter's small map."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from anlan.app.world import World
from anlan.loop.matter import Matter, shown
from anlan.loop.working_calendar import DAY
from anlan.store.read import OPEN_KINDS
from anlan.web import config
from anlan.web.mini import HEIGHT, WIDTH

pytestmark = pytest.mark.anyio
Browser = Any


def points_of(text: str) -> dict[str, list[str]]:
    found = re.search(r'data-points="([^"]*)"', text)
    assert found
    return parse_qs(urlsplit(html.unescape(found[1])).query)


async def test_the_map_has_the_list_and_says_why_it_is_not_drawn(browser: Browser, received: Matter) -> None:
    await browser.role("overseer")
    page = await browser.get("/map")
    assert page.status_code == 200
    assert f"/matters/{shown(received.number)}" in page.text
    assert "地图要用JavaScript" in page.text or "make assets" in page.text
    assert points_of(page.text) == {"kind": list(OPEN_KINDS)}


async def test_the_filters_of_the_list_are_those_of_the_map(browser: Browser, received: Matter) -> None:
    await browser.role("overseer")
    query = {
        "view": "assigned",
        "unit": received.lead,
        "district": "370202",
        "category": "public_order.noise",
        "q": "夜",
    }
    page = await browser.get("/map", **query, channel="web", domain="hotline", **{"from": "2026-11-20"})
    asked = points_of(page.text)
    assert asked["stage"] == ["assigned"]
    assert (asked["unit"], asked["district"], asked["q"]) == ([received.lead], ["370202"], ["夜"])
    assert (asked["category"], asked["channel"], asked["domain"]) == (["public_order.noise"], ["web"], ["hotline"])
    assert int(asked["opened_from"][0]) > 0
    assert 'action="/map"' in page.text
    for view in ("closed", "all"):
        assert (await browser.get("/map", view=view)).status_code == 422, "the map is of open matters"


async def test_without_its_files_the_page_says_what_to_run(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = browser.client.app.template_engine.engine
    monkeypatch.setitem(engine.globals, "has_assets", False)
    engine.cache.clear()
    await browser.role("overseer")
    for path in ("/map", "/wall"):
        page = await browser.get(path)
        assert "make assets" in page.text
        assert "maplibre" not in page.text


async def test_the_wall_is_whole_without_scripts_and_its_numbers_open_lists(
    browser: Browser, world: World, received: Matter
) -> None:
    await browser.role("overseer")
    page = await browser.get("/wall")
    assert page.status_code == 200
    assert "没有逾期，没有待派单" in page.text
    now = world.clock()
    world.clock = lambda: now + 20 * DAY * 60_000
    await browser.role("overseer")
    page = await browser.get("/wall")
    assert "1件事项逾期" in page.text
    assert f"/matters/{shown(received.number)}" in page.text
    links = {html.unescape(href) for href in re.findall(r'href="(/(?:queue|measures/matters)\?[^"]*)"', page.text)}
    assert {urlsplit(href).path for href in links} == {"/queue", "/measures/matters"}
    for href in links:
        path, query = urlsplit(href).path, parse_qs(urlsplit(href).query)
        assert (await browser.get(path, **{k: v[0] for k, v in query.items()})).status_code == 200, href
    late = await browser.get("/queue", view="late")
    assert shown(received.number) in late.text


@pytest.mark.parametrize("role", ["operator", "officer", "chief", "callback", "auditor"])
async def test_everybody_who_sees_matters_has_map_and_wall(browser: Browser, received: Matter, role: str) -> None:
    officer = browser.world.city.roster.with_role(role)[0]
    await browser.log_in(officer.number)
    for path in ("/map", "/wall"):
        page = await browser.get(path, lang="en")
        assert page.status_code == 200
        listed = await browser.get("/queue", view="open")
        assert (shown(received.number) in listed.text) or shown(received.number) not in page.text


async def test_a_matter_shows_where_it_is(browser: Browser, world: World, received: Matter) -> None:
    await browser.role("overseer")
    page = await browser.get(f"/matters/{shown(received.number)}")
    assert received.place is not None
    assert f'href="/map#14/{received.place.lat_e6 / 1e6:.5f}/{received.place.lon_e6 / 1e6:.5f}"' in page.text
    picture = re.search(r'<svg class="mini".*?</svg>', page.text, re.S)
    assert picture
    assert f'class="m-here" cx="{WIDTH / 2}" cy="{HEIGHT / 2}"' in picture[0]
    assert 'class="m-unit"' in picture[0]
    assert len(picture[0]) < 30_000


async def test_static_files_carry_the_build_mark_in_their_path(browser: Browser) -> None:
    page = await browser.get("/login")
    files = re.findall(r'(?:src|href)="(/static/[^"]*)"', page.text)
    assert files
    assert all(path.startswith(f"/static/{config.build_mark()}/") for path in files)
    for path in files:
        answer = await browser.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
