"""Coordinate systems of Chinese maps and distances on the ground. Never guesses a system: the caller names it.

WGS84 is what satellites give (CGCS2000, the national frame, agrees with it to decimetres and is treated as the same).
GCJ02 is the shifted frame every licensed map platform in mainland China delivers; BD09 is Baidu's shift on top of it.
In Qingdao the first shift is about 460 m. The formulas are the published reverse-engineered ones (eviltransform,
coordtransform); their inverses have no closed form and are iterated here until the step is below a millimetre.
"""

from __future__ import annotations

import math
from typing import Any, Final, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.city.errors import CityError

Floats = NDArray[np.float64]

EARTH_RADIUS_M: Final = 6_371_008.8  # mean radius, IUGG
WGS84, GCJ02, BD09 = "WGS84", "GCJ02", "BD09"
SYSTEMS: Final = {"WGS84": WGS84, "CGCS2000": WGS84, "GCJ02": GCJ02, "BD09": BD09}

CHINA_BOX: Final = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north: outside it nothing is shifted
_KRASOVSKY_A: Final = 6_378_245.0
_KRASOVSKY_E2: Final = 0.00669342162296594323
_BD_TURN: Final = math.pi * 3000.0 / 180.0
_INVERSE_STEPS: Final = 8  # each step gains three digits or so; four are enough anywhere in the box


def system_of(name: str) -> str:
    """The canonical name of a coordinate system: "wgs-84", "CGCS2000" → "WGS84". Raises `place.system_unknown`."""
    try:
        return SYSTEMS[name.upper().replace("-", "").replace("_", "")]
    except KeyError:
        raise CityError("place.system_unknown", system=name) from None


@overload
def convert(lon: float, lat: float, source: str, target: str) -> tuple[float, float]: ...
@overload
def convert(lon: Floats, lat: Floats, source: str, target: str) -> tuple[Floats, Floats]: ...
def convert(lon: Any, lat: Any, source: str, target: str) -> tuple[Any, Any]:
    """Longitude and latitude in degrees from one system to another; scalars give scalars, arrays give arrays.

    Outside China's box the three systems are one and the answer is the question. A round trip is within a millimetre
    in China and breaks only within a kilometre of the box's own edge, far from any Chinese land or water.
    Raises `place.system_unknown`, `place.not_finite`, `place.outside_earth`.
    """
    origin, goal = system_of(source), system_of(target)
    if isinstance(lon, np.ndarray) or isinstance(lat, np.ndarray):
        lons, lats = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
        check_array(lons, lats)
        if origin == goal:
            return lons.copy(), lats.copy()
        moved_lon, moved_lat = _shift(lons, lats, origin, goal, np)
        there = _in_box(lons, lats)
        return np.where(there, moved_lon, lons), np.where(there, moved_lat, lats)
    lon, lat = float(lon), float(lat)
    check_place(lon, lat)
    if origin == goal or not _in_box(lon, lat):
        return lon, lat
    return _shift(lon, lat, origin, goal, math)


def distance_m(lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike) -> Any:
    """Great-circle distance in metres (haversine on the mean sphere, within 0.6 % of the ellipsoid). Broadcasts."""
    phi_a, phi_b = np.radians(lat_a), np.radians(lat_b)
    half_lat = np.sin((phi_b - phi_a) / 2.0)
    half_lon = np.sin(np.radians(np.subtract(lon_b, lon_a)) / 2.0)
    chord = half_lat**2 + np.cos(phi_a) * np.cos(phi_b) * half_lon**2
    metres = 2.0 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))
    return float(metres) if np.ndim(metres) == 0 else metres


def mercator(lon: float, lat: float) -> tuple[float, float]:
    """Spherical Mercator in metres at the equator. It is conformal: near a place, ground = plane × cos(latitude)."""
    return EARTH_RADIUS_M * math.radians(lon), EARTH_RADIUS_M * math.asinh(math.tan(math.radians(lat)))


