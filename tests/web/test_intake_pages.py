"""Receiving at the desk and from the public: advice, receipts shown once, following, rating."""

from __future__ import annotations

import re
from typing import Any, NamedTuple, cast

import pytest

from anlan.app.world import World
from anlan.loop.matter import Matter, shown
from anlan.store.read import Shape

pytestmark = pytest.mark.anyio
Browser = Any
"""conftest.Browser"""


def form(world: World, text: str = "楼下每晚十一点以后有人大声唱歌，孩子睡不着", **more: str) -> dict[str, str]:
    return {"text": text, "place": world.city.places.places[0].name, "outside_id": f"t-{len(more)}", **more}


async def test_advice_names_duplicates_units_and_due_time(browser: Browser, world: World, received: Matter) -> None:
    await browser.role("operator")
    await browser.get("/intake")
    answer = await browser.post("/intake/advice", **form(world))
    assert answer.status_code == 200
    assert f'value="{received.number}"' in answer.text
    assert world.city.organisation[received.lead].name in answer.text
    assert "5个工作日" in answer.text
    for part in ("same", "spots", "units", "doubt", "categories", "days", "due", "saving"):
        assert f'id="part-{part}"' in answer.text


async def test_advice_is_patient_with_half_a_form(browser: Browser, world: World) -> None:
    await browser.role("operator")
    await browser.get("/intake")
    for half in (
        {"text": ""},
        {"text": "吵", "place": "36.06, 120.38"},
        {"text": "吵", "place": "1,2"},
        {"text": "吵", "unit_other": "?"},
    ):
        assert (await browser.post("/intake/advice", **half)).status_code == 200


async def test_saving_shows_the_code_once(browser: Browser, world: World) -> None:
    await browser.role("operator")
    await browser.get("/intake")
    sent = form(world, name="王女士", phone="13812345678", wants_callback="on", channel="visit")
    first = await browser.post("/intake", **sent)
    assert first.status_code == 201, re.findall(r"<b>[^<]*</b>", first.text)
    assert re.search(r">\d{8}<", first.text)
    matter = world.store.read.rows(Shape(order="new"))[0].matter
    assert (matter.channel, bool(matter.lead)) == ("visit", True)
    assert shown(matter.number) in first.text
    await browser.get("/intake")
    again = await browser.post("/intake", **sent)
    assert "没有重复登记" in again.text
    assert not re.search(r">\d{8}<", again.text)


async def test_bad_phone_keeps_everything(browser: Browser, world: World) -> None:
    await browser.role("operator")
    await browser.get("/intake")
    answer = await browser.post("/intake", **form(world, phone="1386401552"))
    assert answer.status_code == 422
    assert "手机号应为11位，现在是10位" in answer.text
    assert "孩子睡不着" in answer.text
    assert world.store.read.count(Shape()) == 0


async def test_joining_gives_an_own_receipt(browser: Browser, world: World, received: Matter) -> None:
    await browser.role("operator")
    await browser.get("/intake")
    answer = await browser.post("/intake", **form(world, join=str(received.number)))
    assert answer.status_code == 201
    assert "已并入" in answer.text
    assert len(world.store.read.matter(received.number).parties) == 2


async def test_officers_do_not_receive(browser: Browser) -> None:
    await browser.role("officer")
    assert (await browser.get("/intake")).status_code == 403


async def test_public_report_offers_what_is_near_then_takes_it(
    browser: Browser, world: World, received: Matter
) -> None:
    await browser.get("/report")
    sent = form(world, "每晚十一点以后有人在楼下大声唱歌，孩子睡不着")
    near = await browser.post("/report", **sent)
    assert "附近已有人反映" in near.text
    assert world.store.read.count(Shape()) == 1
    done = await browser.post("/report", **sent, seen="yes")
    assert done.status_code == 201
    assert world.store.read.count(Shape()) == 2


async def test_public_joins_by_a_press(browser: Browser, world: World, received: Matter) -> None:
    await browser.get("/report")
    done = await browser.post("/report", **form(world), join=shown(received.number))
    assert done.status_code == 201
    assert len(world.store.read.matter(received.number).parties) == 2


async def test_follow_and_rate(browser: Browser, world: World) -> None:
    await browser.get("/report")
    sent = await browser.post("/report", **form(world, name="赵女士", phone="13912345678"))
    code = re.search(r">(\d{8})<", sent.text)
    assert code
    matter = world.store.read.rows(Shape())[0].matter
    await browser.get("/follow")
    wrong = await browser.post("/follow", number=shown(matter.number), code="00000000x")
    assert wrong.status_code == 404
    right = await browser.post("/follow", number=shown(matter.number), code=code.group(1))
    assert right.status_code == 200
    assert "交给" in right.text
    assert "13912345678" not in right.text
    await browser.work(matter)
    await browser.get("/follow")
    await browser.post("/follow", number=shown(matter.number), code=code.group(1))
    rated = await browser.post(
        "/follow/rate", number=shown(matter.number), code=code.group(1), rating="1", note="还在吵"
    )
    assert rated.status_code == 200, re.findall(r"<b>[^<]*</b>", rated.text)
    assert "已重新办理" in rated.text
    assert world.store.read.matter(matter.number).reopens == 1


class Said:
    """A classifier's answer, with the confidence it was given."""

    def __init__(self, *guesses: tuple[str, float]) -> None:
        self.guesses = [Guess(label, share) for label, share in guesses]
        self.sure = guesses[0][1] >= 0.6

    def predict(self, _row: object, *, explain: bool = True) -> Said:
        return self


class Guess(NamedTuple):
    """One guess."""

    label: str
    probability: float


@pytest.mark.parametrize(("share", "ticked"), [(0.86, True), (0.41, False)])
async def test_category_percent_preselects_only_when_sure(
    browser: Browser, world: World, share: float, ticked: bool
) -> None:
    world.classifier = cast(Any, Said(("public_order.noise", share), ("public_order.dispute", 0.09)))
    await browser.role("operator")
    await browser.get("/intake")
    answer = await browser.post("/intake/advice", **form(world))
    assert f"{share:.0%}" in answer.text
    part = answer.text.split('id="part-categories"')[1].split('id="part-days"')[0]
    assert ("checked" in part) is ticked


async def test_guessing_codes_is_stopped(browser: Browser) -> None:
    await browser.get("/follow")
    codes = [
        (await browser.post("/follow", number="370202-26-0000001", code=f"{n:08d}")).status_code for n in range(32)
    ]
    assert codes[0] == 404
    assert codes[-1] == 429
