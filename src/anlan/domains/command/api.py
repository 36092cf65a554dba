"""Command over HTTP: the board, positions, units, recommendations, sending. What a page's island reads needs no token.

Sending, like every move of an incident, goes through the loop: this adds which advice its person saw, and diverts.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from anlan.api.body import decoded
from anlan.api.described import taking
from anlan.api.intakes import key_of, replayed
from anlan.api.who import actor, reader, world_of
from anlan.app import look
from anlan.app.world import World
from anlan.domains.command import dispatch
from anlan.domains.command import units as board
from anlan.domains.command.advise import FAR_METRES, Advice, advise
from anlan.domains.command.fleet import E6, Fix, Taken, fleet
from anlan.domains.command.flow import LIVE
from anlan.domains.command.rules import rules
from anlan.domains.command.units import Unit
from anlan.engines.errors import EngineError
from anlan.engines.travel.snap import OFF_ROAD
from anlan.loop.case import Intent
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.store.commit import Done
from anlan.store.read import Row, Shape

INCIDENTS_MAX, PAGE = 1_000, 200
BATCH_BYTES = 1 << 20
_encode = msgspec.json.Encoder().encode


class Spot(msgspec.Struct):
    """A unit as the map draws it: degrees (WGS-84), milliseconds since it reported (-1: it has not)."""

    unit: str
    version: int
    call_sign: str
    organisation: str
    vehicle: str
    state: str
    lon: float | None
    lat: float | None
    age_ms: int
    matter: int
    alerts: tuple[str, ...]


class Here(msgspec.Struct):
    """An incident as the map draws it; `n`: its place in the list."""

    number: int
    n: int
    stage: str
    urgency: int
    lon: float | None
    lat: float | None


class Board(msgspec.Struct):
    """Units and incidents now."""

    at: int
    units: list[Spot]
    incidents: list[Here]


class PositionsBody(msgspec.Struct, forbid_unknown_fields=True):
    """Positions as trackers tell them."""

    positions: list[Fix]


class StateBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a unit is doing; `until`: when a rest or other work is meant to end (UTC ms)."""

    version: int
    state: str
    until: int = 0


class SendBody(msgspec.Struct, forbid_unknown_fields=True):
    """One unit for an incident seen at a version; `advice`: the recommendation the person saw."""

    version: int
    unit: str
    reason: str = "recommended"
    advice: str = ""
    note: str = ""


class UnitBody(msgspec.Struct, forbid_unknown_fields=True):
    """A unit of the register. `home`: degrees (WGS-84)."""

    key: str
    call_sign: str
    organisation: str
    vehicle: str
    people: int = 2
    skills: tuple[str, ...] = ()
    home: tuple[float, ...] = ()


_positions, _state = msgspec.json.Decoder(PositionsBody), msgspec.json.Decoder(StateBody)
_send, _unit = msgspec.json.Decoder(SendBody), msgspec.json.Decoder(UnitBody)


@get("/api/v1/command/board")
async def the_board(request: Request[Any, Any, Any]) -> Board:
    """Units with their places, and the live incidents, as far as the caller may see them."""
    world, who = world_of(request), reader(request)
    return board_of(world, who, incidents(world, who))


@post(
    "/api/v1/command/positions",
    status_code=200,
    operation_class=taking(PositionsBody),
    request_max_body_size=BATCH_BYTES,
)
async def positions(request: Request[Any, Any, Any]) -> Taken:
    """Where units are: up to 5,000 at once, each on its own merits; what is refused is said by its place."""
    world = world_of(request)
    said = decoded(_positions, await request.body(), BATCH_BYTES)
    return fleet(world).take(said.positions)


@get("/api/v1/command/units")
async def units(request: Request[Any, Any, Any]) -> list[dict[str, Any]]:
    """The register of units, with their versions."""
    rows = board.register(world_of(request)).rows().values()
    return [{"version": version, **msgspec.to_builtins(unit)} for version, unit in rows]


