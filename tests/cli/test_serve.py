"""`anlan serve` says what is wrong with its settings before it begins to serve."""

from __future__ import annotations

from pathlib import Path

import granian
import pytest
from typer.testing import CliRunner

from anlan.cli import app


def test_a_setting_of_single_sign_on_that_is_missing_ends_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def served(*_: object, **__: object) -> None:
        raise AssertionError("it began to serve")

    (tmp_path / "city").mkdir()
    monkeypatch.setattr(granian, "Granian", served)
    monkeypatch.setenv("ANLAN_HOME", str(tmp_path))
    monkeypatch.setenv("ANLAN_OIDC_ISSUER", "https://sso.example")
    result = CliRunner().invoke(app, ["serve"])
    assert (result.exit_code, "ANLAN_OIDC_CLIENT_ID" in result.stderr) == (2, True)
