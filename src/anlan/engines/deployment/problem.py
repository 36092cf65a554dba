"""What the covering models are asked, checked at the door, and what every model answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.engines.errors import EngineError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Counts = NDArray[np.int64]
CELLS_MAX: Final = 20_000_000
NO_DISTRICT: Final = -1


@dataclass(frozen=True, eq=False)
class CoverProblem:
    """Place `units` on s sites so that z zones are covered.

    `covers`: which zones each site reaches in time, shape (s, z). `weights`: demand per zone. `busy`: the share of time
    a unit is not free; 0 asks for plain cover. `least`, `most`: units per site. `district` of each zone (NO_DISTRICT
    for none) and `floors`, the share of each district's demand to be covered at least. Raises EngineError `deploy.*`.
    """

    covers: Bools
    weights: Floats
    units: int
    busy: float
    least: Counts
    most: Counts
    district: NDArray[np.int32]
    floors: Floats

    def __post_init__(self) -> None:
        sites, zones = self.covers.shape
        if self.covers.size > CELLS_MAX:
            raise EngineError("deploy.too_large", cells=self.covers.size, cells_max=CELLS_MAX)
        for what, column, length in (
            ("weights", self.weights, zones),
            ("district", self.district, zones),
            ("least", self.least, sites),
            ("most", self.most, sites),
        ):
            if column.shape != (length,):
                raise EngineError("deploy.lengths", what=what, expected=length)
        check_weights(self.weights)
        if not 0.0 <= self.busy < 1.0:
            raise EngineError("deploy.busy", busy=self.busy)
        if (self.least < 0).any() or (self.most < self.least).any():
            raise EngineError("deploy.limits")
        if not int(self.least.sum()) <= self.units <= int(self.most.sum()) or self.units < 1:
            raise EngineError("deploy.units", units=self.units, least=int(self.least.sum()), most=int(self.most.sum()))
        districts = self.district.max(initial=NO_DISTRICT) + 1
        if self.floors.size < districts or self.district.min(initial=0) < NO_DISTRICT:
            raise EngineError("deploy.lengths", what="floors", expected=int(districts))
        if not ((self.floors >= 0.0) & (self.floors <= 1.0)).all():
            raise EngineError("deploy.floor")


def mexclp(
    covers: ArrayLike,
    weights: ArrayLike,
    units: int,
    busy: float,
    *,
    least: ArrayLike = 0,
    most: ArrayLike | None = None,
    district: ArrayLike = NO_DISTRICT,
    floors: ArrayLike = (),
) -> CoverProblem:
    """Maximum expected cover (Daskin 1983): k units that reach a zone answer it in time with probability 1 - busy^k."""
    table = np.asarray(covers, np.bool_)
    if table.ndim != 2:
        raise EngineError("deploy.lengths", what="covers", expected=2)
    sites, zones = table.shape

    def column(given: ArrayLike, length: int, dtype: type) -> NDArray[np.generic]:
        array = np.asarray(given)
        return np.full(length, array, dtype) if array.ndim == 0 else array.astype(dtype)

    return CoverProblem(
        covers=table,
        weights=np.asarray(weights, np.float64),
        units=units,
        busy=busy,
        least=column(least, sites, np.int64),  # type: ignore[arg-type]
        most=column(units if most is None else most, sites, np.int64),  # type: ignore[arg-type]
        district=column(district, zones, np.int32),  # type: ignore[arg-type]
        floors=np.asarray(floors, np.float64),
    )


def mclp(covers: ArrayLike, weights: ArrayLike, units: int, **limits: ArrayLike) -> CoverProblem:
    """Maximal cover (Church and ReVelle 1974): as much demand as can be within reach of at least one unit."""
    return mexclp(covers, weights, units, 0.0, **({"most": 1} | limits))


@dataclass(frozen=True, eq=False)
class Plan:
    """Units per site, what that is worth, and a proven bound on what any plan could be worth.

    For covering models more is better and `bound` >= `value`; for distances less is better and `bound` <= `value`.
    `how`: what found it.
    """

    units: Counts
    value: float
    bound: float
    how: str

    @property
    def sites(self) -> NDArray[np.intp]:
        """The sites that have a unit."""
        return np.flatnonzero(self.units)

    @property
    def gap(self) -> float:
        """How far from the bound, as a share of the larger; 0 is proven best."""
        largest = max(abs(self.value), abs(self.bound))
        return abs(self.bound - self.value) / largest if largest > 0.0 else 0.0


def covered(covers: Bools, weights: Floats, units: Counts, busy: float) -> float:
    """Expected demand answered in time by a plan, in units of weight."""
    times = units.astype(np.float64) @ covers
    return float((weights * (1.0 - np.power(busy, times))).sum())


def check_weights(weights: Floats) -> None:
    """Raises `deploy.demand` for demand that is missing, negative, or nowhere."""
    if not (np.isfinite(weights).all() and (weights >= 0.0).all() and weights.sum() > 0.0):
        raise EngineError("deploy.demand")
