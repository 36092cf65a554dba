"""A real server over the demo city, and a real Chromium; skipped loudly without one.

They end with the module: while Playwright runs, no other loop may run in the same worker.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright

from anlan.app import handle, receive
from anlan.app.world import SYSTEM, World
from anlan.cli.bench.server import HOST, Server
from anlan.cli.demo import demo_password, prepare_demo
from anlan.cli.headless import DAY_MS
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.main import open_world

ARGS = ["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-background-networking"]
DESK = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def browser(city: Server) -> Iterator[Browser]:
    """After the city: it is made in a loop of its own, and none may run beside Playwright's."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium: run `apt-get install chromium` to have the browser journeys tested")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("browser")
    prepare_demo(home)
    left_over(home)
    with Server(home, "") as server:
        yield server


def left_over(home: Path) -> None:
    """What journeys begin with, whatever the demo's dice have left by this hour: a matter nobody has touched for three
    weeks, two whose work waits to be checked, and one whose reporter waits for a call."""
    world = open_world(home)
    boss = world.city.roster.with_role("overseer")[0]
    for no, (days, stage) in enumerate(((21, "assigned"), (0, "verifying"), (0, "verifying"), (0, "calling"))):
        matter = reported(world, no, days)
        officer = world.city.roster.of_unit(matter.lead, "officer")[-1]
        told = {"note": "已换灯泡", "solved": True}
        moves = [("accept", officer, {}), ("report", officer, told), ("verify", boss, {})]
        while matter.stage != stage:
            move, by, fields = moves.pop(0)
            intent = Intent(move, matter.version, fields)
            done = handle.prepare(world, matter.number, intent, Actor(by.number, by.unit, by.roles))
            matter = world.store.writer.submit(done).matters[0]
    world.store.close()


def reported(world: World, no: int, days_ago: int) -> Matter:
    """A report of a lamp, by telephone, that went straight to the first station."""
    place, station = world.city.places.places[0], world.city.organisation.of_kind("station")[0]
    text = f"楼道{no + 1}层的灯三个星期没有人来修"
    at, phone = world.clock() - days_ago * DAY_MS, f"1381234567{no}"
    said = Intake("call_968110", f"left-{no}", text, text, at, place.lon, place.lat, place.name, "王女士", phone,
                  unit=station.key)  # fmt: skip
    return world.store.writer.submit(receive.prepare(world, world.domains["hotline"], said, SYSTEM).commit).matters[0]


@pytest.fixture(scope="module")
def accounts(city: Server) -> dict[str, str]:
    """The demo's account for each role."""
    lines = (city.home / "demo.txt").read_text("utf-8").split("\n")
    return dict(line.strip().split(": ") for line in lines if line.strip())


@pytest.fixture
def open_page(browser: Browser, city: Server) -> Iterator[Callable[..., Page]]:
    """A new visitor; errors on the page and in its scripts fail the test."""
    contexts = []
    wrong: list[str] = []

    def visit(path: str, size: dict[str, int] = DESK, **options: object) -> Page:
        context = browser.new_context(viewport=size, locale="zh-CN", base_url=f"http://{HOST}:{city.port}", **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if _is_error(said) else None)
        page.on("response", lambda answer: wrong.append(answer.url) if _is_broken(answer) else None)
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="module")
def sessions(city: Server) -> dict[str, object]:
    """Whoever has logged in already: one address may try 30 times a minute, and there are more pages than that."""
    return {}


@pytest.fixture
def log_in(
    open_page: Callable[..., Page], accounts: dict[str, str], sessions: dict[str, object]
) -> Callable[..., Page]:
    def enter(role: str, path: str = "/", **options: object) -> Page:
        if role in sessions:
            return open_page(path, **options, storage_state=sessions[role])
        page = open_page("/login?next=" + path, **options)
        page.get_by_label("警号").fill(accounts[role])
        page.get_by_label("密码").fill(demo_password())
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        sessions[role] = {"cookies": page.context.cookies(), "origins": []}  # what a page keeps for itself is new
        return page

    return enter


def _is_error(said: ConsoleMessage) -> bool:
    """An answer that says no (409, 422) is in the console too, and is no error of the page's."""
    return said.type == "error" and not said.text.startswith("Failed to load resource")


def _is_broken(answer: Response) -> bool:
    """A bug, or a link or file that leads nowhere."""
    return answer.status >= 500 or (answer.status == 404 and answer.request.method == "GET")


def barriers(page: Page) -> list[str]:
    """What axe finds on a page."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
