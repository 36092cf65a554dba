"""Command and others: warnings in as CAP 1.2, an incident out as CAP 1.2 or EIDO-style JSON.

Nobody's name or number goes out with it: titles are redacted, callers are not told.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import shapely
from litestar import Request, Response, get, post
from litestar.params import FromPath

from anlan.api.shapes import Receipt
from anlan.api.who import actor, world_of
from anlan.app import look, receive
from anlan.app.look import View
from anlan.app.world import World
from anlan.domains.command import cap, eido
from anlan.domains.command import units as board
from anlan.domains.command.api import incident
from anlan.domains.command.fleet import E6, fleet
from anlan.loop.errors import Refused
from anlan.loop.matter import Matter, shown
from anlan.store.commit import Done

CHANNEL = "cap"
CITY_ZONE = timezone(timedelta(hours=8))
CATEGORIES: dict[str, str] = {
    "Fire": "incident.fire", "Rescue": "incident.injury", "Health": "incident.injury",
    "Security": "incident.suspicious", "Transport": "incident.crash",
}  # fmt: skip
"""What a warning of a category is taken to be; anything else is a danger on the spot."""
URGENCY = {"Extreme": 1, "Severe": 2, "Moderate": 3, "Minor": 4, "Unknown": 3}
SEVERITY: dict[int, cap.Severity] = {1: "Extreme", 2: "Severe", 3: "Moderate", 4: "Minor"}
OUT_OF: dict[str, cap.Category] = {
    "incident.fire": "Fire", "incident.injury": "Health", "incident.drowning": "Rescue", "incident.crash": "Transport",
    "incident.hazard": "Safety",
}  # fmt: skip
CIRCLE_KM = 0.1
STATES = {"unit_sent": "assigned", "unit_set_out": "en_route", "unit_arrived": "on_scene", "unit_cleared": "available"}


@post("/api/v1/command/cap", status_code=201, request_max_body_size=cap.BYTES_MAX)
async def take_cap(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A warning becomes an incident, once however often it is sent; an update or a cancellation of one that is known
    joins it. Exercises, tests and drafts are refused, and so is what is none of these."""
    world, who = world_of(request), actor(request)
    alert = cap.read(await request.body())
    if alert.status != "Actual" or alert.msg_type not in {"Alert", "Update", "Cancel"} or not alert.info:
        raise Refused("cap.not_for_us", status=alert.status, type=alert.msg_type)
    join = about(world, alert)
    if alert.msg_type != "Alert" and not join:
        raise Refused("cap.unknown_reference")
    intake = world.channels[CHANNEL][1].adapt(payload(alert), world.clock())
    _, done = await receive.hand_in(world, world.domains["command"], intake, who, join)
    return Response(_receipt(done), status_code=200 if done.replayed else 201, media_type="application/json")


@get("/api/v1/command/incidents/{number:int}/cap")
async def give_cap(request: Request[Any, Any, Any], number: FromPath[int]) -> Response[bytes]:
    """An incident as a CAP 1.2 message for other services."""
    world, who = world_of(request), actor(request)
    incident(world, who, number)
    view = await look.view(world, who, number)
    return Response(cap.write(alert_of(world, view)), media_type="application/cap+xml")


@get("/api/v1/command/incidents/{number:int}/eido")
async def give_eido(request: Request[Any, Any, Any], number: FromPath[int]) -> Response[bytes]:
    """An incident as EIDO-style JSON: see `eido` for what is there and what is not."""
    world, who = world_of(request), actor(request)
    incident(world, who, number)
    view = await look.view(world, who, number)
    return Response(eido.write(eido_of(world, view), _sender(world)), media_type="application/json")


def payload(alert: cap.Alert) -> dict[str, Any]:
    """A warning as the channel takes it: its first information, its first place."""
    info = alert.info[0]
    words = [info.headline or info.event, info.description, info.instruction, *(area.area_desc for area in info.area)]
    found: dict[str, Any] = {
        "identifier": outside_id(alert.sender, alert.identifier),
        "title": (info.headline or info.event)[: receive.TITLE_MAX],
        "text": "\n".join(word for word in words if word),
        "address": info.area[0].area_desc[:300] if info.area else "",
        "category": CATEGORIES.get(info.category[0], "incident.hazard"),
        "urgency": URGENCY[info.severity],
        "wants_callback": False,
    }
    place = next((at for area in info.area if (at := middle(area)) is not None), None)
    return found | ({"lon": place[0], "lat": place[1]} if place else {})


