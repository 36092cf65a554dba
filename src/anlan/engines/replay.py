"""Real calls again: whom the engine would have sent, of the units that were free then, against who was sent.

Nobody wrote down where units were. A unit is taken to drive back from its last scene to its home, and to wait there;
the home is given, or learned from the first half of the record, as is how long a drive takes. The second half is
replayed. Two biases stay: a home learned from the calls that a unit was sent to leans towards agreement, and the best
of many predictions is predicted too well, so that seconds saved are an upper bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anlan.engines.dispatch.rank import Place, Rules, rank
from anlan.engines.dispatch.units import ACCESS_M_S, units_at
from anlan.engines.errors import EngineError
from anlan.engines.travel.network import Network
from anlan.engines.travel.sphere import Floats

Ints = NDArray[np.int32]
RETURN_S: Final = 600.0
"""From clearing a call until the unit is home again."""
TOGETHER_S: Final = 30.0
"""Units of one kind sent within this of the first were sent together."""
TRAVEL_S: Final = (15.0, 3_600.0)
"""Shorter or longer drives are slips of the record."""
FITTED_MIN: Final = 30
NOW: Final = Rules(clear_within_s=0.0, outside_within_s=np.inf, stale_s=np.inf)


@dataclass(frozen=True, eq=False)
class Record:
    """r responses in order of `sent_s`. `incident`, `unit`: numbers; `kind`: of each unit; times in seconds from any
    moment, NaN for unknown (`sent_s` and `free_s` never); `lon`, `lat`: of the scene.

    Raises `replay.lengths`, `replay.order`, `replay.times`.
    """

    incident: Ints
    unit: Ints
    kind: Ints
    sent_s: Floats
    rolling_s: Floats
    scene_s: Floats
    free_s: Floats
    lon: Floats
    lat: Floats

    def __post_init__(self) -> None:
        columns = (self.unit, self.sent_s, self.rolling_s, self.scene_s, self.free_s, self.lon, self.lat)
        if not len(self.incident) or any(column.shape != self.incident.shape for column in columns):
            raise EngineError("replay.lengths", responses=len(self.incident))
        if not (np.isfinite(self.sent_s).all() and (self.free_s >= self.sent_s).all()):
            raise EngineError("replay.times")
        if (np.diff(self.sent_s) < 0.0).any():
            raise EngineError("replay.order")

    @property
    def travel_s(self) -> Floats:
        """Rolling to scene; NaN where either is unknown or wrong."""
        found = self.scene_s - self.rolling_s
        return np.where((found >= TRAVEL_S[0]) & (found <= TRAVEL_S[1]), found, np.nan)

    def part(self, rows: NDArray[np.bool_]) -> Record:
        """These rows."""
        columns = {name: getattr(self, name)[rows] for name in self.__dataclass_fields__ if name != "kind"}
        return Record(kind=self.kind, **columns)


@dataclass(frozen=True)
class Ways:
    """The network that is driven, by which vehicle class, and how fast from a place to its nearest node."""

    network: Network
    vehicle: str
    access_m_s: float = ACCESS_M_S

    def nodes(self, lon: Floats, lat: Floats) -> tuple[Ints, Floats]:
        """The node of each place, however far, and the seconds to it."""
        node, metres = self.network.nodes_at(lon, lat, np.inf)
        return node, metres / self.access_m_s


@dataclass(frozen=True)
class Fit:
    """A drive of a kind: `start_s` + `each` × what the network says. `apart_s`: median distance of the drives from it;
    `apart_plain_s`: from their own median, what knowing nothing would give. `n` drives."""

    start_s: float
    each: float
    apart_s: float
    apart_plain_s: float
    correlation: float
    n: int
    turnout_s: float


@dataclass(frozen=True, eq=False)
class Replayed:
    """One row for each incident and kind that was replayed.

    `sent`, `choice`: units, the engine's best among those sent together and its best of all; `together`: how many were
    sent; `place`: where among the free ones the sent one ranks, from 1; `free`: how many there were. Seconds of the
    drive: `real_s` (of the first there, NaN where not recorded), `sent_model_s`, `choice_model_s`. `at_s`: when.
    """

    kind: Ints
    sent: Ints
    choice: Ints
    together: Ints
    place: Ints
    free: Ints
    real_s: Floats
    sent_model_s: Floats
    choice_model_s: Floats
    at_s: Floats

    @property
    def same(self) -> NDArray[np.bool_]:
        """Where the engine would have sent who was sent."""
        agreed: NDArray[np.bool_] = self.place == 1
        return agreed

    def of_kind(self, kind: int) -> Replayed:
        """The rows of one kind."""
        rows = self.kind == kind
        return replace(self, **{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def homes(record: Record, units: int) -> Floats:
    """Where each unit waits, shape (units, 2): the median of the calls at which it was the first of its kind, of all
    its calls where it never was; NaN for a unit that the record does not know."""
    of_kind = record.kind[record.unit]
    key = record.incident.astype(np.int64) * (int(record.kind.max()) + 1) + of_kind
    first = np.zeros(len(key), np.bool_)
    first[np.unique(key, return_index=True)[1]] = True
    found = np.full((units, 2), np.nan)
    for unit in np.unique(record.unit).tolist():
        own = record.unit == unit
        chosen = own & first if (own & first).any() else own
        found[unit] = np.median(record.lon[chosen]), np.median(record.lat[chosen])
    return found


def fits(record: Record, ways: Ways, home: Floats) -> dict[int, Fit]:
    """How long drives take, by kind; a kind with fewer than FITTED_MIN drives is left out."""
    place = Places(record, home)
    scene, walk_s = ways.nodes(record.lon, record.lat)
    said = np.full(len(record.unit), np.nan)
    usable = np.flatnonzero(np.isfinite(record.travel_s) & np.isfinite(home[record.unit, 0]))
    for row in usable.tolist():
        at = place.of(record.unit[row : row + 1], float(record.sent_s[row]))
        node, access_s = ways.nodes(at[:, 0], at[:, 1])
        driven = ways.network.seconds_to(node, int(scene[row]), ways.vehicle)
        said[row] = access_s[0] + driven[0] + walk_s[row]
    found = {}
    for kind in np.unique(record.kind).tolist():
        rows = (record.kind[record.unit] == kind) & np.isfinite(said)
        if rows.sum() >= FITTED_MIN:
            turnout = (record.rolling_s - record.sent_s)[rows]
            found[kind] = _line(said[rows], record.travel_s[rows], max(0.0, float(np.nanmedian(turnout))))
    return found


def replay(
    record: Record,
    begin_s: float,
    ways: Ways,
    home: Floats,
    fitted: dict[int, Fit],
    off_duty_s: float,
    on_progress: Callable[[int, int], None] | None = None,
) -> Replayed:
    """Ask the engine at every first dispatch of a kind from `begin_s` on. A unit that has no call for `off_duty_s`
    before and after, or no home, is off duty. Raises EngineError as `rank`."""
    place, rows = Places(record, home), []
    scene, walk_s = ways.nodes(record.lon, record.lat)
    slow = {kind: _fitted(ways, fit) for kind, fit in fitted.items()}
    seen: set[tuple[int, int]] = set()
    for row in range(len(record.unit)):
        kind = int(record.kind[record.unit[row]])
        key = (int(record.incident[row]), kind)
        if key in seen or kind not in fitted:
            continue
        seen.add(key)
        if record.sent_s[row] >= begin_s:
            free = place.free(kind, float(record.sent_s[row]), off_duty_s)
            at = Place(int(scene[row]), float(walk_s[row]) * fitted[kind].each)
            one = _asked(record, row, slow[kind], fitted[kind], place, free, at)
            rows += [one] if one else []
        if on_progress and row % 50 == 0:
            on_progress(row, len(record.unit))
    columns = np.array(rows, np.float64).reshape(len(rows), 10).T
    return Replayed(*(column.astype(np.int32) for column in columns[:6]), *columns[6:])


def _asked(
    record: Record, row: int, ways: Ways, fit: Fit, place: Places, free: Ints, at: Place
) -> tuple[float, ...] | None:
    """One question to the engine; None where who was sent was not free or nobody else was."""
    now, kind = float(record.sent_s[row]), record.kind[record.unit[row]]
    around = slice(row, int(np.searchsorted(record.sent_s, now + TOGETHER_S, "right")))
    mates = (record.incident[around] == record.incident[row]) & (record.kind[record.unit[around]] == kind)
    sent = record.unit[around][mates]
    if len(free) < 2 or not np.isin(sent, free).any():
        return None
    where = place.of(free, now)
    node, access_s = ways.nodes(where[:, 0], where[:, 1])
    fleet = units_at(node, access_s=access_s, turnout_s=fit.turnout_s, vehicles=(ways.vehicle,))
    found = rank(ways.network, fleet, at, NOW)
    if not found.order.size:
        return None
    order, driven = free[found.order], (found.arrival_ms[found.order] / 1000.0) - fit.turnout_s + fit.start_s
    first = np.flatnonzero(np.isin(order, sent))
    if not first.size:
        return None
    real = record.travel_s[around][mates]
    known = real[np.isfinite(real)]
    quickest = float(known.min()) if known.size else np.nan
    best = int(first[0])
    return (
        float(kind), float(order[best]), float(order[0]), float(len(sent)), best + 1.0, float(len(free)),
        quickest, float(driven[best]), float(driven[0]), now,
    )  # fmt: skip


class Places:
    """Where units were, as far as a record can say."""

    def __init__(self, record: Record, home: Floats) -> None:
        self._home, self._kind = home, record.kind
        self._rows = [np.flatnonzero(record.unit == unit) for unit in range(len(home))]
        self._record = record

    def of(self, units: Ints, now: float) -> Floats:
        """Longitude and latitude of each unit just before `now`, shape (units, 2)."""
        found = self._home[units].copy()
        for n, unit in enumerate(units.tolist()):
            last = self._last(unit, now)
            if last >= 0:
                scene = np.array([self._record.lon[last], self._record.lat[last]])
                share = min(1.0, max(0.0, (now - self._record.free_s[last]) / RETURN_S))
                found[n] = scene + share * (found[n] - scene)
        return found

    def free(self, kind: int, now: float, off_duty_s: float) -> Ints:
        """The units of a kind that are on duty, have a home and are on no call just before `now`."""
        found = []
        for unit in np.flatnonzero(self._kind == kind).tolist():
            rows = self._rows[unit]
            if not len(rows) or not np.isfinite(self._home[unit, 0]):
                continue
            sent, free = self._record.sent_s[rows], self._record.free_s[rows]
            before = int(np.searchsorted(sent, now, "left"))
            last, after = free[:before].max(initial=-np.inf), sent[before] if before < len(sent) else np.inf
            if last <= now and (now - last <= off_duty_s or after - now <= off_duty_s):
                found.append(unit)
        return np.array(found, np.int32)

    def _last(self, unit: int, now: float) -> int:
        rows = self._rows[unit]
        before = int(np.searchsorted(self._record.sent_s[rows], now, "left"))
        return int(rows[before - 1]) if before else -1


def _fitted(ways: Ways, fit: Fit) -> Ways:
    """The same ways at the speed of a kind."""
    now = ways.network.times(ways.vehicle)
    return Ways(ways.network.reweighted(ways.vehicle, now * fit.each), ways.vehicle, ways.access_m_s / fit.each)


def _line(said: Floats, real: Floats, turnout_s: float) -> Fit:
    """The line with the least sum of distances (least squares, weighted anew until it rests)."""
    columns = np.column_stack([np.ones_like(said), said])
    weight = np.ones_like(said)
    for _ in range(100):
        line = np.linalg.lstsq(columns * weight[:, None], real * weight, rcond=None)[0]
        weight = 1.0 / np.sqrt(np.maximum(abs(real - columns @ line), 1.0))
    start, each = float(line[0]), float(max(line[1], 1e-3))
    apart = float(np.median(abs(real - start - each * said)))
    plain = float(np.median(abs(real - np.median(real))))
    tied = float(np.corrcoef(said, real)[0, 1]) if said.std() > 0 else 0.0
    return Fit(start, each, apart, plain, tied, len(said), turnout_s)


def halves(record: Record) -> tuple[Record, float]:
    """The first half of the record's time to learn from, and when the second begins."""
    middle = float((record.sent_s[0] + record.sent_s[-1]) / 2.0)
    return record.part(record.sent_s < middle), middle
