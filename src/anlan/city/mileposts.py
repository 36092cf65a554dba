"""Numbered roads with their mileage posts (里程碑): where K12+300 is. Linear referencing; never beyond the last post.

A road has one line, or one for each carriageway (幅). Along a line the posts come in runs: within a run mileage rises
with the way along the line and is interpolated between neighbouring posts; between two runs it jumps (断链: a shorter
new alignment skips mileages, a longer one has some twice) and nothing is interpolated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import numpy as np
import shapely

from anlan.city import mileage
from anlan.city.errors import CityError
from anlan.city.geo import Floats, check_place, degrees, mercator
from anlan.city.layers import on_plane
from anlan.city.mileage import Said

OFF_ROAD_M: Final = 50.0
"""A post farther from its own line is a slip of the pen."""
DRIFT: Final = 0.15
DRIFT_M: Final = 60.0
"""Metres on the posts and metres on the ground that part by more between two posts: a jump went unmarked."""
BEARING_M: Final = 50.0
BEARING_DEGREES: Final = 60.0
"""The way a road runs is that of so many metres about the place; a said quarter of the sky fits within so many
degrees."""

Post = tuple[Annotated[int, msgspec.Meta(ge=0, le=9_999_999)], float, float]
"""Metres of mileage (as many as a post can show), WGS84 degrees."""


class Way(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line with its posts, both in the order of rising mileage; WGS84 degrees.

    `side`: "up" (上行) or "down" (下行) for one carriageway, "" where the road has one line for both. `towards`: what
    its signs point to. `falling`: one drives it against the rising mileage.
    """

    line: tuple[tuple[float, float], ...]
    runs: tuple[tuple[Post, ...], ...]
    side: str = ""
    towards: tuple[str, ...] = ()
    falling: bool = False


class Road(msgspec.Struct, frozen=True, omit_defaults=True):
    """A row of mileposts.json. `number`: by GB/T 917 ("G20"), "" for a city's expressway that has none."""

    number: str
    name: str
    name_en: str
    ways: tuple[Way, ...]
    aliases: tuple[str, ...] = ()


class Marked(NamedTuple):
    """A mileage on the ground, WGS84 degrees; `bearing`: degrees from north of the way one drives there."""

    road: Road
    way: Way
    metres: int
    lon: float
    lat: float
    bearing: float


class Answer(NamedTuple):
    """Every place that may be meant. `why` is "" for exactly one, else the code of what is open or amiss."""

    found: tuple[Marked, ...]
    why: str = ""
    params: dict[str, object] = {}  # noqa: RUF012 - never written


class MilepostIndex:
    """The numbered roads, ready to be asked."""

    def __init__(self, roads: Iterable[Road]) -> None:
        self.roads: Final = tuple(roads)
        self._lines: dict[int, _Line] = {}

    def find(self, text: str) -> Answer | None:
        """Where a text's mileage is; None where it tells none. Why it is not one place, in order of what to ask first:
        `milepost.road_unknown`, `milepost.beyond`, `milepost.gap`, `milepost.nowhere` (no place at all),
        `milepost.which_road`, `milepost.direction_unknown`, `milepost.which_way`, `milepost.which_reading`,
        `milepost.twice` (the road has this mileage twice).
        """
        said = mileage.read(text) if self.roads else None
        if said is None:
            return None
        known = self._named(said)
        if unknown := sorted(set(said.numbers) - {road.number for road in known}):
            return Answer((), "milepost.road_unknown", {"road": unknown[0]})
        if not known and said.bare and not _is_direction(said.around):
            return None  # a distance in a description
        roads = known or list(self.roads)
        pairs = [(road, way) for road in roads for way in road.ways]
        wanted = [(road, way) for road, way in pairs if _fits(road, way, said.around)]
        lost = {road.name for road, _ in pairs} - {road.name for road, _ in wanted}
        wanted += [pair for pair in pairs if pair[0].name in lost]
        found = [m for road, way in wanted for metres in said.metres for m in self._at(road, way, metres)]
        if not found:
            return self._nowhere(said, wanted if known else [])
        quarter = mileage.heading(said.around)
        if quarter is not None:
            fitting = [m for m in found if len(m.road.ways) == 1 or _apart(m.bearing, quarter) <= BEARING_DEGREES]
            return Answer(tuple(fitting or found), _open(fitting or found, len(known) == 1, bool(lost) or not fitting))
        return Answer(tuple(found), _open(found, len(known) == 1, bool(lost)))

    def _named(self, said: Said) -> list[Road]:
        """Roads said by number or name; a name that is part of another said name does not count."""
        plain = said.around.replace(" ", "")
        names = {name: road for road in self.roads for name in (road.name, *road.aliases) if name and name in plain}
        longest = [road for name, road in names.items() if not any(name != n and name in n for n in names)]
        numbered = [road for road in self.roads if road.number and road.number in said.numbers]
        return list({id(road): road for road in (*numbered, *longest)}.values())

    def _at(self, road: Road, way: Way, metres: int) -> Iterator[Marked]:
        line = self._line(way)
        for along in line.places(metres):
            yield Marked(road, way, metres, *line.point(along), line.bearing(along, way))

    def _line(self, way: Way) -> _Line:
        found = self._lines.get(id(way))
        if found is None:
            found = self._lines[id(way)] = _Line(way)
        return found

    def _nowhere(self, said: Said, pairs: list[tuple[Road, Way]]) -> Answer:
        metres, around = said.metres[0], dict[str, object](post=mileage.written(said.metres[0]))
        if not pairs:
            return Answer((), "milepost.nowhere", around)
        road, way = pairs[0]
        marks = [post[0] for run in way.runs for post in run]
        around["road"] = road.number or road.name
        below, above = [m for m in marks if m < metres], [m for m in marks if m > metres]
        if below and above:
            near = {"before": mileage.written(max(below)), "after": mileage.written(min(above))}
            return Answer((), "milepost.gap", around | near)
        ends = {"first": mileage.written(min(marks)), "last": mileage.written(max(marks))}
        return Answer((), "milepost.beyond", around | ends)