def middle(area: cap.Area) -> tuple[float, float] | None:
    """A place inside an area; None for one without a shape."""
    if area.circle:
        return area.circle[0].centre.lon, area.circle[0].centre.lat
    if not area.polygon:
        return None
    inside = shapely.Polygon([(point.lon, point.lat) for point in area.polygon[0]]).representative_point()
    return float(inside.x), float(inside.y)


def about(world: World, alert: cap.Alert) -> int:
    """The open incident that a warning is about by its references; 0 for none."""
    sql = "SELECT matter FROM receipts WHERE channel = ? AND outside_id = ?"
    for reference in alert.references.split():
        sender, identifier, _ = reference.split(",")
        rows = world.store.read.listed((sql, (CHANNEL, outside_id(sender, identifier))))
        if rows and not world.store.read.matter(rows[0][0]).closed_at:
            return int(rows[0][0])
    return 0


def outside_id(sender: str, identifier: str) -> str:
    """What a warning is known by."""
    return f"{sender}/{identifier}"


def alert_of(world: World, view: View) -> cap.Alert:
    """An incident as a warning to other services."""
    matter = view.matter
    leaf = world.city.catalogue.categories.get(matter.category)
    place = matter.place
    circle = (cap.Circle(cap.Point(place.lon_e6 / E6, place.lat_e6 / E6), CIRCLE_KM),) if place else ()
    info = cap.Info(
        language="zh-CN",
        category=(OUT_OF.get(matter.category, "Security"),),
        event=leaf.name if leaf else matter.category,
        urgency="Past" if matter.closed_at else "Immediate",
        severity=SEVERITY.get(matter.urgency, "Unknown"),
        certainty="Observed",
        headline=view.title,
        area=(cap.Area(area_desc=view.address or matter.district or matter.ledger, circle=circle),),
    )
    return cap.Alert(
        identifier=f"{shown(matter.number)}.{matter.version}",
        sender=_sender(world),
        sent=datetime.fromtimestamp(view.facts[-1].at // 1000, UTC).astimezone(CITY_ZONE),
        status="Actual",
        msg_type="Alert",
        scope="Restricted",
        restriction="emergency services",
        info=(info,),
    )


def eido_of(world: World, view: View) -> eido.Incident:
    """An incident in the words of `eido`."""
    matter, known = view.matter, board.register(world).rows()
    leaf = world.city.catalogue.categories.get(matter.category)
    place = matter.place
    history = [eido.Change(fact.at, str(fact.data["stage"])) for fact in view.facts if fact.data.get("stage")]
    history += [eido.Change(f.at, STATES[f.kind], str(f.data["unit"])) for f in view.facts if f.kind in STATES]
    notes = [
        eido.Note(key, fact.at, matter.lead, view.notes[key])
        for fact in view.facts
        if (key := str(fact.data.get("note", ""))) in view.notes
    ]
    return eido.Incident(
        number=shown(matter.number),
        updated=view.facts[-1].at,
        category=matter.category,
        category_text=leaf.name_en if leaf else matter.category,
        state=matter.stage,
        urgency=matter.urgency or 4,
        district=matter.district or matter.ledger,
        agency=matter.lead,
        place=eido.Place(place.lon_e6 / E6, place.lat_e6 / E6, view.address) if place else None,
        notes=tuple(notes),
        sent=tuple(_sent(world, matter, known)),
        history=tuple(sorted(history, key=lambda change: change.at)),
    )


def _sent(world: World, matter: Matter, known: dict[str, tuple[int, board.Unit]]) -> list[eido.Sent]:
    found = []
    for one in matter.units_out:
        if one.unit not in known:
            continue
        unit = known[one.unit][1]
        spot = fleet(world).spot(unit)
        place = eido.Place(spot.lon, spot.lat) if spot else None
        since = one.arrived_at or one.set_out_at or one.at
        found.append(eido.Sent(unit.key, unit.call_sign, unit.vehicle, unit.state, since, None, place))
    return found


def _sender(world: World) -> str:
    return f"anlan.{world.city.about.key}"


def _receipt(done: Done) -> bytes:
    m = done.matters[0]
    return msgspec.json.encode(
        Receipt(
            done.receipt, shown(done.receipt), "", m.number, m.version, m.stage, m.lead, m.category, None, [], False
        )
    )


INTEROP_ROUTES = (take_cap, give_cap, give_eido)
