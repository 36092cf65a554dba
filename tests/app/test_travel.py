"""The city's roads as an engine: three vehicle classes, prepared once, and none where no roads are known."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from anlan.app.travel import CAR, FOOT, FOOT_M_S, MOTORCYCLE, network, prepare
from anlan.city.pack import ORDER, load_pack
from anlan.city.roads import EXPRESSWAY, FERRY


def test_each_vehicle_class_has_its_own_times(demo_city: Path) -> None:
    city = load_pack(demo_city)
    asked, roads = network(city), city.roads
    assert asked is not None
    assert roads is not None
    assert asked.vehicles == (CAR, MOTORCYCLE, FOOT)
    street, ferry = roads.kind < EXPRESSWAY, roads.kind == FERRY
    assert (asked.times(MOTORCYCLE) <= asked.times(CAR) + 0.001).all()
    assert (asked.times(MOTORCYCLE)[street] < asked.times(CAR)[street]).all()
    assert np.isinf(asked.times(FOOT)[roads.kind == EXPRESSWAY]).all()
    assert np.allclose(asked.times(FOOT)[street], roads.metres[street] / FOOT_M_S, atol=0.001)
    assert np.allclose(asked.times(FOOT)[ferry], roads.seconds[ferry], atol=0.001)


def test_it_is_made_once_and_there_is_none_without_roads(demo_city: Path) -> None:
    city = load_pack(demo_city)
    assert network(city) is network(city)
    assert network(replace(city, roads=None)) is None


def test_what_was_prepared_is_kept_and_gives_the_same_times(
    demo_city: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pack = tmp_path / "city"
    shutil.copytree(demo_city, pack)
    with caplog.at_level(logging.WARNING, "anlan"):
        anew = network(load_pack(pack))
        assert "anlan city roads" in caplog.text
        caplog.clear()
        made = prepare(pack)
        kept = network(load_pack(pack))
        assert caplog.text == ""
    assert anew is not None
    assert made is not None
    assert kept is not None
    assert np.array_equal(kept.order, made.order)
    ends = np.arange(0, kept.roads.nodes, 400)
    for vehicle in kept.vehicles:
        assert np.array_equal(kept.matrix(ends, ends, vehicle), anew.matrix(ends, ends, vehicle))


def test_a_pack_without_roads_gets_no_order(demo_city: Path, tmp_path: Path) -> None:
    shutil.copytree(demo_city, tmp_path / "city")
    (tmp_path / "city" / "roads.npz").unlink()
    assert prepare(tmp_path / "city") is None
    assert not (tmp_path / "city" / ORDER).exists()
