"""Command in a real browser: the unit's phone page with and without a network."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.app.test_media import picture
from tests.browser.conftest import barriers

from anlan.app import accounts
from anlan.app.world import World
from anlan.city.demo import write_demo
from anlan.cli.bench.server import HOST, Server
from anlan.cli.demo import demo_password
from anlan.domains.command.seed import demo_units, put_units
from anlan.domains.command.tests.conftest import Room
from anlan.main import open_world

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Visit = Callable[..., Page]
PHONE = {"width": 390, "height": 844}
PERSONAL = "带孩子的老人在路口走失"
KEPT = """async () => {
  const said = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const one of await cache.keys()) said.push(await (await cache.match(one)).text());
  }
  return said.join("\\n");
}"""


SPOT = "(node) => JSON.parse(node.dataset.spot)"
"""Where the first point is drawn, in pixels of the map."""


class House:
    """The server, and what a dispatcher does at it meanwhile."""

    def __init__(self, server: Server, unit: str, token: str) -> None:
        self.server, self.unit, self.token = server, unit, token

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"http://{HOST}:{self.server.port}/api/v1/{path}"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        asked = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers)
        with urllib.request.urlopen(asked) as answer:
            return json.loads(answer.read())

    def call(self, at: tuple[float, float], text: str) -> int:
        """A call comes in and the unit is sent to it."""
        said = {"call_id": text, "text": text, "lon": at[0], "lat": at[1], "category": "incident.lost"}
        said |= {"caller": "13812345678", "name": "王建国"}
        number = int(self.ask("intakes/call_110", said)["matter"])
        self.ask(f"command/incidents/{number}/send", self.about(number, unit=self.unit, reason="other"))
        return number

    def matter(self, number: int) -> Any:
        return self.ask(f"matters/{number}")["matter"]

    def about(self, number: int, **fields: Any) -> dict[str, Any]:
        return {"version": self.matter(number)["version"], **fields}


def furnish(world: World) -> tuple[Room, str]:
    """A fleet, an account for each role, and the key of a unit that stands by."""
    world.store.writer.submit(put_units(world, "system", demo_units(world)))
    room = Room(world)
    unit = room.available()
    people = {"dispatcher": room.dispatcher.id}
    people["officer"] = world.city.roster.of_unit(unit.organisation, "officer")[0].number
    people["overseer"] = world.city.roster.with_role("overseer")[0].number
    for number in people.values():
        officer = world.city.roster[number]
        world.store.writer.submit(accounts.add(world, number, officer.unit, officer.roles, demo_password()))
    return room, "".join(f"  {role}: {number}\n" for role, number in people.items())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("command")
    write_demo(home / "city")
    world = open_world(home)
    room, demo = furnish(world)
    (home / "demo.txt").write_text(demo, "utf-8")
    unit, (commit, token) = room.available().key, accounts.token_for(world, room.dispatcher.id)
    world.store.writer.submit(commit)
    world.store.close()
    with Server(home, "") as server:
        yield House(server, unit, token)


@pytest.fixture(scope="module")
def city(house: House) -> Server:
    return house.server


def shot(page: Page, name: str) -> None:
    """Kept where ANLAN_SHOTS says, to be looked at."""
    if folder := os.environ.get("ANLAN_SHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def place(house: House) -> tuple[float, float]:
    """Near where the unit waits."""
    units = house.ask("command/board")["units"]
    mine = next(one for one in units if one["unit"] == house.unit)
    return mine["lon"] + 0.004, mine["lat"]


def test_the_phone_goes_the_whole_way_loses_nothing_without_a_network_and_overwrites_nobody(
    log_in: Visit, house: House
) -> None:
    page = log_in("officer", "/unit", size=PHONE)
    sign = next(one["call_sign"] for one in house.ask("command/board")["units"] if one["unit"] == house.unit)
    shot(page, "unit-choose")
    page.locator(".house").filter(has_text=sign).get_by_role("button").click()
    expect(page.get_by_text("没有任务")).to_be_visible()
    shot(page, "unit-standby")
    it_goes_and_is_late(page, house)
    it_was_called_off_meanwhile(page, house)
    it_goes_off_and_leaves_nothing(page, house)


def test_a_point_is_dragged_and_what_is_covered_follows_and_is_accepted_as_it_stands(log_in: Visit) -> None:
    page = log_in("dispatcher", "/command/standby?hour=20%26units=3")
    page.wait_for_selector("#map[data-drawn]", timeout=60_000)
    shot(page, "standby")
    assert barriers(page) == []
    before, share = points(page), page.locator("#share").inner_text()
    box = page.locator("#map").bounding_box()
    assert box
    spot = page.locator("#map").evaluate(SPOT)
    page.mouse.move(box["x"] + spot[0], box["y"] + spot[1])
    page.mouse.down()
    page.mouse.move(box["x"] + spot[0] - 150, box["y"] + spot[1] - 120, steps=8)
    page.mouse.up()
    expect(page.locator("#moved")).to_contain_text("已挪动1个点")
    assert sum(before[unit] != at for unit, at in points(page).items()) == 1
    expect(page.locator("#share")).not_to_have_text(share)
    share = page.locator("#share").inner_text()
    page.get_by_role("button", name="采用").click()
    expect(page.locator("main")).to_contain_text("方案覆盖")
    expect(page.locator("dd").first).to_contain_text(share)
    shot(page, "standby-plan")
    assert barriers(page) == []


def points(page: Page) -> dict[str, str]:
    """The points as the form would send them."""
    found: dict[str, str] = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('#points [name^=at-]')].map((one) => [one.name, one.value]))"
    )
    return found


def it_goes_and_is_late(page: Page, house: House) -> None:
    number = house.call(place(house), PERSONAL)
    expect(page.get_by_role("heading", name=PERSONAL)).to_be_visible(timeout=10_000)
    expect(page.get_by_text("138****5678")).to_be_visible()
    assert barriers(page) == []
    shot(page, "unit-task")
    page.get_by_role("button", name="出发").click()
    expect(page.get_by_role("button", name="出发")).to_be_disabled()
    page.wait_for_function("navigator.serviceWorker.controller")
    page.wait_for_function(f"({KEPT})().then((text) => text.includes('{PERSONAL}'))")
    page.context.set_offline(True)
    page.get_by_role("button", name="到场").click()
    page.get_by_label("现场情况").fill("老人已找到，正在核实身份")
    page.get_by_label("拍照").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": picture("PNG")})
    page.get_by_role("button", name="记一笔").click()
    expect(page.locator("#unit-said")).to_contain_text("2项待发")
    page.reload()
    expect(page.locator("#unit-said")).to_contain_text("2项待发")
    expect(page.get_by_role("button", name="到场")).to_contain_text("待发")
    shot(page, "unit-offline")
    assert house.matter(number)["stage"] == "sent"
    page.context.set_offline(False)
    expect(page.locator("#unit-said")).to_be_empty(timeout=15_000)
    stands = house.matter(number)
    assert stands["stage"] == "on_scene"
    expect(page.get_by_text("老人已找到，正在核实身份")).to_be_visible()
    page.get_by_role("button", name="处置完").click()
    expect(page.get_by_text("没有任务")).to_be_visible()


def it_was_called_off_meanwhile(page: Page, house: House) -> None:
    number = house.call(place(house), "路口两人争执")
    expect(page.get_by_role("heading", name="路口两人争执")).to_be_visible(timeout=10_000)
    page.context.set_offline(True)
    page.get_by_role("button", name="出发").click()
    fields = {"unit": house.unit, "reason": "cancelled"}
    house.ask(f"matters/{number}/moves/withdraw", house.about(number, fields=fields))
    page.context.set_offline(False)
    expect(page.locator("#unit-said")).to_contain_text("没有生效", timeout=15_000)
    expect(page.locator("#unit-said")).to_contain_text("没有派往本警情")
    shot(page, "unit-refused")
    assert house.matter(number)["stage"] == "received"
    page.get_by_role("button", name="知道了").click()
    expect(page.locator("#unit-said")).to_be_empty()


def it_goes_off_and_leaves_nothing(page: Page, house: House) -> None:
    house.call((place(house)[0] + 0.002, place(house)[1]), f"{PERSONAL}第二起")
    expect(page.get_by_role("heading", name=f"{PERSONAL}第二起")).to_be_visible(timeout=10_000)
    for step in ("出发", "到场", "处置完"):
        page.get_by_role("button", name=step).click()
        expect(page.locator("#unit-said")).to_be_empty()
    expect(page.get_by_text("没有任务")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="下岗").click()
    expect(page.get_by_text("已下岗，联网后上报")).to_be_visible()
    assert PERSONAL not in page.evaluate(KEPT)
    page.reload()
    expect(page.get_by_text("已下岗，联网后上报")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("上哪个车组")).to_be_visible(timeout=15_000)
    states = {one["key"]: one.get("state", "off") for one in house.ask("command/units")}
    assert states[house.unit] == "off"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_tables_have_no_barrier_that_axe_finds_and_fit_a_telephone(log_in: Visit, theme: str) -> None:
    page = log_in("overseer", "/command/response", size=PHONE)
    for path in ("/command/response", "/campaigns", "/patrols", "/command/standby"):
        page.goto(f"/theme?to={theme}&next={path}")
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
