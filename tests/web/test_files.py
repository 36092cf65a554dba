"""Photos on the pages: with a report, with a move, looked at on the record, kept when a form comes back, and erased."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from PIL import ExifTags, Image
from tests.web.conftest import Browser

from anlan.app import attach
from anlan.app.world import World
from anlan.loop.matter import Matter, shown
from anlan.store.verify import verify

pytestmark = pytest.mark.anyio
CITIZEN_SAYS = {"text": "健身器材的踏板断了，孩子容易夹脚", "outside_id": "web-1"}


def photo(place: tuple[float, float] | None = None) -> tuple[str, bytes, str]:
    exif = Image.Exif()
    if place:
        lon, lat = place
        exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (lat, 0, 0), 3: "E", 4: (lon, 0, 0)})
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(out, "JPEG", exif=exif)
    return "断了的踏板 13812345678.jpg", out.getvalue(), "image/jpeg"


async def send(browser: Browser, path: str, brought: list[tuple[str, bytes, str]], **form: Any) -> Any:
    token = re.search(r'name="_csrf_token" value="([^"]*)"', browser.text)
    data = {k: str(v) for k, v in form.items()} | {"_csrf_token": token.group(1) if token else ""}
    photos = [("photos", one) for one in brought]
    return browser._seen(await browser.client.post(path, data=data, files=photos, follow_redirects=True))


def held(text: str) -> str:
    found = re.search(r'name="files" value="([^"]*)"', text)
    return found.group(1) if found else ""


async def test_a_report_with_photos_shows_them_to_who_handles_it(browser: Browser, world: World) -> None:
    await browser.get("/report")
    answer = await send(browser, "/report", [photo(), photo()], **CITIZEN_SAYS)
    assert answer.status_code == 201
    number = re.search(r"\d{6}-\d{2}-\d{7}", answer.text)[0]  # type: ignore[index]
    overseer = await browser.role("overseer")
    page = (await browser.get(f"/matters/{number}")).text
    smalls = re.findall(r'<img src="([^"]*/small\?mark=\w+)"', page)
    assert len(smalls) == 2
    assert page.count("13812345678") == 0
    small = await browser.client.get(smalls[0])
    assert (small.status_code, small.headers["content-type"]) == (200, "image/jpeg")
    whole = smalls[0].partition("/small")[0]
    before = len(world.store.outbox.after(0))
    large = await browser.client.get(whole)
    assert large.headers["content-security-policy"].endswith("sandbox")
    assert Image.open(io.BytesIO(large.content)).size == (64, 48)
    (reading,) = world.store.outbox.after(0)[before:]
    assert (reading.fact.kind, reading.fact.actor, reading.fact.data["what"]) == ("read", overseer.id, "file")
    viewer = await browser.get(f"{whole}/view")
    assert "第1个，共2个" in viewer.text
    assert "断了的踏板 〔电话〕.jpg" in viewer.text


async def test_a_thumbnail_opens_for_nobody_else_and_not_for_ever(browser: Browser, world: World) -> None:
    await browser.get("/report")
    answer = await send(browser, "/report", [photo()], **CITIZEN_SAYS)
    number = re.search(r"\d{6}-\d{2}-\d{7}", answer.text)[0]  # type: ignore[index]
    await browser.role("overseer")
    (small,) = re.findall(r'<img src="([^"]*/small\?mark=\w+)"', (await browser.get(f"/matters/{number}")).text)
    await browser.role("callback")
    assert (await browser.client.get(small)).status_code == 404
    await browser.role("overseer")
    assert (await browser.client.get(small)).status_code == 200
    now = world.clock()
    world.clock = lambda: now + 2 * 3_600_000
    assert (await browser.client.get(small)).status_code == 404


async def test_a_photo_s_place_is_offered_once_and_used_only_when_chosen(browser: Browser, world: World) -> None:
    at = world.city.places.places[0]
    await browser.get("/report")
    offered = await send(browser, "/report", [photo((at.lon, at.lat))], **CITIZEN_SAYS)
    assert "照片里记着拍摄的位置" in offered.text
    spot = re.search(r'name="spot" value="([^"]*)"', offered.text)[1]  # type: ignore[index]
    kept = {"files": held(offered.text), "offered": "yes", "seen": "yes", **CITIZEN_SAYS}
    assert (await send(browser, "/report", [], spot=spot, **kept)).status_code == 201
    (number,) = [e.fact.matter for e in world.store.outbox.after(0) if e.fact.kind == "received"]
    place = world.store.read.matter(number).place
    assert place is not None
    assert (place.lon_e6 / 1e6, place.lat_e6 / 1e6) == pytest.approx((at.lon, at.lat), abs=1e-5)
    await browser.get("/report")
    other = {**CITIZEN_SAYS, "outside_id": "web-2", "text": "另一件事，与上面无关，灯不亮"}
    again = await send(browser, "/report", [photo((at.lon, at.lat))], **other)
    said = {"files": held(again.text), "offered": "yes", "seen": "yes", **other}
    assert (await send(browser, "/report", [], **said)).status_code == 201
    assert [m.place for m in matters(world)][-1] is None


def matters(world: World) -> list[Matter]:
    numbers = [e.fact.matter for e in world.store.outbox.after(0) if e.fact.kind == "received"]
    return [world.store.read.matter(number) for number in numbers]


async def test_a_form_that_comes_back_has_its_photos(browser: Browser, world: World, received: Matter) -> None:
    officer = world.city.roster.of_unit(received.lead, "officer")[-1]
    await browser.log_in(officer.number)
    page = f"/matters/{shown(received.number)}"
    await browser.get(page)
    await browser.post(f"{page}/moves/accept", version=received.version)
    stale = await send(browser, f"{page}/moves/report", [photo()], version=received.version, note="已修好")
    assert stale.status_code == 409
    assert "已收到1个附件" in stale.text
    version = world.store.read.matter(received.number).version
    form = {"version": version, "note": "已修好", "files": held(stale.text)}
    assert (await send(browser, f"{page}/moves/report", [], **form)).status_code == 200
    fact = next(f for f in world.store.read.facts(received.number) if f.kind == "reported")
    assert [one["type"] for one in fact.data["files"]] == ["image/jpeg"]
    assert "1个附件" in (await browser.get(page)).text
    again = await send(browser, f"{page}/moves/note", [], **{**form, "version": version + 1})
    assert again.status_code == 404  # a file is taken once


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (("x.jpg", b"<html>", "image/jpeg"), "只收照片"),
        (("x.jpg", b"", "image/jpeg"), ""),
        (("x.pdf", b"%PDF-1.4 cut", "application/pdf"), "打不开"),
    ],
)
async def test_a_lying_file_is_refused_and_the_words_are_kept(
    browser: Browser, world: World, file: tuple[str, bytes, str], words: str
) -> None:
    await browser.get("/report")
    answer = await send(browser, "/report", [file], **CITIZEN_SAYS)
    if not words:  # a browser sends an empty part where nothing was chosen
        assert answer.status_code == 201
        return
    assert answer.status_code == 422
    assert words in answer.text
    assert CITIZEN_SAYS["text"] in answer.text
    assert matters(world) == []


async def test_too_many_files_are_refused(browser: Browser) -> None:
    await browser.get("/report")
    answer = await send(browser, "/report", [photo()] * 7, **CITIZEN_SAYS)
    assert (answer.status_code, "最多6个" in answer.text) == (422, True)


async def test_what_no_matter_took_is_forgotten_after_a_day(world: World) -> None:
    staged = await attach.stage(world, photo()[1], "x.jpg", "citizen")
    assert attach.forget_unclaimed(world) is None
    now = world.clock()
    world.clock = lambda: now + attach.STAGED_MS + 1
    commit = attach.forget_unclaimed(world)
    assert commit is not None
    world.store.writer.submit(commit)
    assert world.store.files.row(staged.id) is None
    assert world.store.files.sweep() == 2
    world.store.close()
    assert verify(world.store.database, world.store.public_key).faults == []
