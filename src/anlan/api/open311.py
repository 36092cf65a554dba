"""Open311 GeoReport v2: services, hand in a request, ask where it stands. XML (mandatory in the standard) and JSON.

Source: the GeoReport v2 specification. It knows only open and closed; there is no call to update a request.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as Xml

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from anlan.api.body import BODY_MAX
from anlan.api.problems import language_of
from anlan.api.who import world_of
from anlan.app import receive
from anlan.app.world import CITIZEN, World
from anlan.loop.errors import Refused
from anlan.loop.matter import Matter
from anlan.loop.working_calendar import ms_of

IGNORED = frozenset({"jurisdiction_id", "api_key", "device_id", "account_id", "media_url", "last_name"})
"""What the standard lets a client send and Anlan keeps nothing of."""
NAMED = re.compile(r"(?P<what>[0-9a-z_]+)\.(?P<form>json|xml)")
Row = dict[str, Any]


@get("/open311/v2/{asked:str}")
async def services(request: Request[Any, Any, Any], asked: FromPath[str]) -> Response[bytes]:
    """`services.json` or `services.xml`: the city's catalogue, each category a service."""
    what, form = _named(asked)
    if what != "services":
        raise Refused("channel.unknown", channel=asked)
    catalogue = world_of(request).city.catalogue
    zh = language_of(request) == "zh"
    rows: list[Row] = [
        {
            "service_code": category.key,
            "service_name": category.name if zh else category.name_en,
            "metadata": "false",
            "type": "realtime",
            "group": category.group,
        }
        for category in catalogue
    ]
    return _answer(rows, form, "services", "service")


@post("/open311/v2/{asked:str}", status_code=201)
async def hand_in(request: Request[Any, Any, Any], asked: FromPath[str]) -> Response[bytes]:
    """`requests.json` or `requests.xml`: a form as the standard has it. Answers the number to follow it by."""
    what, form = _named(asked)
    if what != "requests":
        raise Refused("channel.unknown", channel=asked)
    body = await request.body()
    if len(body) > BODY_MAX:
        raise Refused("body.too_large", length=len(body), length_max=BODY_MAX)
    payload = {k: v for k, v in parse_qsl(body.decode("utf-8", "replace")) if k not in IGNORED}
    world = world_of(request)
    domain, channel = world.channels["open311"]
    intake = channel.adapt(payload, world.clock())
    prepared, done = await receive.hand_in(world, domain, intake, CITIZEN)
    row: Row = {"service_request_id": str(done.receipt), "service_notice": prepared.code, "account_id": ""}
    return _answer([row], form, "service_requests", "request", status=201)


@get("/open311/v2/requests/{asked:str}")
async def one(request: Request[Any, Any, Any], asked: FromPath[str]) -> Response[bytes]:
    """`requests/NUMBER.json`: open or closed, since when, until when. Nothing that a person said."""
    what, form = _named(asked)
    world = world_of(request)
    found = world.store.read.receipt(int(what)) if what.isdigit() else None
    if found is None:
        raise Refused("follow.unknown")
    return _answer([_row(world, world.store.read.matter(found[0]), what)], form, "service_requests", "request")


def _row(world: World, matter: Matter, receipt: str) -> Row:
    clock = matter.clocks.get("matter")
    closed = matter.stage == world.flow_of(matter).closed
    due = ms_of(clock.due) if clock and clock.due is not None else None
    return {
        "service_request_id": receipt,
        "status": "closed" if closed else "open",
        "service_code": matter.category,
        "requested_datetime": _time(matter.opened_at),
        "expected_datetime": _time(due) if due is not None else "",
        "agency_responsible": world.city.organisation[matter.lead].name if matter.lead else "",
    }


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")


def _named(asked: str) -> tuple[str, str]:
    found = NAMED.fullmatch(asked)
    if found is None:
        raise Refused("channel.unknown", channel=asked)
    return found["what"], found["form"]


def _answer(rows: list[Row], form: str, root: str, each: str, status: int = 200) -> Response[bytes]:
    if form == "json":
        return Response(msgspec.json.encode(rows), status_code=status, media_type="application/json")
    tree = Xml.Element(root)
    for row in rows:
        element = Xml.SubElement(tree, each)
        for key, value in row.items():
            Xml.SubElement(element, key).text = str(value)
    return Response(Xml.tostring(tree, "utf-8", xml_declaration=True), status_code=status, media_type="text/xml")
