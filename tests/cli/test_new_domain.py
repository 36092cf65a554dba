"""`anlan new-domain`: one folder, no other edit, and it is sound as it stands."""

from __future__ import annotations

import tomllib
from pathlib import Path

from typer.testing import CliRunner

from anlan.cli import app

run = CliRunner().invoke


def test_a_skeleton_compiles_and_speaks_both_languages(tmp_path: Path) -> None:
    assert run(app, ["new-domain", "weather", "--under", str(tmp_path)]).exit_code == 0
    made = tmp_path / "weather"
    for path in made.rglob("*.py"):
        compile(path.read_text("utf-8"), str(path), "exec")
        assert "@NAME@" not in path.read_text("utf-8")
    zh, en = (tomllib.loads((made / f"strings.{x}.toml").read_text("utf-8")) for x in ("zh", "en"))
    assert {k: set(v) for k, v in zh.items() if k != "title"} == {k: set(v) for k, v in en.items() if k != "title"}


def test_a_name_that_is_none_and_one_that_is_taken(tmp_path: Path) -> None:
    assert run(app, ["new-domain", "Bad-Name", "--under", str(tmp_path)]).exit_code == 2
    assert run(app, ["new-domain", "weather", "--under", str(tmp_path)]).exit_code == 0
    assert run(app, ["new-domain", "weather", "--under", str(tmp_path)]).exit_code == 2
