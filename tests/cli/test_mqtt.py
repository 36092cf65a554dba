"""A unit's password is printed once, is good at the broker inside, and can be taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from anlan.cli import app
from anlan.links.broker import Passwords


def test_a_unit_gets_a_password_and_loses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_HOME", str(tmp_path))
    made = CliRunner().invoke(app, ["mqtt", "password", "car.12", "--json"])
    said = json.loads(made.stdout)
    assert said["user"] == "car.12"
    assert Passwords(tmp_path).holds("car.12", said["password"])
    assert CliRunner().invoke(app, ["mqtt", "remove", "car.12"]).exit_code == 0
    assert not Passwords(tmp_path).holds("car.12", said["password"])
    assert CliRunner().invoke(app, ["mqtt", "remove", "car.12"]).exit_code == 2
    assert CliRunner().invoke(app, ["mqtt", "password", "a/b"]).exit_code == 2