class _Line:
    """A way on the plane, its posts at their distance along it."""

    def __init__(self, way: Way) -> None:
        self.line = on_plane(shapely.LineString(way.line))
        self.runs = [
            (np.array([post[0] for post in run], np.float64), _along(self.line, run)) for run in way.runs if run
        ]

    def places(self, metres: int) -> list[float]:
        """Where along the line a mileage is, once for each run that has it."""
        return [float(np.interp(metres, marks, at)) for marks, at in self.runs if marks[0] <= metres <= marks[-1]]

    def point(self, along: float) -> tuple[float, float]:
        """WGS84 degrees, to a decimetre."""
        spot = self.line.interpolate(along)
        lon, lat = degrees(spot.x, spot.y)
        return round(lon, 6), round(lat, 6)

    def bearing(self, along: float, way: Way) -> float:
        """Degrees from north in which one drives here; on a line for both ways, that of rising mileage."""
        before, after = (self.line.interpolate(max(0.0, along + step)) for step in (-BEARING_M, BEARING_M))
        rising = math.degrees(math.atan2(after.x - before.x, after.y - before.y))
        return (rising + (180.0 if way.falling else 0.0)) % 360.0


def milepost_problems(roads: Iterable[Road]) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Roads given twice or without a way to tell their carriageways, lines that are none, posts out of order, off
    their road, too few, or so placed that a jump of the mileage went unmarked."""
    seen: set[str] = set()
    for road in roads:
        key = road.number or road.name
        if not road.name.strip() or not road.ways:
            yield "milepost.road", key, {}
        if key in seen:
            yield "milepost.road_twice", key, {}
        seen.add(key)
        sides = [way.side for way in road.ways]
        told = sides == [""] if len(sides) == 1 else sorted(sides) == [mileage.DOWN, mileage.UP]
        if road.ways and not told:
            yield "milepost.sides", key, {"sides": sides}
        for n, way in enumerate(road.ways):
            yield from _way_problems(f"{key}/{way.side or n}", way)


def _way_problems(where: str, way: Way) -> Iterator[tuple[str, str, dict[str, object]]]:
    try:
        for lon, lat in (*way.line, *((post[1], post[2]) for run in way.runs for post in run)):
            check_place(lon, lat)
    except CityError as error:
        yield error.code, where, error.params
        return
    if len(set(way.line)) < 2:
        yield "milepost.line", where, {"points": len(way.line)}
        return
    line, furthest = on_plane(shapely.LineString(way.line)), -1.0
    if not way.runs:
        yield "milepost.few", where, {"run": 0}
    for n, run in enumerate(way.runs):
        if len(run) < 2:
            yield "milepost.few", where, {"run": n}
            continue
        for post in run:
            off = _metres_off(line, post)
            if off > OFF_ROAD_M:
                yield "milepost.off_road", where, {"post": mileage.written(post[0]), "metres": round(off)}
        along = _along(line, run)
        marks = np.array([post[0] for post in run], np.float64)
        ground = np.diff(along) * math.cos(math.radians(run[0][2]))
        wrong = np.flatnonzero((np.diff(marks) <= 0) | (ground <= 0.0))
        if along[0] < furthest or wrong.size:
            post = run[int(wrong[0]) + 1] if wrong.size else run[0]
            yield "milepost.order", where, {"post": mileage.written(post[0])}
            continue
        furthest = float(along[-1])
        drift = np.abs(ground - np.diff(marks)) > DRIFT_M + DRIFT * np.diff(marks)
        for i in np.flatnonzero(drift).tolist():
            yield "milepost.jump", where, {
                "post": mileage.written(run[i][0]), "next": mileage.written(run[i + 1][0]), "ground": round(ground[i])
            }  # fmt: skip


def _along(line: Any, run: tuple[Post, ...]) -> Floats:
    spots = shapely.points([mercator(lon, lat) for _, lon, lat in run])
    return np.asarray(shapely.line_locate_point(line, spots), np.float64)


def _metres_off(line: Any, post: Post) -> float:
    spot = shapely.Point(mercator(post[1], post[2]))
    return float(line.distance(spot)) * math.cos(math.radians(post[2]))


def _fits(road: Road, way: Way, around: str) -> bool:
    """Whether a carriageway is the one said: by its side and by where it leads. A road of one line fits always."""
    if len(road.ways) == 1:
        return True
    side, place = mileage.side(around), mileage.towards(around)
    led = not place or mileage.heading(around) is not None or any(place.endswith(name) for name in way.towards)
    return led and side in {"", way.side}


def _is_direction(around: str) -> bool:
    said = mileage.towards(around), mileage.side(around), mileage.heading(around)
    return not around or (len(around) <= 12 and said != ("", "", None))


def _apart(bearing: float, quarter: int) -> float:
    return abs((bearing - quarter + 180.0) % 360.0 - 180.0)


def _open(found: list[Marked], one_road: bool, lost: bool) -> str:
    """What is to be asked before one of several is taken. `lost`: the direction that was said fits no carriageway."""
    if not one_road or len({id(m.road) for m in found}) > 1:
        return "milepost.which_road"
    if lost:
        return "milepost.direction_unknown"
    if len(found) == 1:
        return ""
    if len({m.metres for m in found}) > 1:
        return "milepost.which_reading"
    return "milepost.which_way" if len({id(m.way) for m in found}) > 1 else "milepost.twice"
