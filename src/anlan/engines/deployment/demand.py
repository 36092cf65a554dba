"""The demand surface: expected calls by place and period, from counts of past calls. Places only; no person is in it.

Each count is drawn towards what the place's share of the city and the city's usual rhythm would give (a Gamma prior on
a Poisson rate), the more the less has been seen. How strongly is chosen on calls that were kept back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from anlan.engines.deployment.problem import Floats
from anlan.engines.errors import EngineError
from anlan.engines.travel.sphere import metres_between

STRENGTHS: Final = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)


def rates(counts: ArrayLike, seen: ArrayLike, strength: float, near: Floats | None = None) -> Floats:
    """Expected calls per zone in one occurrence of each period; shape of `counts`, (zones, periods).

    `seen`: how often each period occurred in the record (hours 0-23 of 28 days: 28 each). `strength`: as if so many
    more occurrences had followed the usual pattern. `near`: shares (zones, zones), rows summing to 1, by which a zone
    lends to its neighbours (see `kernel`). Raises `demand.counts`, `demand.none`, `demand.strength`, `demand.near`.
    """
    table, times = _checked(counts, seen)
    if not 0.0 <= strength < np.inf:
        raise EngineError("demand.strength", strength=strength)
    share = table.sum(axis=1) / table.sum()
    if near is not None:
        if near.shape != (len(table), len(table)) or not np.allclose(near.sum(axis=1), 1.0) or (near < 0.0).any():
            raise EngineError("demand.near", zones=len(table))
        share = share @ near
    usual = share[:, None] * (table.sum(axis=0) / times)
    expected: Floats = (table + strength * usual) / (times + strength)
    return expected


def kernel(lon: ArrayLike, lat: ArrayLike, reach_m: float) -> Floats:
    """How much of its calls each zone lends to each: a Gaussian of the metres between, cut at three times `reach_m`."""
    if not 0.0 < reach_m < np.inf:
        raise EngineError("demand.reach", metres=reach_m)
    east, north = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    metres = metres_between(east[:, None], north[:, None], east, north)
    closeness = np.where(metres <= 3.0 * reach_m, np.exp(-0.5 * (metres / reach_m) ** 2), 0.0)
    share: Floats = closeness / closeness.sum(axis=1, keepdims=True)
    return share


def choose_strength(
    counts: ArrayLike,
    seen: ArrayLike,
    later: ArrayLike,
    later_seen: ArrayLike,
    near: Floats | None = None,
    strengths: Sequence[float] = STRENGTHS,
) -> tuple[float, dict[float, float]]:
    """The strength that foretells the later counts best, and each one's mean log-likelihood per call (Poisson)."""
    after, times = _checked(later, later_seen)
    scores = {}
    for strength in strengths:
        expected = np.maximum(rates(counts, seen, strength, near) * times, 1e-12)
        if expected.shape != after.shape:
            raise EngineError("demand.counts")
        scores[strength] = float((after * np.log(expected) - expected).sum() / after.sum())
    return max(scores, key=lambda strength: scores[strength]), scores


def _checked(counts: ArrayLike, seen: ArrayLike) -> tuple[Floats, Floats]:
    table, times = np.asarray(counts, np.float64), np.asarray(seen, np.float64)
    if table.ndim != 2 or times.shape != (table.shape[1],) or not (np.isfinite(table).all() and (table >= 0.0).all()):
        raise EngineError("demand.counts")
    if not (np.isfinite(times).all() and (times > 0.0).all()):
        raise EngineError("demand.counts")
    if not table.sum() > 0.0:
        raise EngineError("demand.none")
    return table, times
