"""Chance, as it is injected everywhere here: dice thrown for the same thing fall the same way, in whatever order."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")
MINUTE_MS = 60_000
FEW = 30.0
"""Above this a Poisson number is drawn as a normal one."""


class Dice(random.Random):
    """Dice for one thing: `Dice(seed, "matter", number, version)`."""

    def __new__(cls, *_of: object) -> Dice:
        """`random.Random` takes one argument only."""
        return super().__new__(cls)

    def __init__(self, *of: object) -> None:
        super().__init__("/".join(map(str, of)))

    def chance(self, share: float) -> bool:
        """True in this share of cases."""
        return self.random() < share

    def pick(self, weights: Mapping[T, float]) -> T:
        """One of them, by weight."""
        return self.choices(list(weights), list(weights.values()))[0]

    def minutes(self, low: float, high: float) -> int:
        """A time in milliseconds between so many minutes, more often short than long."""
        return round(self.triangular(low, high, low) * MINUTE_MS)

    def poisson(self, mean: float) -> int:
        """How many happen where so many are expected."""
        if mean > FEW:
            return max(0, round(self.gauss(mean, math.sqrt(mean))))
        count, left = 0, self.random()
        while left > math.exp(-mean):
            count, left = count + 1, left * self.random()
        return count
