"""A place said by mileage, on the pages where one is asked for: the one place, the choice, or why there is none."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from tests.web.conftest import Browser

from anlan.app.world import World
from anlan.city.geo import distance_m
from anlan.city.mileposts import Marked
from anlan.loop.matter import shown
from anlan.store.read import Shape

pytestmark = pytest.mark.anyio

SURE = "青银高速 K12+300 往青岛方向"
OPEN = "G20 K12+300"
TOWARDS_QINGDAO = "青银高速 G20 K12+300 往青岛、崂山、市区 下行"


def marked(world: World, text: str) -> tuple[Marked, ...]:
    answer = world.city.mileposts.find(text)
    assert answer is not None
    return answer.found


def call(world: World, **more: Any) -> dict[str, Any]:
    return {
        "text": "两车追尾，有人受伤",
        "category": "incident.crash",
        "outside_id": f"m-{world.random(4).hex()}",
        **more,
    }


async def test_a_call_with_road_post_and_direction_becomes_an_incident_on_that_carriageway(
    world: World, browser: Browser
) -> None:
    await browser.role("dispatcher")
    looked = (await browser.post("/command/call", do="look", **call(world, place=SURE))).text
    assert TOWARDS_QINGDAO in looked
    (one,) = marked(world, SURE)
    station = world.city.areas.locate(one.lon, one.lat).station
    answer = await browser.post("/command/call", **call(world, place=SURE))
    (row,) = world.store.read.rows(Shape(domains=("command",)))
    matter = row.matter
    assert shown(matter.number) in str(answer.url)
    assert matter.place is not None
    assert float(distance_m(one.lon, one.lat, matter.place.lon_e6 / 1e6, matter.place.lat_e6 / 1e6)) < 0.2
    assert station in {matter.lead, *(unit for unit, _, _ in matter.route.get("candidates", ()))}
    assert SURE in (await browser.get("/command", incident=shown(matter.number))).text  # what was said stays the place


async def test_without_a_direction_nothing_is_taken_until_a_carriageway_is_chosen(
    world: World, browser: Browser
) -> None:
    await browser.role("dispatcher")
    refused = await browser.post("/command/call", **call(world, place=OPEN))
    assert refused.status_code == 422
    assert "没有说往哪个方向" in refused.text
    assert world.store.read.rows(Shape(domains=("command",))) == []
    spots = [html.unescape(v) for v in re.findall(r'name="spot" value="([^"]+)"', refused.text)]
    assert len(spots) == 2
    assert not re.search(r'name="spot" value="[^"]+" checked', refused.text)
    taken = await browser.post("/command/call", **call(world, place=OPEN, spot=spots[1]))
    assert taken.status_code == 200
    lon, lat = (float(x) for x in spots[1].rpartition("@")[2].split(","))
    (row,) = world.store.read.rows(Shape(domains=("command",)))
    place = row.matter.place
    assert place is not None
    assert (place.lon_e6, place.lat_e6) == (round(lon * 1e6), round(lat * 1e6))


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("G20 K23+700", "断链"),
        ("G20 K900", "里程碑只从K0+000到"),
        ("G99 K3+000", "没有G99的里程碑"),
        ("S212 K48+100", "有两处是这个里程"),
        ("K12+300", "没有说清是哪条路"),
        ("S212 K40+5", "加号后要三位数"),
        ("G20 K12+300 往东营方向", "说的方向和这里的两幅都对不上"),
    ],
)
async def test_why_it_is_not_one_place_is_said(world: World, browser: Browser, place: str, said: str) -> None:
    await browser.role("dispatcher")
    refused = await browser.post("/command/call", **call(world, place=place))
    assert refused.status_code == 422
    assert said in refused.text


async def test_the_hotline_and_the_citizen_are_offered_the_same_places(world: World, browser: Browser) -> None:
    form = {"text": "护栏坏了", "outside_id": "m-hotline"}
    await browser.role("operator")
    sure = (await browser.post("/intake/advice", place=SURE, **form)).text
    assert re.search(r'<label class="opt on"><input[^>]+checked><span>' + re.escape(TOWARDS_QINGDAO), sure)
    assert "没有说往哪个方向" in (await browser.post("/intake/advice", place=OPEN, **form)).text
    await browser.get("/report")
    offered = (await browser.post("/report", place=OPEN, **{**form, "text": ""})).text
    assert "没有说往哪个方向" in offered
    assert offered.count("青银高速 G20 K12+300 往") == 2


async def test_a_citizen_is_asked_once_which_carriageway_and_may_send_without_an_answer(
    world: World, browser: Browser
) -> None:
    form = {"text": "高速上有落石", "place": OPEN, "outside_id": "m-citizen"}
    await browser.get("/report")
    asked = await browser.post("/report", **form)
    assert asked.status_code == 200
    assert "没有说往哪个方向" in asked.text
    assert asked.text.count("青银高速 G20 K12+300 往") == 2
    assert world.store.read.rows(Shape()) == []
    chosen = next(one for one in re.findall(r'name="spot" value="([^"]+)"', asked.text))
    assert (await browser.post("/report", **form, asked="yes", spot=html.unescape(chosen))).status_code == 201
    assert (
        await browser.post("/report", **{**form, "outside_id": "m-other"}, asked="yes", seen="yes")
    ).status_code == 201
    placed = {row.matter.place is not None for row in world.store.read.rows(Shape())}
    assert placed == {True, False}


@pytest.mark.parametrize("spot", ["@x,y", "@120.38", "@,", "@nan,36"])
async def test_a_chosen_spot_that_is_no_place_is_refused(world: World, browser: Browser, spot: str) -> None:
    await browser.get("/report")
    answer = await browser.post("/report", text="路灯不亮", place="", spot=spot, outside_id="m-spot")
    assert answer.status_code == 422
    assert "坐标不是有效数字" in html.unescape(answer.text)
    assert world.store.read.rows(Shape()) == []
