"""Where a caller means (是哪一处): what was typed as coordinates, a mileage post or a name, and the places it may be.

Nothing is picked where two places fit what was said as well: a person does, and is told what is open.
"""

from __future__ import annotations

import msgspec

from anlan.city.errors import CityError
from anlan.city.mileage import written
from anlan.city.mileposts import Answer, Marked
from anlan.web.forms import Form
from anlan.web.visit import Visit

PLACES = 5
SAME_NAME, SURE = 1.0, 0.6


class Spot(msgspec.Struct, frozen=True):
    """A place that may be meant; `at` is what the form sends, `district` who answers there, in words."""

    name: str
    at: str
    district: str
    on: bool


def point_of(visit: Visit, form: Form) -> tuple[float, float] | None:
    """Where it is: the chosen spot, coordinates typed as 纬度,经度 or 经度,纬度, the one mileage post that was said,
    else the best place of that name. None where several would do as well. Raises CityError("place.not_finite")."""
    place = form.text("place")
    if (at := _chosen(form)) or (at := coordinates(place)):
        return at
    if (posts := _posts(visit, place)) is not None:
        return (posts.found[0].lon, posts.found[0].lat) if not posts.why else None
    found = visit.world.city.places.find(place, 1) if place else []
    return (found[0].lon, found[0].lat) if found and found[0].score >= SURE else None


def doubt_of(visit: Visit, form: Form) -> CityError | None:
    """Why a mileage that was said is not one place; None where it is, or one was chosen."""
    place = form.text("place")
    posts = None if _chosen(form) or coordinates(place) else _posts(visit, place)
    return CityError(posts.why, **posts.params) if posts and posts.why else None


def coordinates(text: str) -> tuple[float, float] | None:
    """Longitude and latitude typed as two numbers in either order; None when it is not that."""
    parts = text.replace("，", ",").replace(" ", ",").split(",")
    numbers = [p for p in parts if p]
    if len(numbers) != 2:
        return None
    try:
        first, second = float(numbers[0]), float(numbers[1])
    except ValueError:
        return None
    return (first, second) if abs(first) > abs(second) else (second, first)


def spots_of(visit: Visit, form: Form) -> list[Spot]:
    """The mileage posts that were said, else places called like what was typed; the chosen or the only one is on."""
    place, chosen = form.text("place"), form.text("spot")
    if not place or coordinates(place):
        return []
    posts = _posts(visit, place)
    if posts is not None:
        rows = [(_signed(visit, m), f"{place}@{m.lon},{m.lat}", _answers(visit, m)) for m in posts.found]
        sure = not posts.why
    else:
        found = visit.world.city.places.find(place, PLACES)
        rows = [(f.name, f"{place}@{f.lon},{f.lat}", visit.names.area(f.district)) for f in found]
        sure = bool(found) and found[0].score >= SURE
    picked = chosen if chosen in {at for _, at, _ in rows} else rows[0][1] if sure else ""
    return [Spot(name, at, district, at == picked) for name, at, district in rows]


def _chosen(form: Form) -> tuple[float, float] | None:
    name, _, at = form.text("spot").rpartition("@")
    if not at or name not in {form.text("place"), ""}:  # without a name it was chosen on the map, or told by a picture
        return None
    lon, _, lat = at.partition(",")
    try:
        return float(lon), float(lat)
    except ValueError:
        raise CityError("place.not_finite") from None


def _posts(visit: Visit, place: str) -> Answer | None:
    """The mileage in what was typed, unless the pack has a place of just this name."""
    answer = visit.world.city.mileposts.find(place) if place else None
    same = visit.world.city.places.find(place, 1) if answer else []
    return None if same and same[0].score == SAME_NAME else answer


def _signed(visit: Visit, one: Marked) -> str:
    """A post in words: 青银高速 G20 K12+300 往青岛."""
    road = f"{one.road.name} {one.road.number}".strip()
    way = visit.t("place.way", towards="、".join(one.way.towards)) if one.way.towards else ""
    side = visit.t(f"place.side_{one.way.side}") if one.way.side else ""
    return " ".join(filter(None, (road, written(one.metres), way, side)))


def _answers(visit: Visit, one: Marked) -> str:
    """District and station of a post; nothing where it stands outside the city."""
    try:
        found = visit.world.city.areas.locate(one.lon, one.lat)
    except CityError:
        return ""
    station = visit.names.unit_short(found.station) if found.station else ""
    return " · ".join(filter(None, (visit.names.area(found.district) if found.district else "", station)))
