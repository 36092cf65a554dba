"""A made-up town for the simulator: points in a plane, stations, a seeded day of calls."""

from __future__ import annotations

import numpy as np

from anlan.engines.simulate.world import Calls, City, Fleet


def town(rng: np.random.Generator, points: int = 40, stations: int = 5, parts: int = 4) -> City:
    """Driving at 10 m/s to a call and 7 m/s to a base, 10 km across; on the way one passes the nearest points."""
    xy = rng.uniform(0, 10_000, (points, 2))
    metres = np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1))
    station = rng.permutation(points)[:stations]
    share = (np.arange(parts) + 1) / parts
    along = xy[:, None, None] + share[None, None, :, None] * (xy[station] - xy[:, None])[:, :, None]
    way = np.hypot(*(along[..., None, :] - xy).transpose(4, 0, 1, 2, 3)).argmin(axis=-1)
    way[:, :, -1] = station
    return City(
        response_ms=np.rint(metres / 10 * 1000).astype(np.int32),
        drive_ms=np.rint(metres[:, station] / 7 * 1000).astype(np.int32),
        station=station.astype(np.int32),
        way=way.astype(np.int32),
        covers=metres[station] / 10 <= 300.0,
        weights=rng.gamma(1.0, 1.0, points),
    )


def calls(rng: np.random.Generator, city: City, count: int, every_s: float, *, plain: bool = False) -> Calls:
    """`count` calls, one every `every_s` seconds on average; some at one millisecond, some with several units."""
    weights = city.weights / city.weights.sum()
    at = np.cumsum(rng.exponential(every_s * 1000, count)).astype(np.int64)
    at[1::7] = at[: len(at[1::7]) * 7 : 7]
    hospital = rng.integers(0, len(weights), 2)
    return Calls(
        at_ms=np.sort(at),
        place=rng.choice(len(weights), count, p=weights).astype(np.int32),
        priority=np.ones(count, np.int32) if plain else rng.integers(1, 4, count).astype(np.int32),
        need=np.ones(count, np.int32) if plain else rng.choice([1, 1, 1, 2, 3], count).astype(np.int32),
        scene_ms=np.rint(rng.exponential(900_000, count)).astype(np.int64),
        then=np.full(count, -1, np.int32) if plain else rng.choice([-1, *hospital], count).astype(np.int32),
        there_ms=np.rint(rng.exponential(300_000, count)).astype(np.int64),
        slow=np.full(count, 1000, np.int32) if plain else rng.integers(700, 1_500, count).astype(np.int32),
    )


def fleet(rng: np.random.Generator, city: City, units: int, last_ms: int = 0) -> Fleet:
    """Units on random bases; half of them with shifts until `last_ms`, if given."""
    rows = []
    for unit in range(0, units, 2) if last_ms else ():
        ms, on = int(rng.integers(0, last_ms // 4)), int(rng.integers(0, 2))
        while ms < last_ms:
            rows.append((ms, unit, on))
            ms, on = ms + int(rng.integers(1, last_ms // 4)), 1 - on
    duty = np.array(sorted(rows), np.int64).reshape(-1, 3)
    return Fleet(rng.integers(0, len(city.station), units).astype(np.int32), 45_000, duty)
