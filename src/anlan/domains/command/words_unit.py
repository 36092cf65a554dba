"""The unit's phone page in words: its task, and the units of a house that somebody may log on to."""

from __future__ import annotations

import msgspec

from anlan.app.look import View
from anlan.domains.command import units as board
from anlan.domains.command.api import way
from anlan.domains.command.fleet import E6
from anlan.domains.command.standby_plan import spot_of
from anlan.domains.command.units import OFF, Unit
from anlan.domains.command.words import span, ticking, way_of
from anlan.loop.errors import Refused
from anlan.loop.matter import shown
from anlan.loop.working_calendar import minute_of
from anlan.web.timeline import Entry, entries
from anlan.web.visit import Visit

STEPS = ("set_out", "arrive", "clear")
LINES = 8


class Step(msgspec.Struct, frozen=True):
    """One of the three buttons: when it was done, else whether it is the next."""

    key: str
    label: str
    done: str
    main: bool
    open: bool


class Task(msgspec.Struct, frozen=True):
    """The incident a unit is out for."""

    number: int
    known: int
    shown: str
    title: str
    address: str
    text: str
    meta: str
    urgent: bool
    way: str
    sent: str
    since: int
    clock: str
    steps: list[Step]
    road: str
    geo: str
    callers: list[str]
    others: str
    entries: list[Entry]


class Wait(msgspec.Struct, frozen=True):
    """Where a unit is to wait by the plan that holds."""

    where: str
    geo: str
    until: str


class House(msgspec.Struct, frozen=True):
    """A unit somebody may log on to."""

    key: str
    call_sign: str
    what: str
    state: str


def task_of(visit: Visit, view: View, unit: Unit) -> Task:
    """The task of a unit that is out."""
    t, matter = visit.t, view.matter
    sent = next(one for one in matter.units_out if one.unit == unit.key)
    done = {"set_out": sent.set_out_at, "arrive": sent.arrived_at, "clear": 0}
    stands = way_of(sent)
    main = {"assigned": "set_out", "en_route": "arrive", "on_scene": "clear"}[stands]
    steps = [
        Step(
            key, t(f"command.deed.{key}"), visit.times.clock(minute_of(done[key])) if done[key] else "", key == main,
            not done[key] and STEPS.index(key) >= STEPS.index(main) and (key != "clear" or stands == "on_scene"),
        )
        for key in STEPS
    ]  # fmt: skip
    known = board.register(visit.world).rows()
    others = [known[one.unit][1].call_sign for one in matter.units_out if one.unit != unit.key and one.unit in known]
    place = matter.place
    return Task(
        number=matter.number,
        known=matter.version,
        shown=shown(matter.number),
        title=view.title or shown(matter.number),
        address=view.address or visit.names.unit(matter.lead),
        text=view.text if view.text != view.title else "",
        meta=" · ".join((visit.names.leaf(matter.category), t("command.urgency", n=matter.urgency))),
        urgent=matter.urgency == 1,
        way=stands,
        sent=visit.times.clock(minute_of(sent.at)),
        since=matter.opened_at,
        clock=ticking(visit.world.clock() - matter.opened_at),
        steps=steps,
        road=road_of(visit, view, unit) if stands != "on_scene" else "",
        geo=f"geo:{place.lat_e6 / E6:.6f},{place.lon_e6 / E6:.6f}" if place else "",
        callers=[" ".join(part for part in (one.name, one.phone) if part) for one in view.contacts],
        others="、".join(others) if t.language == "zh" else ", ".join(others),
        entries=entries(visit, view)[:LINES],
    )


def road_of(visit: Visit, view: View, unit: Unit) -> str:
    """How far it still is by road, where that is known."""
    try:
        _, seconds, metres = way(visit.world, view.matter, unit)
    except Refused:
        return ""
    return visit.t("command.road", span=span(visit, round(seconds * 1000)), km=f"{metres / 1000:.1f}")


def wait_of(visit: Visit, unit: Unit) -> Wait | None:
    """Where a unit is to wait; None without a plan."""
    found = spot_of(visit.world, unit.key)
    if found is None:
        return None
    plan, spot = found
    lon, lat = spot.lon_e6 / E6, spot.lat_e6 / E6
    station = visit.world.city.areas.locate(lon, lat).station
    where = visit.names.unit_short(station) if station else f"{lon:.4f}, {lat:.4f}"
    until = f"{visit.times.clock(minute_of(plan.begins))}–{visit.times.clock(minute_of(plan.ends))}"
    return Wait(where, f"geo:{lat:.6f},{lon:.6f}", until)


def houses_of(visit: Visit) -> list[House]:
    """The units of one's own house, those that nobody rides in first."""
    t = visit.t
    mine = [unit for _, unit in board.register(visit.world).rows().values() if unit.organisation == visit.actor.unit]
    mine.sort(key=lambda unit: (len(unit.crew), unit.state != OFF, unit.call_sign))
    return [
        House(
            unit.key,
            unit.call_sign,
            f"{t(f'command.vehicle.{unit.vehicle}')} {t('command.riders', n=unit.people)}",
            t("command.crew", n=len(unit.crew)) if unit.crew else t(f"command.state.{unit.state}"),
        )
        for unit in mine
    ]
