"""Mileages as said and written: a table of what callers and officers use, what is none, and every post read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.city.mileage import DOWN, UP, heading, read, side, towards, written

SAID = [
    ("G20 K12+300", (12_300,), ("G20",)),
    ("K12+300", (12_300,), ()),
    ("Ｋ１２＋３００", (12_300,), ()),
    ("g20 k12 + 300", (12_300,), ("G20",)),
    ("G20高速青岛方向K12+300", (12_300,), ("G20",)),
    ("K12+300米往东", (12_300,), ()),
    ("K12", (12_000,), ()),
    ("K12.35", (12_350,), ()),
    ("12+300", (12_300,), ()),
    ("K12+5", (12_005, 12_500), ()),
    ("K12+50", (12_050, 12_500), ()),
    ("K1234+567", (1_234_567,), ()),
    ("12公里300米", (12_300,), ()),
    ("12.3公里", (12_300,), ()),
    ("12km300m", (12_300,), ()),
    ("G20 12公里300米", (12_300,), ("G20",)),
    ("G20二十公里", (20_000,), ("G20",)),
    ("十二公里三百米", (12_300,), ()),
    ("十二点三公里", (12_300,), ()),
    ("一百零五公里二百米", (105_200,), ()),
    ("一百公里零五十米", (100_050,), ()),
    ("二零四国道十五公里半", (15_500,), ("G204",)),
    ("204国道15公里处", (15_000,), ("G204",)),
    ("省道211 K8", (8_000,), ("S211",)),
    ("G二十 K五加三百", (5_300,), ("G20",)),
    ("K一百零五加三百", (105_300,), ()),
    ("K幺二加三百", (12_300,), ()),
    ("G20与S211交叉 K3", (3_000,), ("G20", "S211")),
]


@pytest.mark.parametrize(("text", "metres", "numbers"), SAID)
def test_what_people_say_is_read(text: str, metres: tuple[int, ...], numbers: tuple[str, ...]) -> None:
    found = read(text)
    assert found is not None
    assert (found.metres, found.numbers) == (metres, numbers)


@pytest.mark.parametrize(
    "text",
    ["", "海云小区12号楼", "十里铺", "三里河公园", "二百米", "G20 K12+1000", "36.06, 120.38", "K", "G2012公里300米"],
)
def test_what_is_no_mileage_is_left_alone(text: str) -> None:
    assert read(text) is None


def test_a_length_without_a_k_is_bare() -> None:
    assert [found.bare for text in ("3公里", "K3", "3+000") if (found := read(text))] == [True, False, False]


DIRECTIONS = [
    ("往东", 90, ""),
    ("由东向西", 270, ""),
    ("西南方向", 225, ""),
    ("东行", 90, ""),
    ("青银高速东向", 90, ""),
    ("往东营方向", None, "东营"),
    ("往北京", None, "北京"),
    ("青岛东方向", None, "青岛东"),
    ("开往银川", None, "银川"),
    ("从青岛往银川方向", None, "银川"),
    ("环湾快速路往机场方向", None, "机场"),
    ("路边", None, ""),
]


@pytest.mark.parametrize(("text", "quarter", "place"), DIRECTIONS)
def test_a_quarter_of_the_sky_is_told_from_a_town(text: str, quarter: int | None, place: str) -> None:
    assert heading(text) == quarter
    assert quarter is not None or towards(text) == place


def test_sides() -> None:
    assert [side(text) for text in ("上行", "下行K3", "上行下行", "东行")] == [UP, DOWN, "", ""]


TENS = ("", "十", "百", "千")


def spoken(number: int) -> str:
    """A number as it is read aloud, written here a second time and the other way round."""
    digits, said = str(number), ""
    for place, digit in enumerate(reversed(digits)):
        if digit != "0":
            said = "零一二三四五六七八九"[int(digit)] + TENS[place] + said
        elif said and said[0] != "零":
            said = "零" + said
    return said or "零"


@given(st.integers(0, 9_999), st.integers(0, 999))
def test_every_post_is_read_again_however_it_is_written(kilometres: int, metres: int) -> None:
    whole = kilometres * 1000 + metres
    forms = [
        written(whole),
        f"G20 {written(whole)}",
        written(whole).lower().translate({ord("k"): "ｋ", ord("+"): "＋"}),
        f"{kilometres}公里{metres}米",
        f"{kilometres}.{metres:03d}公里",
        f"{spoken(kilometres)}公里{spoken(metres)}米",
        f"K{spoken(kilometres)}加{metres:03d}",
    ]
    for form in forms:
        found = read(form)
        assert found is not None, form
        assert found.metres == (whole,), form


@given(st.text(alphabet="gskKG+.0123456789 公里米千百十零二点加往东方向上行青银高速国道", max_size=40))
def test_nothing_that_is_typed_breaks_it(text: str) -> None:
    found = read(text)
    assert found is None or all(0 <= metres < 10_000_000 for metres in found.metres)
