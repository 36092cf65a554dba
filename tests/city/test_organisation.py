"""Units, people and their relations, against plain walks up the tree."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.city.errors import CityError
from anlan.city.organisation import Organisation, Unit, district_problems, problems_of
from anlan.city.pack import City
from anlan.city.people import Officer, Roster, roster_problems


def unit(key: str, parent: str = "", kind: str = "team", district: str = "") -> Unit:
    return Unit(key, key, key, kind, parent, district)


@st.composite
def trees(draw: Any) -> list[Unit]:
    size = draw(st.integers(1, 12))
    units = [unit("u0")] + [unit(f"u{i}", f"u{draw(st.integers(0, i - 1))}") for i in range(1, size)]
    return draw(st.permutations(units))


@given(units=trees())
def test_relation_agrees_with_walking_up(units: list[Unit]) -> None:
    organisation = Organisation(units)
    parent = {u.key: u.parent for u in units}

    def chain(key: str) -> list[str]:
        return [] if not parent[key] else [parent[key], *chain(parent[key])]

    for a, b in itertools.product(parent, repeat=2):
        expected = (
            "own" if a == b
            else "below" if a in chain(b)
            else "above" if b in chain(a)
            else "beside" if parent[a] == parent[b]
            else "foreign"
        )  # fmt: skip
        assert organisation.relation(a, b) == expected
    for key in parent:
        assert [u.key for u in organisation.above(key)] == chain(key)
        assert {u.key for u in organisation.below(key)} == {k for k in parent if key in chain(k)}


@pytest.mark.parametrize(
    ("units", "code"),
    [
        ([], "organisation.roots"),
        ([unit("a"), unit("b")], "organisation.roots"),
        ([unit("a"), unit("b", "c")], "unit.parent_unknown"),
        ([unit("a"), unit("b", "c"), unit("c", "b")], "unit.cycle"),
        ([unit("a"), unit("a", "a")], "unit.twice"),
        ([unit("a", kind="palace")], "unit.kind_unknown"),
        ([unit("甲")], "unit.key_not_ascii"),
        ([Unit("a", " ", "a", "bureau")], "unit.unnamed"),
    ],
)
def test_a_broken_tree_is_refused_and_named(units: list[Unit], code: str) -> None:
    assert code in [c for c, _, _ in problems_of(units)]
    with pytest.raises(CityError):
        Organisation(units)


def test_districts_need_one_branch_and_units_a_known_district() -> None:
    units = [unit("a"), unit("b", "a", "branch", "1"), unit("s", "b", "station", "9"), unit("t", "b", "station")]
    assert [(c, w) for c, w, _ in district_problems(units, ["1", "2"])] == [
        ("district.branches", "2"),
        ("unit.district_unknown", "s"),
        ("unit.no_district", "t"),
    ]


def test_the_demo_city_has_the_shape_of_a_bureau(demo: City) -> None:
    organisation = demo.organisation
    assert organisation.root.kind == "bureau"
    assert len(organisation.of_kind("branch")) == 10
    assert len(organisation.of_kind("team", line="traffic")) == 10
    assert 130 <= len(organisation.of_kind("station")) <= 150
    assert [u.key for u in organisation.of_kind("team", "370202", "traffic")] == ["traffic.370202"]
    assert organisation.relation("branch.370202", "station.370202001") == "below"
    assert organisation.relation("station.370202001", "station.370202002") == "beside"
    assert organisation.relation("station.370202001", "station.370203001") == "foreign"
    with pytest.raises(CityError, match=r"unit\.unknown"):
        organisation.relation("bureau", "nobody")
    assert "bureau" in organisation
    assert {u.key for u in organisation} == set(organisation.units)


def test_the_demo_roster_is_led_and_staffed(demo: City) -> None:
    assert 1300 <= len(demo.roster) <= 1700
    for station in demo.organisation.of_kind("station"):
        assert len(demo.roster.of_unit(station.key, "chief")) == 1
        assert len(demo.roster.of_unit(station.key, "officer")) >= 4
    assert len(demo.roster.of_unit("centre.hotline", "callback")) >= 10
    for role in ("operator", "overseer", "auditor", "security", "system"):
        assert demo.roster.with_role(role)
    assert not {o.number for o in demo.roster.with_role("callback")} & {
        o.number for o in demo.roster.with_role("officer")
    }


def test_officers_are_numbers_once_with_known_roles() -> None:
    bad = [
        Officer("1", "a", ("officer",)),
        Officer("1", "a", ("officer",)),
        Officer("2", "a", ("king",)),
        Officer("3", "a", ()),
    ]
    assert [(c, w) for c, w, _ in roster_problems(bad)] == [
        ("officer.twice", "1"),
        ("officer.role_unknown", "2"),
        ("officer.role_unknown", "3"),
    ]
    with pytest.raises(CityError, match=r"officer\.twice"):
        Roster(bad)
    with pytest.raises(CityError, match=r"officer\.unknown"):
        Roster([])["1"]
