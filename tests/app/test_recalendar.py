"""A year's calendar comes out: one fact for each matter that had leant on a guess, told from its facts, replayable."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from anlan.app import handle, receive
from anlan.app.recalendar import recalendar
from anlan.app.world import World
from anlan.city.days import read_calendar, write_calendar
from anlan.city.pack import City, build_city, read_pack
from anlan.cli import app
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.loop.retime import retell, story
from anlan.store.rebuild import compare

YEAR_2027 = {"holidays": ["2027-01-01", "2027-01-04", "2027-01-05"], "makeup_days": ["2027-01-09"]}
HOUR_MS = 3_600_000


def ms(text: str) -> int:
    """UTC milliseconds of a city time."""
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp() * 1000) - 8 * HOUR_MS


class Desk:
    """Opens matters and moves them at given city times."""

    def __init__(self, world: World, somebody: Callable[..., Actor]) -> None:
        self.world, self.somebody, self.made = world, somebody, 0

    def opened(self, when: str, category: str = "traffic.parking") -> Matter:
        self.world.clock = lambda: ms(when)
        self.made += 1
        place = self.world.city.places.places[self.made]
        said = ("web", f"w-{self.made}", "占道", "占道停车", self.world.clock(), place.lon, place.lat)
        one = Intake(*said, category=category)
        prepared = receive.prepare(self.world, self.world.domains["hotline"], one, self.somebody("operator"))
        return self.world.store.writer.submit(prepared.commit).matters[0]

    def moves(self, matter: Matter, when: str, key: str, role: str = "", **fields: Any) -> Matter:
        self.world.clock = lambda: ms(when)
        now = self.world.store.read.matter(matter.number)
        who = self.somebody(role) if role else self.officer(now.lead)
        commit = handle.prepare(self.world, now.number, Intent(key, now.version, fields), who)
        return self.world.store.writer.submit(commit).matters[0]

    def officer(self, unit: str) -> Actor:
        found = self.world.city.roster.of_unit(unit, "officer")[-1]
        return Actor(found.number, found.unit, ("officer",))


@pytest.fixture
def desk(world: World, somebody: Callable[..., Actor]) -> Desk:
    return Desk(world, somebody)


@pytest.fixture
def published(world: World, tmp_path: Path) -> City:
    files = read_pack(tmp_path / "city")
    return build_city({**files, "calendar.json": json.dumps({"2027": YEAR_2027}).encode()})


def shown(matter: Matter) -> str:
    due = matter.clocks["matter"].due
    assert due is not None
    return datetime.fromtimestamp(due * 60, UTC).strftime("%m-%d %H:%M")


def test_provisional_clocks_are_told_again_and_others_left_alone(world: World, desk: Desk, published: City) -> None:
    november = desk.opened("2026-11-24T10:00")
    december = desk.opened("2026-12-30T10:00")
    noise = desk.opened("2026-12-24T10:00", "public_order.noise")
    assert (shown(december), december.clocks["matter"].provisional) == ("01-06 17:30", True)
    dry = recalendar(world, published, [2027], dry=True)
    assert (dry.tried, dry.told, dry.moved) == (3, 1, 1)
    assert world.store.read.matter(december.number) == december
    done = recalendar(world, published, [2027])
    assert done == dry
    now = world.store.read.matter(december.number)
    assert (shown(now), now.clocks["matter"].provisional) == ("01-09 17:30", False), "31 Dec, 6, 7, 8, and 9 made up"
    fact = world.store.read.facts(december.number)[-1]
    assert (fact.kind, fact.actor, fact.data["years"]) == ("recalendared", "system", [2027])
    for matter in (november, noise):
        assert world.store.read.matter(matter.number).version == matter.version
    assert recalendar(world, published, [2027]).told == 0, "the second time there is nothing to do"


def test_holds_extensions_and_a_held_clock_are_folded_from_the_facts(world: World, desk: Desk, published: City) -> None:
    worked, held = desk.opened("2026-12-29T10:00"), desk.opened("2026-12-29T10:00")
    for matter in (worked, held):
        desk.moves(matter, "2026-12-29T11:00", "accept")
        desk.moves(matter, "2026-12-30T09:00", "hold", reason="weather")
    desk.moves(worked, "2026-12-31T15:00", "resume")
    desk.moves(worked, "2027-01-04T09:00", "extend", "overseer", days=3)
    desk.moves(held, "2027-01-04T09:00", "resume")
    desk.moves(held, "2027-01-05T09:00", "hold", reason="weather")
    recalendar(world, published, [2027])
    calendar = world.calendar
    world.city = published
    world.__post_init__()
    for matter in (worked, held):
        now = world.store.read.matter(matter.number)
        told = story(world.store.read.facts(matter.number), "matter", calendar)
        assert told is not None
        assert now.clocks["matter"] == retell(told, world.calendar)
        assert not now.clocks["matter"].provisional
    at_rest = world.store.read.matter(held.number).clocks["matter"]
    assert (at_rest.held, at_rest.left % world.calendar.day_minutes) == (True, world.calendar.day_minutes - 30)
    resumed = desk.moves(held, "2027-01-06T08:30", "resume")
    assert not resumed.clocks["matter"].provisional


def test_what_was_told_again_is_replayed_byte_for_byte(world: World, desk: Desk, published: City) -> None:
    for n in range(5):
        desk.opened(f"2026-12-{25 + n}T10:00")
    assert recalendar(world, published, [2027]).told >= 3
    world.store.close()
    flows = {(d.key, f.key): f for d in world.domains.values() for f in d.flows}
    assert compare(world.store.database, flows).different == []


def test_the_command_takes_the_year_into_the_pack(
    world: World, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    december = desk.opened("2026-12-30T10:00")
    world.store.close()
    monkeypatch.setenv("ANLAN_HOME", str(tmp_path))
    years = tmp_path / "2027.json"
    years.write_text(json.dumps({"2027": YEAR_2027}), "utf-8")
    before = (tmp_path / "city" / "calendar.json").read_bytes()
    dry = CliRunner().invoke(app, ["city", "calendar", str(years), "--dry-run", "--json"])
    assert (json.loads(dry.stdout)["moved"], (tmp_path / "city" / "calendar.json").read_bytes()) == (1, before)
    done = CliRunner().invoke(app, ["city", "calendar", str(years), "--json"])
    assert json.loads(done.stdout)["examples"][0]["number"] == december.number
    kept = read_calendar((tmp_path / "city" / "calendar.json").read_bytes())
    assert write_calendar(kept) == (tmp_path / "city" / "calendar.json").read_bytes()
    assert set(kept) == {2027}
    years.write_text('{"2027": {"holidays": ["2026-01-01"]}}', "utf-8")
    assert CliRunner().invoke(app, ["city", "calendar", str(years)]).exit_code == 2