@post("/api/v1/command/units", status_code=200, operation_class=taking(UnitBody))
async def define(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A new unit, or other words for one: what it is doing stays."""
    world, who = world_of(request), actor(request)
    said = decoded(_unit, await request.body())
    if len(said.home) not in {0, 2}:
        raise Refused("field.wrong_type", field="home", type="number")
    home = (round(said.home[0] * E6), round(said.home[1] * E6)) if said.home else None
    unit = Unit(said.key, said.call_sign, said.organisation, said.vehicle, said.people, said.skills, home)
    commit = board.define(world, who, unit)
    await world.store.writer.write(commit)
    fleet(world).moved_home(unit.key)
    return _unit_now(world, said.key)


@post("/api/v1/command/units/{unit:str}/state", status_code=200, operation_class=taking(StateBody))
async def tell(request: Request[Any, Any, Any], unit: FromPath[str]) -> Response[bytes]:
    """What a unit is doing: available, busy, rest or off."""
    world, who = world_of(request), actor(request)
    said = decoded(_state, await request.body())
    await world.store.writer.write(board.tell(world, who, unit, said.version, said.state, said.until))
    return _unit_now(world, unit)


@get("/api/v1/command/incidents/{number:int}/advice")
async def advice(request: Request[Any, Any, Any], number: FromPath[int], cover: FromQuery[int] = 0) -> Advice:
    """Whom to send, with exact arrival times by road. `cover`: seconds that uncovering 1 % of demand is worth."""
    world, who = world_of(request), reader(request)
    matter = incident(world, who, number)
    if not 0 <= cover <= 3600:
        raise Refused("field.out_of_range", field="cover", minimum=0, maximum=3600)
    return advise(world, matter, float(cover))


@post("/api/v1/command/incidents/{number:int}/send", status_code=200, operation_class=taking(SendBody))
async def send(request: Request[Any, Any, Any], number: FromPath[int]) -> Response[bytes]:
    """Send one unit. One that is out for another incident is diverted from it. Idempotent by Idempotency-Key."""
    world, who, body = world_of(request), actor(request), await request.body()
    said = decoded(_send, body)
    bound = key_of(request, who, body)
    if bound and (answer := replayed(world, bound)):
        return Response(answer, media_type="application/json")
    fields = {"unit": said.unit, "reason": said.reason, **({"note": said.note} if said.note else {})}
    commit = dispatch.send(world, number, Intent("send", said.version, fields), who, said.advice)
    commit.request, commit.answer = bound, _stands
    done = await world.store.writer.write(commit)
    return Response(done.answer or _stands(done), media_type="application/json")


@get("/api/v1/command/incidents/{number:int}/route")
async def route(request: Request[Any, Any, Any], number: FromPath[int], unit: FromQuery[str] = "") -> dict[str, Any]:
    """A unit's way to an incident as GeoJSON, with its seconds and metres. Raises Refused: unit.unknown,
    command.no_way."""
    world, who = world_of(request), reader(request)
    matter = incident(world, who, number)
    _, asked = board.one(world, unit)
    line, seconds, metres = way(world, matter, asked)
    properties = {"seconds": round(seconds), "metres": round(metres)}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "LineString", "coordinates": line}}


def way(world: World, matter: Matter, unit: Unit) -> tuple[list[list[float]], float, float]:
    """Coordinates, seconds and metres of a unit's fastest way to an incident. Raises Refused("command.no_way")."""
    here = fleet(world)
    if here.roads is None or matter.place is None:
        raise Refused("command.no_way", unit=unit.call_sign)
    roads, spot = here.roads.roads, here.spot(unit)
    node = int(here.nodes([unit])[0][0])
    place = (matter.place.lon_e6 / E6, matter.place.lat_e6 / E6)
    if node == OFF_ROAD or spot is None:
        raise Refused("command.no_way", unit=unit.call_sign)
    try:
        target, _ = here.roads.node_at(*place, FAR_METRES)
        found = here.roads.route(node, target, rules().vehicles[unit.vehicle].drives)
    except EngineError:
        raise Refused("command.no_way", unit=unit.call_sign) from None
    line = [[float(roads.lon[n]), float(roads.lat[n])] for n in found.nodes.tolist()]
    return [[spot.lon, spot.lat], *line, list(place)], found.seconds, found.metres


def incident(world: World, who: Actor, number: int) -> Matter:
    """An incident the caller may see. Raises Refused("matter.unknown")."""
    matter = world.store.read.matter(number)
    look.allowed(world, who, matter)
    if matter.flow != "incident":
        raise Refused("matter.unknown", matter=number)
    return matter


def incidents(world: World, who: Actor) -> list[Row]:
    """The live incidents the caller may see: nobody sent before sent, then by urgency and age. One that was opened anew
    waits for its house's report and for no unit: it stands in the house's own list."""
    shape = Shape(domains=("command",), stages=LIVE, limit=PAGE)
    rows = look.rows(world, who, shape)
    while len(rows) % PAGE == 0 and 0 < len(rows) < INCIDENTS_MAX:
        more = look.rows(world, who, msgspec.structs.replace(shape, after=shape.after_row(rows[-1])))
        if not more:
            break
        rows += more
    live = [row for row in rows if row.matter.stage != "reporting" or not row.matter.reopens]
    return sorted(live, key=lambda row: weight(row.matter))


def weight(matter: Matter) -> tuple[int, int, int, int]:
    """Where an incident stands in the list."""
    return (LIVE.index(matter.stage) > 0, matter.stage == "reporting", matter.urgency or 9, matter.opened_at)


def board_of(world: World, who: Actor, rows: list[Row]) -> Board:
    """The board over incidents that were found already."""
    here, now = fleet(world), world.clock()
    spots = []
    for version, unit in board.register(world).rows().values():
        if not board.may(world, who, unit):
            continue
        spot = here.spot(unit)
        lon, lat = (round(spot.lon, 6), round(spot.lat, 6)) if spot else (None, None)
        age = now - spot.at if spot and spot.at else -1
        spots.append(
            Spot(
                unit.key, version, unit.call_sign, unit.organisation, unit.vehicle, unit.state, lon, lat, age,
                unit.matter, board.alerts(unit, now),
            )
        )  # fmt: skip
    found = [
        Here(
            m.number,
            n,
            m.stage,
            m.urgency,
            m.place.lon_e6 / E6 if m.place else None,
            m.place.lat_e6 / E6 if m.place else None,
        )
        for n, m in enumerate((row.matter for row in rows), 1)
    ]
    return Board(now, spots, found)


def _stands(done: Done) -> bytes:
    matter = done.matters[0]
    sent = [msgspec.to_builtins(one) for one in matter.sent]
    return _encode({"number": matter.number, "version": matter.version, "stage": matter.stage, "sent": sent})


def _unit_now(world: World, key: str) -> Response[bytes]:
    version, unit = board.one(world, key)
    return Response(_encode({"version": version, **msgspec.to_builtins(unit)}), media_type="application/json")


API_ROUTES = (the_board, positions, units, define, tell, advice, send, route)
