"""Who is sent when units that stand close are busy together: the compiled loop of `larson.approximate`.

A call that finds its unit busy goes to the next, so neighbours are busy together more often than by chance, the more
the closer they are. Here each pair that serves a zone together has a covariance of its own. A unit counts as busy
where a normal variable lies below the threshold that its share of time busy gives (Gaussian copula, thresholds and
correlations all different); the chance that the closest are all busy and the next one free follows by conditioning
on one after the other, each time keeping the first two moments of the rest (Mendell and Elston, Biometrics 30 (1974)
41-57). What comes out says how often one of a pair is sent while the other is busy, which is what their covariance
must balance: see `larson`.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from anlan.engines.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
NEAR: Final = 12
"""So many closest units of a zone have correlations; those further down the list are as likely busy, given that
all before them are, as their own load and the last of the near ones say. Sixteen are not better (simulation of
six made-up cities)."""
SELDOM: Final = 1e-4
"""A chance below this of getting that far down the list of units ends the list."""
ROOT_TWO: Final = math.sqrt(2.0)
TO_DENSITY: Final = 1.0 / math.sqrt(2.0 * math.pi)
SPREAD_LEAST, TOGETHER_LEAST, TOGETHER_MOST = 0.2, -0.2, 0.8
"""Bounds of what may follow from covariances that are not yet balanced: what is left of a variance, a correlation."""
TINY: Final = 1e-12


class Pairs:
    """The pairs of units that are among the NEAR closest of one zone, and the loop over all zones. `first`,
    `second`: the units of each pair."""

    def __init__(self, order: NDArray[np.intp], drive: Floats, rate: Floats) -> None:
        zones, units = order.shape
        near = min(NEAR, units)
        self._order, self._drive, self._rate = order.astype(np.int32), drive, rate
        one, other = order[:, :near, None], order[:, None, :near]
        key = np.minimum(one, other) * units + np.maximum(one, other)
        found = np.zeros(units * units, np.bool_)
        found[key] = True
        found[:: units + 1] = False
        kept = np.flatnonzero(found)
        self._slot = (np.cumsum(found, dtype=np.int32) - 1)[key]
        self.first, self.second = kept // units, kept % units
        self.sent = np.zeros((zones, units))
        self._left, self._shift = np.empty((near, near)), np.empty(near)

    def walk(self, busy: Floats, covariance: Floats) -> tuple[Floats, Floats, Floats]:
        """Calls a second that each unit is sent to, their drives in seconds a second, and for each pair by how
        much more often one is sent while the other is busy than by chance, a second. Writes `sent`: shape (zones,
        units)."""
        threshold = ndtri(busy)
        density = np.exp(-0.5 * threshold**2) * TO_DENSITY
        done, driven, gain = np.zeros(len(busy)), np.zeros(len(busy)), np.zeros(len(covariance))
        walk(
            self._order, self._drive, self._rate, self._slot, busy, threshold, density, covariance,
            self._left, self._shift, self.sent, done, driven, gain,
        )  # fmt: skip
        return done, driven, gain


@compiled
def chance(x: float) -> float:
    """Of a standard normal variable to lie below x."""
    return 0.5 * math.erfc(-x / ROOT_TWO)


@compiled
def walk(
    order: Ints, drive: Floats, rate: Floats, slot: Ints, busy: Floats, threshold: Floats, density: Floats,
    covariance: Floats, left: Floats, shift: Floats, sent: Floats, done: Floats, driven: Floats, gain: Floats,
) -> None:  # fmt: skip
    """All zones with calls, each down its list of units until hardly anybody is left to be sent to."""
    depth, near = order.shape[1], len(shift)
    for zone in range(len(order)):
        if rate[zone] <= 0.0:
            continue
        begin(zone, order, slot, threshold, density, covariance, left, shift)
        before, whole, d, lifted = 1.0, 0.0, 0, 0.0
        while d < depth and before > SELDOM:
            at = threshold[order[zone, d]]
            if d < near:
                spread = math.sqrt(max(SPREAD_LEAST, left[d, d]))
                lifted = (at - shift[d]) / spread - at
            taken = chance(at + lifted)
            sent[zone, d] = before * (1.0 - taken)
            whole += sent[zone, d]
            if d < near:
                share = rate[zone] * sent[zone, d]
                meet(zone, d, at + lifted, taken, spread, share, order, slot, busy, threshold, left, shift, gain)
            before *= taken
            d += 1
        for k in range(depth):
            sent[zone, k] = sent[zone, k] / whole if k < d else 0.0  # somebody is
            if k >= d:
                continue
            done[order[zone, k]] += rate[zone] * sent[zone, k]
            driven[order[zone, k]] += rate[zone] * sent[zone, k] * drive[zone, k]


@compiled
def begin(
    zone: int, order: Ints, slot: Ints, threshold: Floats, density: Floats, covariance: Floats,
    left: Floats, shift: Floats,
) -> None:  # fmt: skip
    """Correlations of the near units' normal variables: from the covariance of being busy, by the first two terms
    of the tetrachoric series."""
    for d in range(len(shift)):
        a = order[zone, d]
        left[d, d], shift[d] = 1.0, 0.0
        for e in range(d + 1, len(shift)):
            b = order[zone, e]
            scaled = covariance[slot[zone, d, e]] / (density[a] * density[b])
            root = math.sqrt(max(0.0, 1.0 + 2.0 * threshold[a] * threshold[b] * scaled))
            left[d, e] = min(TOGETHER_MOST, max(TOGETHER_LEAST, 2.0 * scaled / (1.0 + root)))


@compiled
def meet(
    zone: int, d: int, u: float, taken: float, spread: float, share: float,
    order: Ints, slot: Ints, busy: Floats, threshold: Floats, left: Floats, shift: Floats, gain: Floats,
) -> None:  # fmt: skip
    """The d-th is sent `share` times a second, those before it being busy: how busy are those after it then? And what
    is known of them if it is busy too."""
    near, height = len(shift), math.exp(-0.5 * u * u) * TO_DENSITY
    free, full = height / max(TINY, 1.0 - taken), -height / max(TINY, taken)  # means of what lies above u, and below
    for e in range(d):
        gain[slot[zone, d, e]] += share * (1.0 - busy[order[zone, e]])
    for e in range(d + 1, near):
        unit, slope = order[zone, e], left[d, e] / spread
        width = left[e, e] - slope * slope * free * (free - u)
        also = chance((threshold[unit] - shift[e] - slope * free) / math.sqrt(max(SPREAD_LEAST, width)))
        gain[slot[zone, d, e]] += share * (also - busy[unit])
        shift[e] += slope * full
        left[d, e] = slope
    for e in range(d + 1, near):
        slope = left[d, e] * full * (full - u)
        for k in range(e, near):
            left[e, k] -= slope * left[d, k]
