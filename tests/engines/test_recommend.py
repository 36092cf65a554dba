"""Recommendations and sharing out, against trying everything; what is kept, and what a person may answer."""

from __future__ import annotations

from itertools import permutations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.roads import grid_city, network

from anlan.engines.dispatch import mass
from anlan.engines.dispatch.mass import NOBODY, share_out
from anlan.engines.dispatch.rank import Place, Rules
from anlan.engines.dispatch.recommend import Recommendation, choose, recommend
from anlan.engines.dispatch.run_card import Need, RunCard
from anlan.engines.dispatch.units import NEVER, units_at
from anlan.engines.errors import EngineError

NETWORK = network(grid_city())
LIGHTS = ("lights",)
PATROL, ARMED = 1, 2
CARD = RunCard("robbery", "robbery", 1, (Need("patrol", PATROL, 2), Need("armed", ARMED | PATROL)))


def made(nodes: list[int], skills: list[int], place: int = 70, **more: object) -> Recommendation:
    return recommend(NETWORK, units_at(nodes, skills=skills, vehicles=LIGHTS, **more), Place(place), CARD)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_card_is_filled_as_trying_everything_would(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(0, 6))
    nodes, skills = rng.integers(0, 144, count), rng.integers(0, 4, count)
    found = made(nodes, skills)  # type: ignore[arg-type]
    needs = [PATROL, PATROL, ARMED | PATROL]
    arrival = NETWORK.seconds_to(nodes, 70, "lights") * 1000 if count else np.empty(0)
    best = (0, 0.0)
    for who in permutations([*range(count), None, None, None], 3):
        if all(unit is None or skills[unit] & need == need for unit, need in zip(who, needs, strict=True)):
            filled = [unit for unit in who if unit is not None]
            best = max(best, (len(filled), -float(sum(arrival[unit] for unit in filled))))
    assert (len(found.chosen), -sum(arrival[list(found.chosen)])) == pytest.approx(best)
    assert sum(need.short for need in found.needs) == 3 - best[0]
    assert len(set(found.chosen)) == len(found.chosen)


def test_a_recommendation_is_whole_numbers_and_survives_json() -> None:
    found = made([3, 9, 70, 100, 143], [1, 1, 3, 3, 0], age_s=[0.5, 999, 0, 0, 0], inside=[1, 1, 1, 0, 1])
    data = msgspec.json.encode(found)
    assert msgspec.json.decode(data, type=Recommendation) == found

    def leaves(value: object) -> list[object]:
        if isinstance(value, dict):
            return [leaf for inner in value.values() for leaf in leaves(inner)]
        return [leaf for inner in value for leaf in leaves(inner)] if isinstance(value, list) else [value]

    assert not any(isinstance(leaf, float) for leaf in leaves(msgspec.json.decode(data)))
    patrol = found.needs[0]
    assert found.passed_over[0] == {"skills": 1}
    assert patrol.closest == 2
    assert {c.unit for c in patrol.candidates} == {0, 1, 2, 3}
    by_unit = {c.unit: c for c in patrol.candidates}
    assert by_unit[1].stale
    assert by_unit[3].outside
    assert by_unit[0].position_age_ms == 500
    one = by_unit[0]
    assert one.arrival_ms == one.wait_ms + one.turnout_ms + one.access_ms + one.drive_ms + one.walk_ms


def test_the_closest_is_among_the_candidates_however_many_are_better_by_cover() -> None:
    units = units_at(list(range(30)), vehicles=LIGHTS)
    loss = np.where(np.arange(30) == 7, 900_000, 0)
    card = RunCard("theft", "theft", 3, (Need("patrol", 1),))
    found = recommend(NETWORK, units, Place(7), card, Rules(cover_weight_s=3600.0), loss).needs[0]
    assert found.closest == 7
    assert found.units != (7,)
    assert next(c for c in found.candidates if c.unit == 7).loss_ppm == 900_000


def test_what_a_person_decided_is_kept_with_its_reason() -> None:
    found = made([3, 9, 70, 100], [1, 1, 3, 3])
    yes = choose(found, found.chosen, "recommended")
    assert yes.as_recommended
    assert yes.first_later_ms == 0
    other = choose(found, (0,), "knows_place")
    assert not other.as_recommended
    arrival = {c.unit: c.arrival_ms for c in found.needs[0].candidates}
    assert other.first_later_ms == arrival[0] - min(arrival[unit] for unit in found.chosen)
    assert choose(found, (77,), "other").first_later_ms is None
    for sent, reason in (
        ((0,), "recommended"),
        (found.chosen, "nearer"),
        ((0,), "mood"),
        ((), "other"),
        ((0, 0), "other"),
    ):
        with pytest.raises(EngineError, match=r"dispatch\.reason"):
            choose(found, sent, reason)


