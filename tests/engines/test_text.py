"""Tokenising: grams against a slow referee, rows that survive storage, and search terms that never lose a substring."""

from __future__ import annotations

import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.engines import text
from anlan.engines.text import features, from_bytes, many_from_bytes, normalise, query_terms, search_terms, to_bytes

MIXED = st.text(alphabet="丽发新城小区搅拌站扰民ab3Zß１Ａ，。 _\n<é々かハ한😀𠀀", max_size=60)


def kind(character: str) -> str:
    return {0: "gap", 1: "word", 2: "han"}[int(text._kinds(character)[0])]


def spans_of(body: str) -> Counter[str]:
    """The referee: every gram as a string, by loops."""
    kinds = [kind(c) for c in body]
    grams: Counter[str] = Counter()
    for i in range(len(body)):
        if kinds[i] == "han":
            grams[body[i]] += 1
        if "gap" not in kinds[i : i + 2] and "han" in kinds[i : i + 2] and i + 2 <= len(body):
            grams[body[i : i + 2]] += 1
        if "gap" not in kinds[i : i + 3] and i + 3 <= len(body):
            grams[body[i : i + 3]] += 1
        if kinds[i] == "word" and (i == 0 or kinds[i - 1] != "word"):
            end = i
            while end < len(body) and kinds[end] == "word":
                end += 1
            grams["word:" + body[i:end]] += 1
    return grams


@given(MIXED)
def test_grams_are_those_of_the_slow_referee(body: str) -> None:
    wanted = spans_of(normalise(body))
    row = features("", body)
    assert row.grams.size == len(wanted)
    assert sorted(row.counts.tolist()) == sorted(min(n, text.COUNT_MAX) for n in wanted.values())


@given(MIXED)
def test_equal_spans_have_equal_grams_wherever_they_stand(body: str) -> None:
    alone = features("", body).grams
    moved = features("", "前，" + body + "，后").grams
    assert np.isin(alone, moved).all()


@given(MIXED, MIXED)
def test_rows_survive_storage(title: str, body: str) -> None:
    row = features(title, body)
    again = from_bytes(to_bytes(row))
    assert again.grams.tolist() == row.grams.tolist()
    assert again.counts.tolist() == row.counts.tolist()
    assert again.text == ""
    assert (np.diff(row.grams.astype(np.int64)) > 0).all()


@given(st.lists(MIXED, max_size=6))
def test_many_rows_are_read_as_one_by_one(bodies: list[str]) -> None:
    stored = [to_bytes(features(body[:5], body)) for body in bodies]
    for again, row in zip(many_from_bytes(stored), stored, strict=True):
        assert to_bytes(again) == row
    with pytest.raises(ValueError, match="feature row"):
        many_from_bytes([*stored, b"\x01abcde"])


def test_rows_stored_by_earlier_versions_keep_their_meaning() -> None:
    """A gram's number is on disk: these bytes were written by the first version and may never change."""
    row = features("路灯ＮＯ8坏了", "人民路路灯坏了，路灯；路灯𠀀 abc-8")
    assert to_bytes(row).hex() == (
        "01000000864e00ba4e004f5700116c006f7000ef8d00b7a3012e1b057c421964161f03d251ef615530ae5fa85a674c68"
        "6b52e796bd359d41d7b24a15b9b810bb3cabbbdab6c3e638e49e98ecffe2ec3befec74caf16b07f8b3acf86f6ffb223c"
        "d01811151000"
    )


@pytest.mark.parametrize("bad", [b"", b"\x02", b"\x01abcde", b"\x01\x05\x00\x00\x01\x00\x00\x00"])
def test_a_row_it_did_not_write_is_refused(bad: bytes) -> None:
    with pytest.raises(ValueError, match="feature row"):
        from_bytes(bad)


def test_a_title_counts_twice_and_a_row_is_small() -> None:
    assert features("噪音", "").counts.tolist() == [2, 2, 2]
    assert features("", "噪音").counts.tolist() == [1, 1, 1]
    han = [chr(code) for code in range(0x4E00, 0x4E00 + 90)]
    assert len(to_bytes(features("", "".join(han)))) <= 1000


def test_only_the_start_of_a_message_is_read() -> None:
    long = "丽" * text.TEXT_MAX
    assert features("", long + "尾巴").grams.tolist() == features("", long).grams.tolist()


@given(st.text(alphabet="，！？：；（）…㎡１Ａ①é\u0301か\u3099ß丽a ", max_size=30))
def test_half_width_is_what_unicode_says(text: str) -> None:
    assert normalise(text) == unicodedata.normalize("NFKC", text).casefold()


def test_full_width_and_case_make_no_difference() -> None:
    assert features("Ａ３区", "ABC１２").grams.tolist() == features("a3区", "abc12").grams.tolist()


def found_by(query: list[str], terms: set[str]) -> bool:
    """The referee: what a full-text index does with these terms."""
    return all(
        any(term.startswith(wanted[:-1]) for term in terms) if wanted.endswith("*") else wanted in terms
        for wanted in query
    )


@given(MIXED, st.integers(0, 60), st.integers(1, 12))
def test_every_substring_is_found(body: str, start: int, length: int) -> None:
    whole = normalise(body)
    query = whole[start : start + length]
    if any(kind(c) != "gap" for c in query):
        assert found_by(query_terms(query), set(search_terms(whole)))


@given(st.text(alphabet="abc1", min_size=20, max_size=80), st.integers(0, 60), st.integers(1, 60))
def test_long_words_are_found_by_any_part(word: str, start: int, length: int) -> None:
    query = word[start : start + length]
    if query:
        assert found_by(query_terms(query), set(search_terms(word)))


def test_two_character_words_are_terms_and_absent_ones_are_not() -> None:
    terms = set(search_terms("小区噪音扰民，电话12345"))
    assert {"噪音", "扰民", "12345", "345"} <= terms
    assert not found_by(query_terms("音扰区"), terms)
    assert query_terms("区") == ["区*"]
    with pytest.raises(ValueError, match="a query needs"):
        query_terms("，。")
