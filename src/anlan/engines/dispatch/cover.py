"""What sending a unit leaves uncovered: the share of demand that counts on it.

A zone covered by k standing units is answered in time with probability 1 - q^k, where q is how busy units are (Daskin
1983, the model behind MEXCLP). Sending one of them takes away (1 - q) q^(k-1); with q = 0 only zones that nobody else
covers count.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anlan.engines.errors import EngineError
from anlan.engines.travel.network import Network
from anlan.engines.travel.sphere import Floats

PPM = 1_000_000


def rows(
    network: Network, nodes: NDArray[np.int32], zones: NDArray[np.int32], within_s: float, vehicle: str
) -> NDArray[np.bool_]:
    """Which zones a unit at each node reaches in time; shape (nodes, zones). Some milliseconds a row: keep them."""
    return network.matrix(nodes, zones, vehicle) <= within_s


def loss_ppm(
    covered: NDArray[np.bool_], standing: NDArray[np.bool_], weights: Floats, busy: float
) -> NDArray[np.int64]:
    """Millionths of all demand lost by sending each unit; 0 for units that do not stand by. Shape (units,).

    `covered`: shape (units, zones). `standing`: the units that are free to answer. `weights`: demand per zone.
    Raises `dispatch.weights`, `dispatch.busy`, `dispatch.lengths`.
    """
    if covered.shape != (standing.size, weights.size):
        raise EngineError("dispatch.lengths", what="covered", expected=standing.size)
    if not (np.isfinite(weights).all() and (weights >= 0.0).all() and weights.sum() > 0.0):
        raise EngineError("dispatch.weights")
    if not 0.0 <= busy < 1.0:
        raise EngineError("dispatch.busy", busy=busy)
    times = covered[standing].sum(axis=0)
    marginal = weights * np.where(times > 0, (1.0 - busy) * np.power(busy, np.maximum(times, 1) - 1.0), 0.0)
    share = covered @ marginal / weights.sum()
    return np.where(standing, np.rint(share * PPM), 0.0).astype(np.int64)
