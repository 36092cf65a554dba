"""Move utility: a move is worth what it adds to cover where it goes, less what it takes where it stood, each the less
the longer it is in coming; the best one is made while it is worth the threshold.

The worth of cover t seconds away is exp(-t / patience): a unit under way covers its goal in part. So a long drive for a
small gain is never made, and a third of the driving of a compliance table gives as much.
"""

from __future__ import annotations

from math import exp

from anlan.engines.compiled import compiled
from anlan.engines.simulate.view import IDLE, MOVING, NOBODY, View, both, turning_point
from anlan.engines.simulate.world import NOWHERE, SCALE


@compiled
def choose_base(view: View, unit: int) -> int:
    """The base of the greatest worth, from where the unit has just cleared; the lowest number among equals."""
    best, worth = 0, -1.0
    for station in range(len(view.add)):
        mine = view.add[station] * view.decay[view.at[unit], station]
        if mine > worth:
            best, worth = station, mine
    return best


@compiled
def next_move(view: View, ms: int) -> tuple[int, int]:
    """The unit and the station of the best move, or (NOBODY, NOWHERE) when none is worth the threshold."""
    best, mover, target = view.threshold * SCALE, NOBODY, NOWHERE
    view.seen[:] = 0
    for unit in range(len(view.status)):
        status, goal = view.status[unit], view.goal[unit]
        if status not in (IDLE, MOVING) or goal == NOWHERE:
            continue
        if status == IDLE:
            if view.seen[goal]:
                continue  # one idle unit of a station speaks for all
            view.seen[goal] = 1
        at, rest = turning_point(view, unit, ms)
        late = exp(-rest / view.patience_ms) if rest > 0 else 1.0
        left = exp(-(view.due[unit] - ms) / view.patience_ms) if status == MOVING else 1.0
        cost = view.drop[goal] * left
        most = max(0, view.drop[goal] - view.add[goal])  # no overlap can give back more
        for station in range(len(view.add)):
            fades = late * view.decay[at, station]
            if station == goal or (view.add[station] + most) * fades - cost <= best:
                continue
            worth = (view.add[station] + both(view, goal, station)) * fades - cost
            if worth > best:
                best, mover, target = worth, unit, station
    return mover, target
