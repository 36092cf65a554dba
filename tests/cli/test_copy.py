"""`anlan copy`, as it is called."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import NOON
from typer.testing import CliRunner

from anlan.app import receive
from anlan.app.world import SYSTEM, World
from anlan.cli import app
from anlan.loop.domain import Intake
from anlan.main import open_world
from anlan.store.read import Shape
from anlan.store.store import Place

RUN = CliRunner()


def test_an_installation_goes_to_a_server_and_comes_back(world: World, tmp_path: Path, postgres_url: str) -> None:
    intake = Intake(channel="web", outside_id="a", at=NOON, title="路灯不亮", text="三路路灯不亮", name="王女士")
    commit = receive.prepare(world, world.domains["hotline"], intake, SYSTEM).commit
    (matter,) = world.store.writer.submit(commit).matters
    world.store.close()
    home, back = world.store.home, tmp_path / "back"
    environment = {"ANLAN_HOME": str(home)}
    for source, target in ((f"sqlite:{home}", postgres_url), (postgres_url, f"sqlite:{back}")):
        done = RUN.invoke(app, ["copy", "--from", source, "--to", target, "--json"], env=environment)
        assert done.exit_code == 0, done.output
        said = json.loads(done.stdout)
        assert (said["matters"], said["different"], said["faults_to"]) == (1, [], 0)
    again = open_world(Place(back))
    assert again.store.vault.open([matter.text])[matter.text]["title"] == "路灯不亮"
    assert [row.matter.number for row in again.store.read.rows(Shape(terms=("路灯",)))] == [matter.number]
    again.store.close()


def test_what_is_not_there_is_not_copied(tmp_path: Path, postgres_url: str) -> None:
    done = RUN.invoke(app, ["copy", "--from", f"sqlite:{tmp_path}/none", "--to", postgres_url])
    assert done.exit_code == 2
    assert not (tmp_path / "none").exists()
