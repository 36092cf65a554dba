"""Map and wall in a real browser: they draw, they follow what happens, they open matters; without WebGL they say so."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser.conftest import barriers

from anlan.web.config import has_assets

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not has_assets(), reason="no map files: run `make assets` to have the map and the wall tested"),
]
Visit = Callable[..., Page]
WALL = {"width": 1920, "height": 1080}
DRAWN_MS = 30_000
COLOURS_MIN = 12
"""A blank canvas has one colour; one with sea, land, shore, borders and signs many more."""
COLOURS = """(at) => {
  const node = document.querySelector(at);
  const picture = document.createElement("canvas");
  [picture.width, picture.height] = [320, 200];
  const pen = picture.getContext("2d");
  pen.drawImage(node, 0, 0, 320, 200);
  const dots = new Uint32Array(pen.getImageData(0, 0, 320, 200).data.buffer);
  return new Set(dots).size;
}"""


def stream(*matters: int) -> Callable[[Route], None]:
    """An answer of `/live` as the contract has it: one event, then silence."""
    said = "".join(f'id: {n}\nevent: facts\ndata: {{"pos": {n}, "matters": [{n}]}}\n\n' for n in matters)

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/event-stream", body=f"retry: 600000\n\n{said}")

    return answer


def opened(log_in: Visit, path: str, **options: object) -> Page:
    page = log_in("overseer", **options)
    page.route("**/live", stream())
    page.goto(path)
    page.wait_for_selector("#map[data-drawn]", timeout=DRAWN_MS)
    return page


def colours(page: Page, at: str) -> int:
    """Different colours on a canvas; a WebGL one must be read in the frame that drew it, so take a picture instead."""
    return int(page.evaluate(COLOURS, at))


def picture(page: Page, name: str) -> bytes:
    """The map's own picture; kept where ANLAN_SHOTS says, to be looked at."""
    folder = os.environ.get("ANLAN_SHOTS")
    path = Path(folder) / f"{name}.png" if folder else None
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path)
    return page.locator("#map").screenshot()


def test_the_map_draws_follows_filter_and_hour_and_opens_a_matter(log_in: Visit) -> None:
    it_draws_and_follows_the_filter_and_the_hour(log_in)
    a_point_opens_its_matter(log_in)


def it_draws_and_follows_the_filter_and_the_hour(log_in: Visit) -> None:
    page = opened(log_in, "/map")
    assert len(picture(page, "map")) > 20_000, "a blank picture of this size compresses to less than 5 kB"
    expect(page.locator("#map-why")).to_be_hidden()
    expect(page.locator("#map-sum")).to_have_text(re.compile(r"图上\d+件"))
    now = page.locator("#map-sum").inner_text()
    with page.expect_response(re.compile(r"/matters/points\?.*at=\d+")):
        page.locator("#hour").fill("-96")
    expect(page.locator("#map-sum")).not_to_have_text(now)
    expect(page.locator("#hour-said")).to_contain_text("在办")
    with page.expect_response(re.compile("/matters/points")):
        page.locator("#hour").fill("0")
    expect(page.locator("#map-sum")).to_have_text(now)
    page.get_by_role("link", name=re.compile("^逾期 ")).first.click()
    page.wait_for_selector("#map[data-drawn]", timeout=DRAWN_MS)
    late = int(re.findall(r"\d+", page.locator("#map-sum").inner_text())[0])
    assert 0 < late <= page.locator("#queue .row").count()


def a_point_opens_its_matter(log_in: Visit) -> None:
    page = opened(log_in, "/map?view=late")
    found = page.evaluate("fetch(document.getElementById('map').dataset.points).then((answer) => answer.json())")
    lon, lat = found["lon_e6"][0] / 1e6, found["lat_e6"][0] / 1e6
    page.goto("about:blank")
    page.goto(f"/map?view=late#16/{lat}/{lon}")
    page.wait_for_selector("#map[data-drawn]", timeout=DRAWN_MS)
    box = page.locator("#map").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#behind li").or_(page.locator("#matter"))).not_to_have_count(0)


def test_the_wall_draws_and_is_asked_for_again_when_something_happened(log_in: Visit) -> None:
    page = log_in("overseer", size=WALL)
    page.route("**/live", stream(370202260000001))
    page.goto("/wall")
    page.wait_for_selector("#map[data-drawn]", timeout=DRAWN_MS)
    page.wait_for_selector("#hours[data-drawn]", timeout=DRAWN_MS)
    assert colours(page, "#hours canvas") >= COLOURS_MIN / 2
    assert len(picture(page, "wall")) > 20_000
    page.wait_for_function("window.performance.getEntriesByName(location.href, 'resource').length > 0", timeout=20_000)
    expect(page.locator("#lost")).to_be_hidden()
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('.wall body *')].filter((node) => node.checkVisibility"
        " && [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim())"
        " && node.getBoundingClientRect().width > 2)"
        ".map((node) => parseFloat(getComputedStyle(node).fontSize)))"
    )
    assert smallest >= WALL["width"] / 80
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/map", "/wall"])
def test_they_have_no_barrier_that_axe_finds(log_in: Visit, path: str, theme: str) -> None:
    page = opened(log_in, path, size=WALL)
    page.context.add_cookies([{"name": "anlan_theme", "value": theme, "url": page.url.partition("#")[0]}])
    page.reload()
    page.wait_for_selector("#map[data-drawn]", timeout=DRAWN_MS)
    assert barriers(page) == []


def test_without_webgl_the_list_stays_and_the_page_says_why(log_in: Visit) -> None:
    page = log_in("overseer")
    page.route("**/live", stream())
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto("/map")
    expect(page.locator("#map-why")).to_contain_text("WebGL")
    assert page.locator("#queue .row").count() > 0