def shared_by_trying(cost: np.ndarray, priority: np.ndarray) -> list[tuple[int, float]]:
    """Per priority in turn, the most incidents and the least sum, over every way to hand out units."""
    left, totals = set(range(cost.shape[1])), []
    for level in sorted(set(priority.tolist())):
        rows = np.flatnonzero(priority == level)
        best, taken = (0, 0.0), ()
        for who in permutations([*left, *([None] * len(rows))], len(rows)):
            pairs = [(row, unit) for row, unit in zip(rows, who, strict=True) if unit is not None]
            if all(np.isfinite(cost[pair]) for pair in pairs):
                value = (len(pairs), -float(sum(cost[pair] for pair in pairs)))
                if value > best:
                    best, taken = value, tuple(unit for _, unit in pairs)
        totals.append(best)
        left -= set(taken)
    return totals


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_sharing_out_is_what_trying_everything_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count, incidents = int(rng.integers(0, 5)), int(rng.integers(0, 5))
    units = units_at(
        rng.permutation(144)[:count],  # no two alike: among equals the engine is free to choose
        ready_s=rng.choice([0.0, 60.0, NEVER], count),
        skills=rng.integers(0, 4, count),
        vehicles=LIGHTS,
    )
    node = rng.integers(0, 144, incidents).astype(np.int32)
    skills = rng.integers(0, 3, incidents).astype(np.uint64)
    priority = rng.integers(1, 3, incidents).astype(np.int32)
    found = share_out(NETWORK, units, node, priority, skills, np.arange(incidents, dtype=float))
    cost = mass.arrivals_ms(NETWORK, units, node, skills)
    sent = np.flatnonzero(found.unit != NOBODY)
    assert len(set(found.unit[sent].tolist())) == len(sent)
    totals = []
    for level in sorted(set(priority.tolist())):
        mine = [row for row in sent if priority[row] == level]
        totals.append((len(mine), -float(sum(cost[row, found.unit[row]] for row in mine))))
    assert totals == shared_by_trying(cost, priority)
    assert found.arrival_ms[sent].tolist() == [int(cost[row, found.unit[row]]) for row in sent]
    waiting = [row for row in range(incidents) if row not in sent]
    assert found.queue.tolist() == sorted(waiting, key=lambda row: (priority[row], -row, row))


def test_a_reserve_is_kept_from_all_but_the_most_urgent() -> None:
    units = units_at([0, 20, 40, 60, 80], vehicles=LIGHTS)
    node, nothing = np.array([10, 30, 50, 70], np.int32), np.zeros(4)
    skills = np.ones(4, np.uint64)
    low = share_out(NETWORK, units, node, np.full(4, 3, np.int32), skills, nothing, reserve=3)
    assert (low.unit != NOBODY).sum() == 2
    assert low.queue.size == 2
    urgent = share_out(NETWORK, units, node, np.array([3, 1, 1, 1], np.int32), skills, nothing, reserve=3)
    assert (urgent.unit != NOBODY).tolist() == [False, True, True, True]


def test_the_two_cheapest_are_served_when_only_two_may_be() -> None:
    units = units_at([10, 30, 50, 70, 0], vehicles=LIGHTS)
    node = np.array([10, 143, 50, 140], np.int32)
    found = share_out(NETWORK, units, node, np.full(4, 2, np.int32), np.ones(4, np.uint64), np.zeros(4), reserve=3)
    assert found.unit.tolist() == [0, NOBODY, 2, NOBODY]


def test_sharing_out_refuses_what_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    units, node = units_at([0], vehicles=LIGHTS), np.array([1, 2], np.int32)
    ones, two, nothing = np.ones(2, np.uint64), np.ones(2, np.int32), np.zeros(2)
    for code, run in (
        ("dispatch.lengths", lambda: share_out(NETWORK, units, node, two[:1], ones, nothing)),
        ("dispatch.priority", lambda: share_out(NETWORK, units, node, two - 1, ones, nothing)),
        ("dispatch.reserve", lambda: share_out(NETWORK, units, node, two, ones, nothing, reserve=-1)),
    ):
        with pytest.raises(EngineError) as refused:
            run()
        assert refused.value.code == code
    monkeypatch.setattr(mass, "INCIDENTS_MAX", 1)
    with pytest.raises(EngineError, match=r"dispatch\.too_many"):
        share_out(NETWORK, units, node, two, ones, nothing)
