"""Docs fail the build when they lie: the tutorial is run, the reference compared."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path

from anlan.cli.docs import pages

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
