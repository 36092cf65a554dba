"""Ranking against the referee, every reason for not being ranked, what sending a unit uncovers, run cards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.roads import grid_city, network, referee

from anlan.engines.dispatch.cover import loss_ppm, rows
from anlan.engines.dispatch.rank import PARTS, Place, Rules, Why, rank
from anlan.engines.dispatch.run_card import Need, RunCard, RunCards
from anlan.engines.dispatch.units import NEVER, units_at
from anlan.engines.errors import EngineError
from anlan.engines.travel.network import Kind
from anlan.engines.travel.roads import Roads
from anlan.engines.travel.snap import OFF_ROAD

CITY = grid_city(vehicles=("lights", "normal"))
NETWORK = network(CITY)
LIGHTS = ("lights",)


def to_place(vehicle: str, place: int) -> np.ndarray:
    """Milliseconds from every node, by the referee on the roads turned round."""
    turned = Roads(CITY.lon, CITY.lat, CITY.head, CITY.tail, CITY.metres, CITY.seconds)
    return referee(turned, CITY.seconds[vehicle], place)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(["hierarchy", "dijkstra"]))
def test_the_order_is_the_order_of_arrival(seed: int, kind: Kind) -> None:
    rng = np.random.default_rng(seed)
    count, place = int(rng.integers(1, 30)), int(rng.integers(144))
    node, vehicle = rng.integers(0, 144, count), rng.integers(0, 2, count)
    ready, turnout = rng.choice([0.0, 0.0, 120.5], count), rng.choice([0.0, 38.25], count)
    units = units_at(
        node, ready_s=ready, turnout_s=turnout, access_s=2.5, vehicle=vehicle, vehicles=("lights", "normal")
    )
    drive = np.where(vehicle == 0, to_place("lights", place)[node], to_place("normal", place)[node])
    truth = drive + np.rint(ready * 1000) + np.rint(turnout * 1000) + 2500 + 7000
    found = rank(network(CITY, kind), units, Place(place, walk_s=7.0))
    assert found.arrival_ms.tolist() == truth.tolist()
    assert found.order.tolist() == sorted(range(count), key=lambda unit: (truth[unit], unit))
    assert found.closest == found.order[0]
    assert np.array_equal(found.parts_ms.sum(axis=1), found.arrival_ms)
    assert np.array_equal(found.parts_ms[:, PARTS.index("drive")], drive)


def test_who_is_not_ranked_has_a_reason() -> None:
    units = units_at(
        np.array([0, OFF_ROAD, 1, 2, 3, 4, 5, 6]),
        age_s=[0, 0, -1, 0, 0, 0, 999, 0],
        ready_s=[0, 0, 0, NEVER, 301, 0, 0, 299],
        skills=[3, 3, 3, 3, 3, 1, 3, 7],
        inside=[1, 1, 1, 1, 1, 1, 0, 1],
        vehicles=LIGHTS,
    )
    found = rank(NETWORK, units, Place(140), Rules(outside_within_s=1.0), skills=3)
    expected = [
        Why.RANKED, Why.OFF_ROAD, Why.POSITION_FROM_FUTURE, Why.NOT_AVAILABLE, Why.NOT_AVAILABLE, Why.SKILLS,
        Why.OUTSIDE, Why.RANKED,
    ]  # fmt: skip
    assert found.why.tolist() == expected
    assert sorted(found.order.tolist()) == [0, 7]
    assert (found.arrival_ms[1:7] == -1).all()
    assert found.stale.tolist() == [False] * 6 + [True, False]
    assert np.isnan(found.straight_m[1])
    near = rank(NETWORK, units, Place(140), Rules(outside_within_s=900.0), skills=3)
    assert near.why[6] == Why.RANKED


def test_an_island_unit_is_unreachable_not_far_away() -> None:
    roads = Roads([0, 0.01, 0.02, 0.03], [0] * 4, [0, 1, 2, 3], [1, 0, 3, 2], [900] * 4, {"lights": np.full(4, 60.0)})
    found = rank(network(roads), units_at([2, 1], vehicles=LIGHTS), Place(0))
    assert found.why.tolist() == [Why.UNREACHABLE, Why.RANKED]
    assert found.order.tolist() == [1]
    nobody = rank(network(roads), units_at([2], vehicles=LIGHTS), Place(0))
    assert (nobody.order.size, nobody.closest, nobody.nearest_straight) == (0, None, None)


def test_across_the_water_a_straight_line_sends_the_wrong_unit() -> None:
    lon, lat = [0.0, 0.01, 0.05, 0.05, 0.01], [0.0, 0.0, 0.0, 0.001, 0.001]
    ends = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    both = np.concatenate([ends, ends[:, ::-1]])
    roads = Roads(lon, lat, both[:, 0], both[:, 1], np.full(8, 1000), {"lights": np.full(8, 90.0)})
    found = rank(network(roads), units_at([4, 0], vehicles=LIGHTS), Place(1))
    assert found.nearest_straight == 0
    assert found.order.tolist() == [1, 0]


def test_no_unit_at_all_is_an_empty_list_and_an_unknown_place_is_refused() -> None:
    nobody = units_at(np.empty(0, np.int32), vehicles=LIGHTS)
    assert rank(NETWORK, nobody, Place(3)).order.size == 0
    for units in (nobody, units_at([OFF_ROAD], vehicles=LIGHTS)):
        with pytest.raises(EngineError, match=r"travel\.node_unknown"):
            rank(NETWORK, units, Place(-1))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"node": [[0, 1]]}, "dispatch.lengths"),
        ({"node": [0.5, 1.0]}, "dispatch.lengths"),
        ({"node": [-2, 1]}, "dispatch.lengths"),
        ({"ready_s": [0.0]}, "dispatch.lengths"),
        ({"ready_s": [-1.0, 0.0]}, "dispatch.seconds"),
        ({"ready_s": [np.nan, 0.0]}, "dispatch.seconds"),
        ({"turnout_s": [np.inf, 0.0]}, "dispatch.seconds"),
        ({"access_s": [-0.1, 0.0]}, "dispatch.seconds"),
        ({"age_s": [np.nan, 0.0]}, "dispatch.seconds"),
        ({"skills": [-1, 0]}, "dispatch.skills"),
        ({"skills": [1.0, 0]}, "dispatch.skills"),
        ({"vehicle": [0, 1]}, "dispatch.vehicle"),
        ({"vehicle": [-1, 0]}, "dispatch.vehicle"),
    ],
)
def test_units_that_cannot_be_are_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(EngineError) as refused:
        units_at(**({"node": [0, 1], "vehicles": LIGHTS} | change))
    assert refused.value.code == code


def test_rules_and_places_that_cannot_be_are_refused() -> None:
    for make in (
        lambda: Rules(clear_within_s=-1.0),
        lambda: Rules(stale_s=float("nan")),
        lambda: Rules(cover_weight_s=float("inf")),
        lambda: Place(0, walk_s=-1.0),
        lambda: Place(0, walk_s=float("inf")),
    ):
        with pytest.raises(EngineError, match=r"dispatch\.rule"):
            make()


@pytest.mark.parametrize("busy", [0.0, 0.3, 0.9])
def test_loss_of_cover_is_the_difference_in_cover(busy: float) -> None:
    rng = np.random.default_rng(3)
    covered, weights = rng.random((12, 40)) < 0.2, rng.uniform(0, 5, 40)
    standing = rng.random(12) < 0.7

    def cover(who: np.ndarray) -> float:
        times = covered[who].sum(axis=0)
        return float((weights * (1 - busy**times)).sum() / weights.sum())

    found = loss_ppm(covered, standing, weights, busy)
    for unit in range(12):
        without = standing.copy()
        without[unit] = False
        assert found[unit] == round(1e6 * (cover(standing) - cover(without)))


def test_cover_rows_are_times_within_the_limit() -> None:
    zones = np.arange(0, 144, 5, dtype=np.int32)
    truth = np.array([referee(CITY, CITY.seconds["lights"], s)[zones] for s in (3, 77)]) <= 60_000
    assert np.array_equal(rows(NETWORK, np.array([3, 77], np.int32), zones, 60.0, "lights"), truth)
    assert 0 < truth.sum() < truth.size


@pytest.mark.parametrize(
    ("weights", "busy", "covered", "code"),
    [
        ([1.0, -1.0], 0.3, (2, 2), "dispatch.weights"),
        ([0.0, 0.0], 0.3, (2, 2), "dispatch.weights"),
        ([np.nan, 1.0], 0.3, (2, 2), "dispatch.weights"),
        ([1.0, 1.0], 1.0, (2, 2), "dispatch.busy"),
        ([1.0, 1.0], -0.1, (2, 2), "dispatch.busy"),
        ([1.0, 1.0], 0.3, (3, 2), "dispatch.lengths"),
    ],
)
def test_cover_that_means_nothing_is_refused(
    weights: list[float], busy: float, covered: tuple[int, int], code: str
) -> None:
    with pytest.raises(EngineError) as refused:
        loss_ppm(np.ones(covered, np.bool_), np.ones(2, np.bool_), np.array(weights), busy)
    assert refused.value.code == code


def test_weight_on_cover_may_reorder_but_never_hides_the_closest() -> None:
    units, place = units_at([0, 1, 2, 3], vehicles=LIGHTS), Place(2)
    plain = rank(NETWORK, units, place)
    assert plain.order[0] == plain.closest == 2
    loss = np.array([0, 0, 50_000, 0])  # sending the closest uncovers 5 %
    found = rank(NETWORK, units, place, Rules(cover_weight_s=60.0), loss_ppm=loss)
    assert found.order[0] != 2
    assert found.closest == 2
    assert 2 in found.order
    assert np.array_equal(found.arrival_ms, plain.arrival_ms)
    behind = found.arrival_ms[found.order] + 60.0 * loss[found.order] / 10
    assert (np.diff(behind) >= 0).all()
    with pytest.raises(EngineError, match=r"dispatch\.lengths"):
        rank(NETWORK, units, place, loss_ppm=np.zeros(3, np.int64))


CARDS = RunCards(
    [
        RunCard("any", "", 0, (Need("patrol", 1),)),
        RunCard("urgent", "", 1, (Need("patrol", 1, 2),)),
        RunCard("fire", "fire.", 0, (Need("patrol", 1), Need("engine", 8, 2, "fire_service"))),
        RunCard("fire-1", "fire.", 1, (Need("patrol", 1, 3),)),
        RunCard("high", "fire.house.high", 0, (Need("patrol", 1, 4),)),
    ]
)


@pytest.mark.parametrize(
    ("incident_type", "priority", "key"),
    [
        ("theft", 3, "any"),
        ("theft", 1, "urgent"),
        ("fire.house", 2, "fire"),
        ("fire.house", 1, "fire-1"),
        ("fire.house.high", 1, "high"),
        ("fire.house.low", 1, "fire-1"),
        ("fire", 2, "any"),
    ],
)
def test_the_most_particular_card_counts(incident_type: str, priority: int, key: str) -> None:
    assert CARDS.find(incident_type, priority).key == key


def test_cards_that_cannot_be_filled_are_refused() -> None:
    with pytest.raises(EngineError, match=r"dispatch\.no_card"):
        RunCards([RunCard("fire", "fire.", 0, (Need("engine", 8),))]).find("theft", 1)
    good = RunCard("a", "a", 0, (Need("patrol", 1),))
    for bad in (
        [good, good],
        [RunCard("a", "a", 0, ())],
        [RunCard("a", "a", 0, (Need("patrol", 1, 0),))],
        [RunCard("a", "a", 0, (Need("patrol", 1, 61),))],
        [RunCard("a", "a", 0, (Need("patrol", -1),))],
        [RunCard("a", "a", -1, (Need("patrol", 1),))],
    ):
        with pytest.raises(EngineError, match=r"dispatch\.card"):
            RunCards(bad)
