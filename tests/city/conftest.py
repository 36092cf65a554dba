"""The demo city, made once for all tests of the folder, and the shared real data where it is present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from anlan.city.demo import generate
from anlan.city.pack import City, build_city

SHARED = Path(os.environ.get("ANLAN_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture(scope="session")
def demo_files() -> dict[str, bytes]:
    return generate(2026)


@pytest.fixture(scope="session")
def demo(demo_files: dict[str, bytes]) -> City:
    return build_city(demo_files)


@pytest.fixture(scope="session")
def real_paths() -> tuple[Path, Path]:
    paths = SHARED / "city/qingdao_admin_osm_wgs84.geojson", SHARED / "city/qingdao_streets_codes.csv"
    for path in paths:
        if not path.exists():
            pytest.skip(f"shared data missing: {path}")
    return paths
