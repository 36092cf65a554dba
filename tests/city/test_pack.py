"""The pack: what is written is read again, every fault planted in it is listed, and the demo has none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anlan.city.check import check_files, check_pack
from anlan.city.errors import CityError
from anlan.city.geo import GCJ02, WGS84, convert
from anlan.city.layers import DISTRICT, read_layer, write_layer
from anlan.city.pack import ORDER, City, build_city, load_pack, read_pack, save_pack
from anlan.city.roads import load_roads, save_order

Files = dict[str, bytes]


def changed(files: Files, name: str, change: Callable[[Any], object]) -> Files:
    raw = json.loads(files[name])
    change(raw)
    return {**files, name: json.dumps(raw).encode()}


def codes(files: Files) -> set[str]:
    return {p.code for p in check_files(files)}


def test_the_demo_has_no_problem(demo_files: Files) -> None:
    assert check_files(demo_files) == []


def test_a_saved_pack_is_read_back_and_stale_layers_go(tmp_path: Path, demo_files: Files) -> None:
    (tmp_path / "areas").mkdir()
    (tmp_path / "areas" / "old.geojson").write_bytes(b"{}")
    seen: list[tuple[int, int]] = []
    save_pack(tmp_path, demo_files, on_progress=lambda done, total: seen.append((done, total)))
    assert read_pack(tmp_path) == demo_files
    assert check_pack(tmp_path) == []
    assert load_pack(tmp_path).about.key == "qingdao-demo"
    assert seen[-1] == (len(demo_files), len(demo_files))


def test_a_folder_that_is_none_is_one_problem(tmp_path: Path) -> None:
    assert [p.code for p in check_pack(tmp_path / "nowhere")] == ["pack.no_folder"]
    with pytest.raises(CityError, match=r"pack\.no_folder"):
        load_pack(tmp_path / "nowhere")


def test_an_empty_folder_misses_every_file_at_once(tmp_path: Path) -> None:
    missing = {p.where for p in check_pack(tmp_path) if p.code == "pack.file_missing"}
    assert {"city.json", "organisation.json", "people.json", "catalogue.json", "areas/*.geojson"} <= missing


def bow_tie(raw: Any) -> None:
    raw["features"][0]["geometry"] = {
        "type": "Polygon",
        "coordinates": [[[120, 36], [121, 37], [121, 36], [120, 37], [120, 36]]],
    }


def big(raw: Any) -> None:
    ring = [[120, 36], [120.5, 36], [120.5, 36.5], [120, 36.5], [120, 36]]
    raw["features"][0]["geometry"] = {"type": "Polygon", "coordinates": [ring]}


FAULTS: list[tuple[str, str, Callable[[Any], object]]] = [
    ("city.timezone_unknown", "city.json", lambda r: r.update(timezone="Asia/Qingdao")),
    ("city.timezone_unknown", "city.json", lambda r: r.update(timezone="Asia/" + "a" * 300)),
    ("city.sessions", "city.json", lambda r: r.update(sessions=[["12:00", "08:30"]])),
    ("city.sessions", "city.json", lambda r: r.update(sessions=[["8 o'clock", "12:00"]])),
    ("place.outside_earth", "city.json", lambda r: r.update(centre=[36.0, 120.0])),
    ("pack.not_json", "city.json", lambda r: r.pop("key")),
    ("area.wrong_polygon", "areas/streets.geojson", bow_tie),
    ("area.overlap", "areas/streets.geojson", big),
    ("area.no_shape", "areas/streets.geojson", lambda r: r["features"][0].update(geometry=None)),
    ("area.gap", "areas/stations.geojson", lambda r: r["features"].pop(50)),
    ("unit.no_area", "areas/stations.geojson", lambda r: r["features"].pop(50) and r["features"]),
    ("areas.bad_feature", "areas/streets.geojson", lambda r: r["features"][3].update(geometry={"type": "Point"})),
    ("areas.no_system", "areas/streets.geojson", lambda r: r.pop("anlan:system")),
    ("areas.not_geojson", "areas/streets.geojson", lambda r: r.update({"anlan:border_uncertainty_m": 10**400})),
    ("areas.not_geojson", "areas/streets.geojson", lambda r: r.update({"anlan:border_uncertainty_m": -1})),
    ("place.system_unknown", "areas/streets.geojson", lambda r: r.update({"anlan:system": "Xian80"})),
    ("areas.level_unknown", "areas/streets.geojson", lambda r: r.update({"anlan:level": "galaxy"})),
    ("areas.covers_unknown", "areas/stations.geojson", lambda r: r["features"][0]["properties"].update(covers=["x"])),
    ("area.twice", "areas/zones.geojson", lambda r: r["features"].append(r["features"][0])),
    ("area.unit_unknown", "areas/zones.geojson", lambda r: r["features"][0]["properties"].update(unit="x")),
    ("area.district_unknown", "areas/zones.geojson", lambda r: r["features"][0]["properties"].update(district="x")),
    ("unit.parent_unknown", "organisation.json", lambda r: r[5].update(parent="x")),
    ("district.branches", "organisation.json", lambda r: r[4].update(district="370203")),
    ("officer.unit_unknown", "people.json", lambda r: r[0].update(unit="x")),
    ("unit.no_chief", "people.json", lambda r: [o.update(roles=["officer"]) for o in r]),
    ("people.role_missing", "people.json", lambda r: [o.update(roles=["officer"]) for o in r]),
    ("officer.role_unknown", "people.json", lambda r: r[0].update(roles=["king"])),
    ("rule.unit_unknown", "routing.json", lambda r: r[0].update(to={"unit": "x"})),
    ("rule.kind_unknown", "routing.json", lambda r: r[0].update(to={"kind": "palace"})),
    ("rule.nobody", "routing.json", lambda r: r[0].update(to={"kind": "team", "line": "mounted"})),
    ("rule.target_unclear", "routing.json", lambda r: r[0].update(to={})),
    ("rule.category_unknown", "routing.json", lambda r: r[0].update(when={"category": ["weather."]})),
    ("rule.district_unknown", "routing.json", lambda r: r[0].update(when={"district": ["110101"]})),
    ("rule.no_catch_all", "routing.json", lambda r: r.pop()),
    ("rule.twice", "routing.json", lambda r: r.insert(0, r[0])),
    ("target.amount", "clocks.json", lambda r: r[0].update(amount=0)),
    ("target.twice", "clocks.json", lambda r: r.insert(0, r[0])),
    ("target.no_category", "clocks.json", lambda r: r[0].update(category=[])),
    ("target.category_unknown", "clocks.json", lambda r: r[0].update(category=["weather."])),
    ("category.twice", "catalogue.json", lambda r: r["categories"].append(r["categories"][0])),
    ("category.group_unknown", "catalogue.json", lambda r: r["groups"].pop(0)),
    ("category.group_empty", "catalogue.json", lambda r: r["groups"].append({"key": "x", "name": "x", "name_en": "x"})),
    ("category.key", "catalogue.json", lambda r: r["categories"][0].update(key="noise")),
    ("place.district_unknown", "places.json", lambda r: r[0].__setitem__(4, "x")),
    ("place.outside_earth", "places.json", lambda r: r[0].__setitem__(3, 120.0)),
    ("place.unnamed", "places.json", lambda r: r[0].__setitem__(0, " ")),
    ("calendar.wrong_year", "calendar.json", lambda r: r.update({"2027": {"holidays": ["2026-01-01"]}})),
]  # fmt: skip


@pytest.mark.parametrize(("code", "name", "change"), FAULTS, ids=[f"{c}-{i}" for i, (c, _, _) in enumerate(FAULTS)])
def test_each_planted_fault_is_listed(code: str, name: str, change: Callable[[Any], object], demo_files: Files) -> None:
    assert code in codes(changed(demo_files, name, change))


def test_targets_are_held_against_the_clocks_that_flows_have(demo_files: Files) -> None:
    assert check_files(demo_files, {"matter", "accept"}) == []
    (unknown,) = check_files(
        changed(demo_files, "clocks.json", lambda r: r[0].update(clock="mater")), {"matter", "accept"}
    )
    assert (unknown.code, unknown.params["clock"]) == ("target.clock_unknown", "mater")
    days = changed(demo_files, "clocks.json", lambda r: r[0].update(amount=2_501, unit="work_days"))
    assert check_files(days) == []
    assert [p.code for p in check_files(days, None, {"work_days": 2_500})] == ["target.amount"]


def test_all_faults_are_listed_together(demo_files: Files) -> None:
    files = changed(demo_files, "routing.json", lambda r: r.pop())
    files = changed(files, "people.json", lambda r: r[0].update(unit="x"))
    files = changed(
        files, "areas/streets.geojson", lambda r: [f.update(geometry={"type": "Point"}) for f in r["features"][:3]]
    )
    files["roads.npz"] = b"nonsense"
    found = [p.code for p in check_files(files)]
    assert {"rule.no_catch_all", "officer.unit_unknown", "roads.not_npz"} <= set(found)
    assert found.count("areas.bad_feature") == 3


@pytest.mark.parametrize("name", ["city.json", "organisation.json", "people.json", "catalogue.json", "routing.json"])
def test_a_missing_file_is_named_when_loading(name: str, demo_files: Files) -> None:
    with pytest.raises(CityError) as error:
        build_city({k: v for k, v in demo_files.items() if k != name})
    assert (error.value.code, error.value.params["file"]) == ("pack.file_missing", name)


def test_an_order_of_other_roads_is_named_and_left_out(demo_files: Files) -> None:
    roads = load_roads(demo_files["roads.npz"])
    order = np.arange(len(roads.lon), dtype=np.int32)
    own = {**demo_files, ORDER: save_order(roads, order)}
    assert check_files(own) == []
    assert np.array_equal(build_city(own).roads.order, order)
    moved = {**demo_files, ORDER: save_order(replace(roads, lon=roads.lon + 0.001), order)}
    for files in (moved, {**demo_files, ORDER: b"nonsense"}):
        assert [p.where for p in check_files(files)] == [ORDER]
        assert build_city(files).roads.order is None


def test_roads_places_and_calendar_may_be_absent(demo_files: Files) -> None:
    optional = {"roads.npz", "places.json", "calendar.json"}
    city = build_city({k: v for k, v in demo_files.items() if k not in optional})
    assert city.roads is None
    assert city.places.find("小区") == []


def test_a_layer_in_another_system_becomes_wgs84(demo: City, demo_files: Files) -> None:
    raw = json.loads(demo_files["areas/sea.geojson"])
    raw["anlan:system"] = "GCJ-02"
    lon, lat = raw["features"][0]["geometry"]["coordinates"][0][0]
    got = read_layer(json.dumps(raw).encode()).shapes[0].exterior.coords[0]
    assert got == pytest.approx(convert(lon, lat, GCJ02, WGS84), abs=1e-9)


def test_a_layer_survives_writing(demo: City) -> None:
    for layer in demo.areas.layers:
        again = read_layer(write_layer(layer))
        assert again.areas == layer.areas
        assert (again.level, again.border_uncertainty_m) == (layer.level, layer.border_uncertainty_m)
        if layer.level != DISTRICT:
            assert all(a is None or a.equals_exact(b, 1e-5) for a, b in zip(again.shapes, layer.shapes, strict=True))
