"""Places on the earth as a sphere: metres between them, and unit vectors to search among them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius (IUGG)."""


def metres_between(lon: ArrayLike, lat: ArrayLike, to_lon: ArrayLike, to_lat: ArrayLike) -> Floats:
    """Great-circle metres (haversine), element by element; WGS-84 degrees in."""
    a, b, c, d = (np.radians(np.asarray(x, np.float64)) for x in (lon, lat, to_lon, to_lat))
    half = np.sin((d - b) / 2) ** 2 + np.cos(b) * np.cos(d) * np.sin((c - a) / 2) ** 2
    metres: Floats = 2.0 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return metres


def on_sphere(lon: Floats, lat: Floats) -> Floats:
    """Unit vectors, shape (n, 3): nearest by chord is nearest on the ground, at every latitude and across 180°."""
    theta, phi = np.radians(lon), np.radians(lat)
    return np.column_stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)])


def arc_metres(chord: Any) -> Any:
    """Metres on the ground for a chord between unit vectors."""
    return 2.0 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, chord / 2.0))
