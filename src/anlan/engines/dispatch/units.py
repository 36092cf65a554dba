"""The units as columns, checked at the door. Which person drives one is not known here."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.engines.errors import EngineError
from anlan.engines.travel.snap import OFF_ROAD
from anlan.engines.travel.sphere import Floats

NEVER: Final = np.inf
"""`ready_s` of a unit that is not to be had: off duty, resting, or nobody knows when it clears."""
ACCESS_M_S: Final = 5.0
"""From where a unit stands to the nearest node: through a yard or a lane, at walking to running pace of a car."""
SECONDS_MAX: Final = 604_800.0


@dataclass(frozen=True, eq=False)
class Units:
    """u units.

    `node`: where each is, OFF_ROAD where that is off the road. `access_s`: seconds from there to the node. `ready_s`:
    seconds until it is free, 0 now, NEVER for none. `turnout_s`: seconds from the order to rolling. `age_s`: seconds
    since the position was measured. `skills`: bits of what it can do. `vehicle`: index of its class among `vehicles`.
    `inside`: it belongs to the incident's jurisdiction. Raises `dispatch.lengths`, `dispatch.seconds`,
    `dispatch.vehicle`, `dispatch.skills`.
    """

    node: NDArray[np.int32]
    access_s: Floats
    ready_s: Floats
    turnout_s: Floats
    age_s: Floats
    skills: NDArray[np.uint64]
    vehicle: NDArray[np.int8]
    inside: NDArray[np.bool_]
    vehicles: tuple[str, ...]

    def __post_init__(self) -> None:
        columns = [field.name for field in fields(self) if field.name != "vehicles"]
        for name in columns:
            if getattr(self, name).shape != (len(self),):
                raise EngineError("dispatch.lengths", what=name, expected=len(self))
        for name in ("access_s", "ready_s", "turnout_s"):
            _check_seconds(name, getattr(self, name), never=name == "ready_s")
        if np.isnan(self.age_s).any():
            raise EngineError("dispatch.seconds", what="age_s", unit=int(np.flatnonzero(np.isnan(self.age_s))[0]))
        if len(self) and not (self.vehicle.min() >= 0 and self.vehicle.max() < len(self.vehicles)):
            raise EngineError("dispatch.vehicle", known=", ".join(self.vehicles))

    def __len__(self) -> int:
        return len(self.node)


def units_at(
    node: ArrayLike,
    *,
    access_s: ArrayLike = 0.0,
    ready_s: ArrayLike = 0.0,
    turnout_s: ArrayLike = 0.0,
    age_s: ArrayLike = 0.0,
    skills: ArrayLike = 1,
    vehicle: ArrayLike = 0,
    inside: ArrayLike = True,
    vehicles: tuple[str, ...],
) -> Units:
    """Units at nodes; what is given once counts for all."""
    nodes = np.atleast_1d(np.asarray(node))
    if nodes.size and (nodes.dtype.kind not in "iu" or nodes.min() < OFF_ROAD):
        raise EngineError("dispatch.lengths", what="node", expected=nodes.size)
    bits = np.asarray(skills)
    if bits.dtype.kind not in "iu" or (bits.size and bits.min() < 0):
        raise EngineError("dispatch.skills")

    def column(value: ArrayLike, dtype: type) -> NDArray[Any]:
        given = np.asarray(value)
        return np.full(nodes.shape, given, dtype) if given.ndim == 0 else given.astype(dtype)

    return Units(
        node=nodes.astype(np.int32),
        access_s=column(access_s, np.float64),
        ready_s=column(ready_s, np.float64),
        turnout_s=column(turnout_s, np.float64),
        age_s=column(age_s, np.float64),
        skills=column(bits, np.uint64),
        vehicle=column(vehicle, np.int8),
        inside=column(inside, np.bool_),
        vehicles=vehicles,
    )


def _check_seconds(name: str, seconds: Floats, *, never: bool) -> None:
    ok = (seconds >= 0.0) & (seconds <= SECONDS_MAX)
    bad = ~(ok | np.isposinf(seconds)) if never else ~ok
    if bad.any():
        raise EngineError("dispatch.seconds", what=name, unit=int(np.flatnonzero(bad)[0]))
