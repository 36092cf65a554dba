"""Duty rosters: a week at a time, nobody twice nor without rest, copied, taken out, brought in; who is on duty now."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from anlan.app import duties, people
from anlan.app.duties import Cells, Week
from anlan.app.world import World
from anlan.city.errors import CityError
from anlan.city.pack import build_city, read_pack
from anlan.city.shifts import Shift, minutes, shift_problems
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter, shown
from anlan.loop.working_calendar import DAY, minute_of

pytestmark = pytest.mark.anyio

ADMIN = Actor("9", "", ("security",))


@pytest.fixture
def today(world: World) -> int:
    """A Tuesday."""
    return minute_of(world.clock()) // DAY


@pytest.fixture
def station(world: World) -> str:
    return world.city.organisation.of_kind("station")[0].key


@pytest.fixture
def staff(world: World, station: str) -> list[str]:
    return [officer.number for officer in world.city.roster.of_unit(station)]


@pytest.fixture
def write(world: World, station: str, today: int) -> Callable[..., Week]:
    """Writes cells into the week of today, or one so many weeks on; answers the week as it then stands."""

    def written(cells: Cells, weeks: int = 0, unit: str = station) -> Week:
        seen = duties.week(world, unit, duties.monday_of(today) + 7 * weeks)
        world.store.writer.submit(duties.set_week(world, ADMIN, seen, cells))
        return duties.week(world, unit, seen.monday)

    return written


def codes(world: World, unit: str, monday: int, cells: Cells) -> list[str]:
    return [refused.code for refused in duties.problems(world, unit, monday, cells)]


def test_a_week_is_written_as_a_whole_and_is_on_the_ledger(
    world: World, station: str, staff: list[str], today: int, write: Callable[..., Week]
) -> None:
    cells = {(today, "day"): (staff[0], staff[1]), (today, "night"): (staff[2],)}
    week = write(cells)
    assert (week.cells, week.version) == (cells, 1)
    assert write({(today, "day"): (staff[1],)}).cells == {(today, "day"): (staff[1],)}, "the rest is gone"
    facts = [e.fact for e in world.store.outbox.beside(2**53 - 1, 99) if e.fact.kind == "duties_set"]
    assert [len(fact.data["duties"]) for fact in reversed(facts)] == [2, 1]
    assert facts[0].data["unit"] == station


def test_who_is_on_duty_now_and_after_midnight(
    world: World, station: str, staff: list[str], today: int, write: Callable[..., Week]
) -> None:
    write({(today, "day"): (staff[1], staff[0]), (today, "evening"): (staff[2],), (today, "night"): (staff[3],)})
    noon = world.clock()

    def numbers(hours: float) -> list[str]:
        world.clock = lambda: noon + int(hours * 3_600_000)
        return [duty.officer for duty in duties.on_duty(world, station)]

    assert numbers(0) == [staff[1], staff[0]], "the leader first"
    assert (numbers(3.99), numbers(4)) == ([staff[1], staff[0]], [staff[2]]), "16:00 belongs to the evening"
    assert (numbers(13), numbers(19.99), numbers(20)) == ([staff[3]], [staff[3]], [])
    assert (numbers(-4.1), duties.on_duty(world, "no-such-unit")) == ([], [])


def test_nobody_is_on_duty_twice_nor_without_eight_hours_of_rest(
    world: World, station: str, staff: list[str], today: int, write: Callable[..., Week]
) -> None:
    monday, one = duties.monday_of(today), staff[0]
    assert codes(world, station, monday, {(today, "day"): (one,), (today, "night"): (one,)}) == [], "8 hours: 16–24"
    assert codes(world, station, monday, {(today, "day"): (one,), (today, "evening"): (one,)}) == ["duty.no_rest"]
    assert codes(world, station, monday, {(today, "night"): (one,), (today + 1, "day"): (one,)}) == ["duty.no_rest"]
    assert codes(world, station, monday, {(today, "day"): (one, one)}) == ["duty.named_twice"]
    assert codes(world, station, monday, {(today, "day"): tuple(staff[:1] * 0)}) == []
    sunday = monday + 6
    write({(sunday, "night"): (one,)})
    assert codes(world, station, monday + 7, {(monday + 7, "day"): (one,)}) == ["duty.no_rest"], "over the week's edge"
    assert codes(world, station, monday + 7, {(monday + 7, "evening"): (one,)}) == []
    branch = world.city.organisation[station].parent
    found = duties.problems(world, branch, monday, {(sunday, "night"): (one,)})
    assert [(r.code, r.params["unit"], r.params["unit2"]) for r in found] in (
        [("duty.twice", branch, station)], [("duty.twice", station, branch)],
    )  # fmt: skip


def test_two_who_write_the_same_person_at_once_the_second_is_refused(
    world: World, station: str, staff: list[str], today: int
) -> None:
    monday, branch = duties.monday_of(today), world.city.organisation[station].parent
    cells = {(today, "day"): (staff[0],)}
    mine, other = (duties.set_week(world, ADMIN, duties.week(world, u, monday), cells) for u in (station, branch))
    late = duties.set_week(world, ADMIN, duties.week(world, station, monday), {})
    world.store.writer.submit(mine)
    for commit, code in ((other, "duty.elsewhere"), (late, "duty.changed")):
        with pytest.raises(Refused, match=re.escape(code)):
            world.store.writer.submit(commit)
    assert [d.unit for d in duties.on_duty(world)] == [station]


def test_strangers_nobodies_and_the_past_are_refused(world: World, station: str, staff: list[str], today: int) -> None:
    monday = duties.monday_of(today)
    other = next(o.number for o in world.city.roster if o.unit not in {station} and "officer" in o.roles)
    assert codes(world, station, monday, {(today, "day"): ("0000",)}) == ["duty.nobody"]
    assert codes(world, station, monday, {(today, "day"): (other,)}) == ["duty.stranger"]
    assert codes(world, station, monday, {(monday + 7, "day"): (staff[0],)}) == ["duty.no_shift"]
    assert codes(world, station, monday, {(today, "noon"): (staff[0],)}) == ["duty.no_shift"]
    assert codes(world, station, monday, {(today, "day"): tuple(f"{n}" for n in range(21))}) == ["duty.too_many"]
    commit, _ = people.add(world, ADMIN, "77001", station, ("officer",))
    world.store.writer.submit(commit)
    assert codes(world, station, monday, {(today, "day"): ("77001",)}) == []
    world.store.writer.submit(people.switch(world, ADMIN, "77001", on=False))
    assert codes(world, station, monday, {(today, "day"): ("77001",)}) == ["duty.nobody"]
    for actor, seen, code in (
        (ADMIN, Week(station, monday - 7, 0, {}), "duty.over"),
        (ADMIN, Week(station, monday + 1, 0, {}), "duty.not_monday"),
        (ADMIN, Week("nowhere", monday, 0, {}), "field.unknown_unit"),
        (Actor("o", station, ("officer",)), Week(station, monday, 0, {}), "access.denied"),
        (Actor("c", world.city.organisation.of_kind("station")[1].key, ("chief",)), Week(station, monday, 0, {}),
         "access.denied"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=re.escape(code)):
            duties.set_week(world, actor, seen, {})


async def test_the_chief_writes_copies_takes_out_and_brings_in(
    world: World, browser: Any, station: str, staff: list[str], today: int
) -> None:
    chief = next(o.number for o in world.city.roster.of_unit(station) if "chief" in o.roles)
    await browser.log_in(chief)
    address, monday = f"/units/{station}/duty", duties.monday_of(today)
    page = await browser.get(address)
    assert page.text.count('class="in" name="at-') == 21
    heads = re.findall(r'<th>(\w+) <span class="num">([^<]+)<', page.text)
    assert heads == [("日班", "08:00–16:00"), ("中班", "16:00–24:00"), ("夜班", "次日00:00–08:00")]
    form = {f"at-{today}-day": f"{staff[0]}、{staff[1]}", f"at-{today}-evening": staff[0]}
    wrong = await browser.post(address, monday=monday, version=0, **form)
    assert wrong.status_code == 422
    assert re.search(r"只休息0小时", wrong.text)
    assert f'value="{staff[0]} {staff[1]}"' in wrong.text, "every word is kept"
    form[f"at-{today}-evening"] = staff[2]
    page = await browser.post(address, monday=monday, version=0, **form)
    assert "已保存" in page.text
    again = await browser.post(address, monday=monday, version=0, **form)
    assert "刚被别人改过" in again.text
    table = await browser.client.get(f"{address}/csv", params={"week": "2026-11-24"})
    lines = table.content.decode("utf-8-sig").splitlines()
    assert lines[:3] == ["日期,班次,警号,带班", f"2026-11-24,日班,{staff[0]},是", f"2026-11-24,日班,{staff[1]},"]
    copied = await browser.get(address, week="2026-12-01", copy="yes")
    assert f'name="at-{today + 7}-day" value="{staff[0]} {staff[1]}"' in copied.text
    assert duties.week(world, station, monday + 7).cells == {}, "copied into the form only"
    for encoding in ("utf-8-sig", "gb18030"):
        page = await brought(
            browser, address, monday, "\n".join([lines[0], f"2026/11/25,夜班,{staff[3]},是"]).encode(encoding)
        )
        assert f'name="at-{today + 1}-night" value="{staff[3]}"' in page.text
    for text, words in (
        ("", "是空的"),
        (f"h\n2026-12-25,日班,{staff[0]},", "第2行"),
        (f"h\n2026-11-25,午班,{staff[0]},", "午班"),
    ):
        page = await brought(browser, address, monday, text.encode())
        assert (page.status_code, words in page.text) == (422, True)
    unit = (await browser.get(f"/units/{station}")).text
    assert f"日班 08:00–16:00</dt><dd>{roled(world, staff[0])}（带班）" in unit


def roled(world: World, number: str) -> str:
    roles = world.city.roster[number].roles
    return f"负责人{number}" if "chief" in roles else f"警员{number}"


async def brought(browser: Any, address: str, monday: int, raw: bytes) -> Any:
    token = re.search(r'name="_csrf_token" value="([^"]*)"', browser.text)
    assert token
    data = {"_csrf_token": token[1], "monday": str(monday)}
    answer = await browser.client.post(f"{address}/csv", data=data, files={"file": ("w.csv", raw, "text/csv")})
    return browser._seen(answer)


async def test_a_matter_names_who_is_on_duty_in_its_unit(
    world: World, browser: Any, received: Matter, today: int, write: Callable[..., Week]
) -> None:
    officer = world.city.roster.of_unit(received.lead, "officer")[-1]
    await browser.role("overseer")
    page = f"/matters/{shown(received.number)}"
    assert "值班：" not in (await browser.get(page)).text
    write({(today, "day"): (officer.number,)}, unit=received.lead)
    assert f"值班：警员{officer.number}（带班）" in (await browser.get(page)).text


async def test_units_show_their_areas_and_people_and_who_may_not_write_reads(
    world: World, browser: Any, station: str, staff: list[str], today: int, write: Callable[..., Week]
) -> None:
    write({(today, "day"): (staff[1],)})
    await browser.role("operator")
    page = (await browser.get("/units")).text
    assert page.count('href="/units/') >= len(world.city.organisation)
    assert staff[1] in page
    page = (await browser.get(f"/units/{station}/duty")).text
    assert ('name="at-' in page, f"{staff[1]}（带班）" in page, "值班表由" in page) == (False, True, True)
    assert (await browser.post(f"/units/{station}/duty", monday=duties.monday_of(today), version=1)).status_code == 403
    street = next(a for a in world.city.areas.by_key.values() if a.unit == station and a.level == "street")
    page = (await browser.get(f"/units/{station}")).text
    assert (street.name in page, all(number in page for number in staff)) == (True, True)
    assert (await browser.get("/units/nowhere")).status_code == 404
    assert (await browser.get(f"/units/{station}/duty", week="soon")).status_code == 422


def test_shifts_of_the_pack_are_checked(demo_city: Any) -> None:
    assert minutes(Shift("n", "夜班", "Night", "22:30", "31:00")) == (1350, 1860)
    wrong = [
        Shift("a", "甲", "A", "8:00", "16:00"), Shift("b", "乙", "B", "08:00", "12:00"),
        Shift("c", "丙", "C", "11:00", "13:00"), Shift("b", "", "B", "14:00", "49:00"),
    ]  # fmt: skip
    assert [(code, params["shift"]) for code, _, params in shift_problems(wrong)] == [
        ("city.shift_times", "a"), ("city.shift_times", "c"), ("city.shift_unnamed", "b"), ("city.shift_times", "b"),
    ]  # fmt: skip
    files = dict(read_pack(demo_city))
    about = json.loads(files["city.json"])
    day = {"key": "day", "name": "白班", "name_en": "Day", "begins": "08:00", "ends": "20:00"}
    files["city.json"] = json.dumps(about | {"shifts": [day]}).encode()
    assert [s.name for s in build_city(files).about.shifts] == ["白班"]
    files["city.json"] = json.dumps(about | {"shifts": [day | {"ends": "07:00"}]}).encode()
    with pytest.raises(CityError, match=r"city\.shift_times"):
        build_city(files)
