"""What every line of work promises, whichever it is: found by discovery, so a new folder is held to it at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anlan.api.problems import texts
from anlan.loop.counters import COUNTERS
from anlan.loop.decide import EFFECTS
from anlan.loop.domain import Domain
from anlan.loop.flow import problems
from anlan.main import discover

SOURCE = Path(__file__).parents[2] / "src/anlan"
DOMAINS = sorted(discover().values(), key=lambda d: d.key)
REQUIRED = ("__init__.py", "flow.py", "README.md", "strings.zh.toml", "strings.en.toml", "tests")


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda d: d.key)
class TestDomain:
    def test_flows_have_no_dead_ends_and_every_wait_a_clock(self, domain: Domain) -> None:
        assert {f.key: problems(f) for f in domain.flows if problems(f)} == {}

    def test_every_move_has_a_rule_and_somebody_who_may_make_it(self, domain: Domain) -> None:
        granted = {action for grant in domain.grants for action in grant.actions}
        for flow in domain.flows:
            for move in flow.moves:
                assert move.effect in EFFECTS, move.key
                assert move.action in granted, f"nobody may {move.key}"

    def test_measures_are_made_of_counters_that_exist(self, domain: Domain) -> None:
        for measure in domain.measures:
            assert {measure.over, measure.of or measure.over} <= set(COUNTERS), measure.key

    def test_nobody_who_handles_may_call_back(self, domain: Domain) -> None:
        acting = {g.role for g in domain.grants if "act" in g.actions}
        calling = {g.role for g in domain.grants if "call_back" in g.actions}
        assert not acting & calling

    def test_the_folder_has_what_a_reader_looks_for(self, domain: Domain) -> None:
        for name in REQUIRED:
            assert (SOURCE / "domains" / domain.key / name).exists(), name


def test_every_refusal_has_words_in_both_languages() -> None:
    codes = set()
    for path in SOURCE.rglob("*.py"):
        codes |= set(re.findall(r'(?:Refused|CityError)\(\s*"([a-z_.]+)"', path.read_text("utf-8")))
    assert len(codes) > 60
    for language in ("zh", "en"):
        assert codes - set(texts(language)) == set(), language
    assert set(texts("zh")) == set(texts("en"))
