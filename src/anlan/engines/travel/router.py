"""What a router answers, in whole milliseconds. `hierarchy` is the fast one, `dijkstra` the oracle and the fallback."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from anlan.engines.travel.roads import Ints

Times = NDArray[np.int64]
UNREACHABLE: Final = -1
"""In place of a time, where no road leads."""


class Router(Protocol):
    """Exact shortest times for one set of arc times. Node numbers are trusted; `network` checks them.

    Every call has its own working memory, so threads cannot see each other's questions.
    """

    def to_one(self, sources: Ints, target: int) -> Times:
        """Milliseconds from each source to the target, UNREACHABLE where no road leads; shape (sources,)."""

    def from_one(self, source: int, targets: Ints) -> Times:
        """Milliseconds from the source to each target; shape (targets,)."""

    def matrix(self, sources: Ints, targets: Ints) -> Times:
        """Milliseconds, shape (sources, targets)."""

    def route(self, source: int, target: int) -> Ints | None:
        """The arcs of a fastest route in driving order; none are needed to stay; None where no road leads."""
