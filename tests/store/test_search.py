"""Search finds two-character Chinese words, single characters, word beginnings and the last digits of a plate."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.engines.text import query_terms
from anlan.store.read import Shape

TEXTS = {
    "a": ("路灯不亮", "浮山后小区门口路灯坏了三天，车牌鲁B12345"),
    "b": ("夜间噪声", "改装摩托车炸街，路边灯光也晃眼"),
    "c": ("wifi down", "Street light broken near Building 7"),
    "d": ("占道经营", "早市占道，路人不便"),
}


@pytest.fixture
def found(desk: Any) -> Any:
    numbers = {desk.opened(title=title, text=text).number: key for key, (title, text) in TEXTS.items()}

    def search(query: str, **more: Any) -> set[str]:
        rows = desk.store.read.rows(Shape(terms=tuple(query_terms(query)), **more))
        return {numbers[row.matter.number] for row in rows}

    return search


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("路灯", {"a"}),
        ("噪声", {"b"}),
        ("占道", {"d"}),
        ("路", {"a", "b", "d"}),
        ("亮", {"a"}),
        ("天", {"a"}),
        ("浮山后小区", {"a"}),
        ("12345", {"a"}),
        ("2345", {"a"}),
        ("b123", {"a"}),
        ("stre", {"c"}),
        ("Street LIGHT", {"c"}),
        ("路灯 12345", {"a"}),
        ("路灯 噪声", set()),
        ("消防", set()),
        ('"', None),
    ],
)
def test_a_query_finds_what_contains_it(found: Any, query: str, expected: set[str] | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="a query needs"):
            found(query)
    else:
        assert found(query) == expected


def test_every_piece_of_every_text_is_found(found: Any) -> None:
    for key, (_, text) in TEXTS.items():
        for length in (1, 2, 3, 5):
            for start in range(len(text) - length + 1):
                piece = text[start : start + length]
                if any(c.isalnum() for c in piece):
                    assert key in found(piece), piece


def test_search_and_other_filters_go_together(found: Any) -> None:
    assert found("路", leads=("station1",), stages=("assigned", "acting")) == {"a", "b", "d"}
    assert found("路", leads=("station2",)) == set()


def test_an_erased_matter_is_no_longer_found(desk: Any) -> None:
    matter = desk.opened()
    desk.write(desk.change(matter, ("noted", {}), rows=[("DELETE FROM search WHERE rowid = ?", (matter.number,))]))
    assert desk.store.read.rows(Shape(terms=("路灯",))) == []


def test_pages_of_a_search_visit_every_match_once(desk: Any) -> None:
    numbers = [desk.opened().number for _ in range(23)]
    seen: list[int] = []
    after = None
    while page := desk.store.read.rows(Shape(terms=("路灯",), limit=5, after=after)):
        seen += [row.matter.number for row in page]
        after = (page[-1].due or 0, page[-1].matter.number)
    assert seen == sorted(numbers, reverse=True)
