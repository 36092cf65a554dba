"""The compiled simulator against simpy, which shares nothing with it, under the rules that both have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anlan.cli.bench.beside_simpy import town
from anlan.cli.bench.simulate import made
from anlan.engines.simulate import fast
from anlan.engines.simulate.world import Policy


@pytest.mark.parametrize(("units", "stations", "crowd"), [(3, 2, 1), (8, 5, 1), (8, 5, 3), (40, 20, 1)])
def test_every_arrival_is_the_same(units: int, stations: int, crowd: int) -> None:
    """`crowd` times as many calls as are usual, so that some wait."""
    city, calls, fleet = made(np.random.default_rng(units), units, stations, 3_000)
    at_ms = calls.at_ms // crowd
    calls = replace(calls, at_ms=at_ms, priority=np.ones_like(calls.priority), need=np.ones_like(calls.need))
    outcome = fast.simulate(city, calls, fleet, Policy("home", instant=True))
    assert np.array_equal(outcome.first_ms, town(city, calls, fleet, 3_000))
    if crowd > 1:
        assert np.median(outcome.first_ms - at_ms) > 3_600_000  # they did wait
