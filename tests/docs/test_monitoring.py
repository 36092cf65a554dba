"""The dashboard and the alert rules name only metrics that exist, and the run book explains every alert."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from anlan.telemetry.metrics import SAMPLED, names

OPERATE = Path(__file__).parents[2] / "docs/operate"
NAME = re.compile(r"\banlan_\w+")
RULES: list[dict[str, Any]] = yaml.safe_load((OPERATE / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
DASHBOARD = json.loads((OPERATE / "dashboard.json").read_text("utf-8"))
ASKED = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]


@pytest.mark.parametrize("expression", [*ASKED, *(rule["expr"] for rule in RULES)])
def test_every_metric_that_is_asked_for_exists(expression: str) -> None:
    named = set(NAME.findall(expression))
    assert named or 'up{job="anlan"}' in expression
    assert named <= names()


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {name for expression in ASKED for name in NAME.findall(expression)}
    missing = {name for name in SAMPLED if name not in shown}
    bases = {re.sub(r"_(bucket|count|sum)$", "", name) for name in names() - set(SAMPLED)}
    missing |= {base for base in bases if not any(one.startswith(base) for one in shown)}
    assert missing == set()


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_the_run_book_says_what_to_do(rule: dict[str, Any]) -> None:
    page = (OPERATE / "monitoring.md").read_text("utf-8")
    line = next((one for one in page.splitlines() if one.startswith(f"| {rule['alert']} |")), "")
    assert line.count("|") == 4, f"{rule['alert']} is not explained"
    assert rule["labels"]["severity"] in {"page", "ticket"}
