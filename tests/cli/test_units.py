"""`anlan units`: a table of units comes in whole, or not at all and with every wrong line named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from anlan.app import accounts
from anlan.cli import app
from anlan.domains.command import units as board
from anlan.main import open_world

HEAD = "key,call_sign,organisation,vehicle,people,skills,lon,lat,system\n"


@pytest.fixture
def home(tmp_path: Path, demo_city: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(demo_city, tmp_path / "city")
    world = open_world(tmp_path)
    officer = world.city.roster.with_role("dispatcher")[0]
    world.store.writer.submit(accounts.add(world, "d1", officer.unit, ("dispatcher",), "not-a-secret"))
    world.store.writer.submit(accounts.add(world, "o1", officer.unit, ("operator",), "not-a-secret"))
    world.store.close()
    monkeypatch.setenv("ANLAN_HOME", str(tmp_path))
    return tmp_path


def brought(home: Path, text: str, by: str = "d1") -> tuple[int, str]:
    table = home / "units.csv"
    table.write_text(text, "utf-8")
    done = CliRunner().invoke(app, ["units", str(table), "--as", by, "--json"])
    return done.exit_code, done.output


def known(home: Path) -> dict[str, board.Unit]:
    world = open_world(home)
    found = {key: unit for key, (_, unit) in board.register(world).rows().items()}
    world.store.close()
    return found


def test_a_table_comes_in_and_again_changes_words_only(home: Path) -> None:
    house = "station.370202001"
    line = f"n-1,南91,{house},car,2,first_aid;water,120.390,36.066,gcj02\n"
    assert brought(home, HEAD + line)[0] == 0
    unit = known(home)["n-1"]
    assert (unit.call_sign, unit.skills, unit.state) == ("南91", ("first_aid", "water"), "off")
    assert unit.home is not None
    assert 300 < abs(unit.home[0] - 120_390_000) < 8_000, "converted at the door"
    assert brought(home, HEAD + line.replace("南91", "南92"))[0] == 0
    assert known(home)["n-1"].call_sign == "南92"


def test_one_wrong_line_keeps_all_out_and_every_wrong_line_is_named(home: Path) -> None:
    house = "station.370202001"
    rows = [("n-1", house, "car"), ("n-1", house, "car"), ("n-3", "nowhere", "car"), ("n-4", house, "ufo")]
    text = HEAD + "".join(f"{key},南91,{at},{vehicle},2,,,,\n" for key, at, vehicle in rows)
    code, said = brought(home, text)
    assert code == 1
    for line, refusal in ((3, "units.twice"), (4, "field.unknown_unit"), (5, "field.not_an_option")):
        assert f":{line} {refusal}" in said.replace("\n", " ")
    assert known(home) == {}


def test_who_may_not_deploy_brings_nothing(home: Path) -> None:
    code, said = brought(home, HEAD + "n-1,南91,station.370202001,car,2,,,,\n", by="o1")
    assert (code, "access.denied" in said) == (1, True)
    assert brought(home, "a,b\n1,2\n")[0] == 2
    assert brought(home, HEAD, by="nobody")[0] == 2
