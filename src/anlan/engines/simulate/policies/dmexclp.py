"""DMEXCLP: a unit that clears goes where it adds most to expected cover; nobody else moves.

Jagtenberg, Bhulai, van der Mei, Operations Research for Health Care 4 (2015) 27-35.
"""

from __future__ import annotations

from anlan.engines.compiled import compiled
from anlan.engines.simulate.view import View


@compiled
def choose_base(view: View) -> int:
    """The base where one more unit adds most, the lowest number among equals."""
    best = 0
    for station in range(len(view.add)):
        if view.add[station] > view.add[best]:
            best = station
    return best
