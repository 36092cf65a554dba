"""Every word in both languages, for every key that the code can ask for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anlan import main
from anlan.loop.callback import OUTCOMES
from anlan.loop.counters import COUNTERS
from anlan.loop.evolve import RULES
from anlan.web.language import LANGUAGES, Strings, strings

SOURCE = Path(main.__file__).parent
DOMAINS = tuple(main.discover())
CODE = re.compile(r'(?:Refused|CityError)\(\s*"([a-z_]+\.[a-z_]+)"')
ASKED = re.compile(r"""(?<![\w.])t\(\s*['"]([a-z_]+(?:\.[\w]+)*)['"]""")
BRACES = re.compile(r"\{(\w+)")


@pytest.fixture(params=LANGUAGES)
def words(request: pytest.FixtureRequest) -> Strings:
    return strings(request.param, DOMAINS)


def test_both_languages_have_the_same_keys_and_parameters() -> None:
    zh, en = (strings(language, DOMAINS)._table for language in LANGUAGES)
    assert set(zh) == set(en)
    for key in zh:
        assert set(BRACES.findall(en[key])) <= set(BRACES.findall(zh[key])) | {"mon", "y"}, key


def test_every_refusal_in_the_source_has_words(words: Strings) -> None:
    codes = {code for path in SOURCE.rglob("*.py") for code in CODE.findall(path.read_text("utf-8"))}
    codes.add("matter.conflict")
    assert len(codes) > 60
    assert sorted(code for code in codes if f"error.{code}" not in words) == []


def test_every_key_that_templates_and_code_name_has_words(words: Strings) -> None:
    files = [*SOURCE.glob("web/*.py"), *SOURCE.glob("web/templates/*.html")]
    asked = {key for path in files for key in ASKED.findall(path.read_text("utf-8"))}
    prefixes = {k.rpartition(".")[0] + "." for k in words._table}
    assert sorted(k for k in asked if k not in words and f"{k}." not in prefixes) == []


def test_flows_channels_and_measures_are_named(words: Strings) -> None:
    for domain in main.discover().values():
        wanted = [f"measure.{m.key}" for m in domain.measures] + [f"formula.{m.key}" for m in domain.measures]
        wanted += [f"channel.{c.key}" for c in domain.channels] + ["title"]
        for flow in domain.flows:
            wanted += [f"stage.{s.key}" for s in flow.stages] + [f"public.{s.key}" for s in flow.stages]
            wanted += [f"move.{m.key}" for m in flow.moves] + [f"clock.{c.key}" for c in flow.clocks]
            for move in flow.moves:
                wanted += [f"field.{f.key}" for f in move.needs]
                wanted += [f"option.{o}" for f in move.needs for o in f.options]
        wanted += [f"callback.{o}" for o in (*OUTCOMES, "pending", "waived")]
        assert [key for key in wanted if f"{domain.key}.{key}" not in words] == []


def test_every_kind_of_fact_is_told(words: Strings) -> None:
    assert [kind for kind in (*RULES, "received", "read") if f"fact.{kind}" not in words] == []


def test_every_counter_is_named(words: Strings) -> None:
    assert [name for name in COUNTERS if f"counter.{name}" not in words] == []
