"""Docs fail the build when they lie: the tutorial is run, the reference compared."""

from __future__ import annotations

import doctest
import shutil
import time
from pathlib import Path
from typing import Any

from anlan.cli.docs import pages
from anlan.links.webhook import secret_text, signed

DOCS = Path(__file__).parents[2] / "docs"


def test_tutorial_runs_as_it_stands(tmp_path: Path) -> None:
    found = doctest.testfile(str(DOCS / "start/tutorial.md"), module_relative=False, globs={"home": tmp_path / "home"})
    shutil.rmtree(tmp_path)
    assert found.attempted > 15
    assert found.failed == 0


def test_reference_says_what_the_code_says() -> None:
    for name, text in pages().items():
        assert (DOCS / "reference" / f"{name}.md").read_text("utf-8") == text, f"run `anlan docs`: {name} is behind"


def test_every_decision_is_in_the_navigation() -> None:
    navigation = (DOCS.parent / "mkdocs.yml").read_text("utf-8")
    for page in DOCS.glob("decisions/*.md"):
        assert page.name in navigation


def test_makefile_explains_every_target() -> None:
    for line in (DOCS.parent / "Makefile").read_text("utf-8").splitlines():
        name = line.split(":")[0]
        if (
            line
            and name.replace("-", "").isalpha()
            and ":" in line
            and not line.startswith((".", "\t"))
            and ":=" not in line
        ):
            assert "## " in line, f"{name} has no help"


def test_the_receivers_check_as_documented_tells_true_from_forged() -> None:
    page = (DOCS / "operate/webhooks.md").read_text("utf-8")
    scope: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], scope)
    now, body = int(time.time()), b'{"id":"370202-1"}'
    headers = signed(b"k" * 24, "370202-1", now, body)
    genuine = scope["genuine"]
    assert genuine(secret_text(b"k" * 24), headers, body)
    assert not genuine(secret_text(b"o" * 24), headers, body)
    assert not genuine(secret_text(b"k" * 24), headers, body + b" ")
    assert not genuine(secret_text(b"k" * 24), headers | {"webhook-id": "370202-2"}, body)
    assert not genuine(secret_text(b"k" * 24), signed(b"k" * 24, "370202-1", now - 400, body), body)