def degrees(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a place in `mercator`."""
    return math.degrees(x / EARTH_RADIUS_M), math.degrees(math.atan(math.sinh(y / EARTH_RADIUS_M)))


def mercator_array(lonlat: Floats) -> Floats:
    """`mercator` for an array of shape (n, 2) in degrees."""
    phi = np.radians(lonlat[:, 1])
    return np.column_stack([EARTH_RADIUS_M * np.radians(lonlat[:, 0]), EARTH_RADIUS_M * np.arcsinh(np.tan(phi))])


def check_place(lon: float, lat: float) -> None:
    """Refuse what is no place on earth: `place.not_finite`, `place.outside_earth`."""
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise CityError("place.not_finite")
    if abs(lon) > 180.0 or abs(lat) > 90.0:
        raise CityError("place.outside_earth", lon=lon, lat=lat)


def check_array(lons: Floats, lats: Floats) -> None:
    """`check_place` for arrays; the first bad index is in the parameters."""
    bad = ~(np.isfinite(lons) & np.isfinite(lats))
    if bad.any():
        raise CityError("place.not_finite", index=int(np.flatnonzero(bad)[0]))
    off = (np.abs(lons) > 180.0) | (np.abs(lats) > 90.0)
    if off.any():
        raise CityError("place.outside_earth", index=int(np.flatnonzero(off)[0]))


def _in_box(lon: Any, lat: Any) -> Any:
    west, south, east, north = CHINA_BOX
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _shift(lon: Any, lat: Any, origin: str, goal: str, m: Any) -> tuple[Any, Any]:
    """Through GCJ02, the middle of the chain WGS84 – GCJ02 – BD09. `m` is `math` or `numpy`."""
    if origin == WGS84:
        lon, lat = _wgs_to_gcj(lon, lat, m)
    elif origin == BD09:
        lon, lat = _inverse(_gcj_to_bd, lon, lat, m)
    if goal == BD09:
        return _gcj_to_bd(lon, lat, m)
    if goal == WGS84:
        return _inverse(_wgs_to_gcj, lon, lat, m)
    return lon, lat


def _inverse(forward: Any, lon: Any, lat: Any, m: Any) -> tuple[Any, Any]:
    """Fixed point of x ← x − (forward(x) − goal). The shift varies by under 1 % per its own length, so it contracts."""
    x, y = lon, lat
    for _ in range(_INVERSE_STEPS):
        fx, fy = forward(x, y, m)
        dx, dy = fx - lon, fy - lat
        x, y = x - dx, y - dy
        if np.max(m.fabs(dx), initial=0.0) < 1e-9 and np.max(m.fabs(dy), initial=0.0) < 1e-9:
            break
    return x, y


def _wgs_to_gcj(lon: Any, lat: Any, m: Any) -> tuple[Any, Any]:
    x, y, pi = lon - 105.0, lat - 35.0, math.pi
    root = m.sqrt(m.fabs(x))
    wave = (20.0 * m.sin(6.0 * x * pi) + 20.0 * m.sin(2.0 * x * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20.0 * m.sin(y * pi) + 40.0 * m.sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * m.sin(y / 12.0 * pi) + 320.0 * m.sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20.0 * m.sin(x * pi) + 40.0 * m.sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * m.sin(x / 12.0 * pi) + 300.0 * m.sin(x / 30.0 * pi)) * 2.0 / 3.0
    phi = lat / 180.0 * pi
    magic = 1.0 - _KRASOVSKY_E2 * m.sin(phi) * m.sin(phi)
    meridian = _KRASOVSKY_A * (1.0 - _KRASOVSKY_E2) / (magic * m.sqrt(magic))
    parallel = _KRASOVSKY_A / m.sqrt(magic) * m.cos(phi)
    return lon + east * 180.0 / (parallel * pi), lat + north * 180.0 / (meridian * pi)


def _gcj_to_bd(lon: Any, lat: Any, m: Any) -> tuple[Any, Any]:
    radius = m.sqrt(lon * lon + lat * lat) + 0.00002 * m.sin(lat * _BD_TURN)
    angle = m.atan2(lat, lon) + 0.000003 * m.cos(lon * _BD_TURN)
    return radius * m.cos(angle) + 0.0065, radius * m.sin(angle) + 0.006
