"""Replay on made-up towns where the truth is known: who was nearest was sent, or was not; what is unknown is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.engines.errors import EngineError
from anlan.engines.replay import Fit, Record, Replayed, Ways, fits, halves, homes, replay
from anlan.engines.travel.network import Network
from anlan.engines.travel.plain import plain_roads
from anlan.engines.travel.sphere import metres_between

UNITS, CALLS = 8, 400
M_S, START_S, TURNOUT_S = 10.0, 40.0, 60.0
rng = np.random.default_rng(5)
HOME = np.column_stack([rng.uniform(120.3, 120.4, UNITS), rng.uniform(36.0, 36.1, UNITS)])


def town(send: int = 0, kinds: int = 1) -> Record:
    """A call every half hour; the unit that is `send`-th from its home goes, and is back before the next."""
    dice = np.random.default_rng(7)
    lon, lat = dice.uniform(120.3, 120.4, CALLS), dice.uniform(36.0, 36.1, CALLS)
    away = metres_between(HOME[:, 0][:, None], HOME[:, 1][:, None], lon, lat)
    unit = np.argsort(away, axis=0)[send].astype(np.int32)
    sent = np.arange(CALLS) * 1800.0
    drive = START_S + away[unit, np.arange(CALLS)] / M_S
    return Record(
        incident=np.arange(CALLS, dtype=np.int32),
        unit=unit,
        kind=(np.arange(UNITS) % kinds).astype(np.int32),
        sent_s=sent,
        rolling_s=sent + TURNOUT_S,
        scene_s=sent + TURNOUT_S + drive,
        free_s=sent + 900.0,
        lon=lon,
        lat=lat,
    )


def asked(record: Record, home: np.ndarray = HOME, off_duty_s: float = 1e9) -> tuple[Replayed, dict[int, Fit]]:
    ways = Ways(Network(plain_roads(record.lon, record.lat, 1.0, "x")), "x", 1.0)
    first, middle = halves(record)
    fitted = fits(first, ways, home)
    return replay(record, middle, ways, home, fitted, off_duty_s), fitted


def test_where_the_nearest_was_sent_the_engine_agrees_and_finds_the_speed() -> None:
    found, fitted = asked(town())
    fit = fitted[0]
    assert len(found.kind) == CALLS // 2
    assert found.same.mean() > 0.97  # the lattice is 3 % off at most: near ties may turn
    assert 1.0 / fit.each == pytest.approx(M_S, rel=0.04)
    assert fit.start_s == pytest.approx(START_S - 12.0, abs=8.0)  # the way by two nodes is some 120 m longer
    assert (fit.turnout_s, fit.correlation > 0.99, fit.apart_s < 8.0) == (TURNOUT_S, True, True)
    assert np.median(abs(found.real_s - found.sent_model_s)) < 8.0
    assert (found.free == UNITS).all()


@pytest.mark.parametrize("send", [1, 3])
def test_where_another_was_sent_the_engine_says_so_and_what_it_cost(send: int) -> None:
    found, _ = asked(town(send))
    assert found.same.mean() < 0.03
    assert np.median(found.place) == send + 1
    assert (found.sent_model_s >= found.choice_model_s).all()
    assert found.choice_model_s.mean() < found.real_s.mean() - 20.0


def test_a_unit_that_is_out_cannot_be_chosen() -> None:
    record = town()
    every = np.concatenate([record.unit, np.array([record.unit[300]])]).astype(np.int32)
    when = np.append(record.sent_s, record.sent_s[300] - 60.0)
    order = np.argsort(when)
    columns = {
        name: np.append(getattr(record, name), value)[order]
        for name, value in {
            "incident": CALLS, "sent_s": when[-1], "rolling_s": np.nan, "scene_s": np.nan,
            "free_s": when[-1] + 1500.0, "lon": 120.35, "lat": 36.05,
        }.items()
    }  # fmt: skip
    columns["incident"] = columns["incident"].astype(np.int32)
    found, _ = asked(Record(kind=record.kind, unit=every[order], **columns))
    at = np.flatnonzero(found.at_s == record.sent_s[300])
    assert at.size == 0  # who was sent was on another call: the record contradicts itself, nothing is asked


def test_only_units_of_the_kind_on_duty_and_with_a_home_are_asked() -> None:
    two, _ = asked(town(kinds=2))
    assert set(two.free.tolist()) == {UNITS // 2}
    lost = HOME.copy()
    lost[3] = np.nan
    without, _ = asked(town(), lost)
    assert (without.free == UNITS - 1).all()
    assert not (without.choice == 3).any()
    short, _ = asked(town(), off_duty_s=1800.0)
    assert short.free.max() < UNITS


def test_units_sent_together_agree_when_the_best_of_them_is_the_choice() -> None:
    record = town(send=1)
    away = metres_between(HOME[:, 0][:, None], HOME[:, 1][:, None], record.lon, record.lat)
    nearest = np.argmin(away, axis=0).astype(np.int32)
    both = {name: np.repeat(getattr(record, name), 2) for name in ("incident", "sent_s", "rolling_s", "free_s")}
    both |= {name: np.repeat(getattr(record, name), 2) for name in ("scene_s", "lon", "lat")}
    unit = np.column_stack([record.unit, nearest]).ravel().astype(np.int32)
    found, _ = asked(Record(kind=record.kind, unit=unit, **both))
    assert found.same.mean() > 0.97
    assert (found.together == 2).all()


def test_homes_are_learned_from_first_calls() -> None:
    learned = homes(town(), UNITS + 1)
    away = metres_between(learned[:UNITS, 0], learned[:UNITS, 1], HOME[:, 0], HOME[:, 1])
    assert np.median(away) < 2_500.0
    assert np.isnan(learned[UNITS]).all()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"unit": np.array([], np.int32)}, "replay.lengths"),
        ({"sent_s": np.arange(CALLS)[::-1] * 1800.0, "free_s": np.full(CALLS, 1e9)}, "replay.order"),
        ({"free_s": np.zeros(CALLS) - 1.0}, "replay.times"),
        ({"sent_s": np.full(CALLS, np.nan)}, "replay.times"),
    ],
)
def test_a_record_that_does_not_hold_is_refused(change: dict[str, np.ndarray], code: str) -> None:
    with pytest.raises(EngineError, match=code.replace(".", r"\.")):
        replace(town(), **change)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-60.0, 60.0))
def test_a_way_on_the_lattice_is_at_most_3_per_cent_longer(seed: int, north: float) -> None:
    dice = np.random.default_rng(seed)
    lon, lat = dice.uniform(10.0, 10.08, 12), north + dice.uniform(0.0, 0.05, 12)
    network = Network(plain_roads(lon, lat, 1.0, "x"))
    nodes, metres = network.nodes_at(lon, lat, np.inf)
    assert metres.max() < 150.0
    roads = network.roads
    found = network.matrix(nodes, nodes, "x")
    straight = metres_between(
        *(axis[nodes][:, None] for axis in (roads.lon, roads.lat)), roads.lon[nodes], roads.lat[nodes]
    )
    far = straight > 1_000.0
    assert (found[far] >= straight[far] * 0.999).all()
    assert (found[far] <= straight[far] * 1.03).all()


def test_a_lattice_over_nothing_or_a_continent_is_refused() -> None:
    for lon, lat in (([], []), ([0.0, 50.0], [0.0, 40.0]), ([0.0], [np.nan]), ([0.0], [89.0])):
        with pytest.raises(EngineError, match=r"travel\.place"):
            plain_roads(np.array(lon), np.array(lat), 1.0, "x")
