"""The Common Alerting Protocol 1.2 in and out: bytes to an Alert, an Alert to bytes, both held against `cap.xsd`.

What comes in is a stranger's XML: no document type, no entities, no network, UTF-8, at most BYTES_MAX. Signatures are
neither checked nor kept: the link vouches for the sender. Positions are WGS-84, written "lat,lon".
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

import msgspec
import shapely
from lxml import etree

from anlan.loop.errors import Refused

SPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
OTHERS: Final = re.compile(r"urn:oasis:names:tc:emergency:cap:(1\.1)|http://www\.incident\.com/cap/(1\.0)")
BYTES_MAX: Final = 1024 * 1024
DECIMALS: Final = 7
"""Of a degree, in what is written: a centimetre."""
PROLOG: Final = re.compile(r"\s*(?:(?:<\?.*?\?>|<!--.*?-->)\s*)*", re.DOTALL)
REFERENCE: Final = re.compile(r"[^\s,<&]+,[^\s,<&]+,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")

Status = Literal["Actual", "Exercise", "System", "Test", "Draft"]
MsgType = Literal["Alert", "Update", "Cancel", "Ack", "Error"]
Scope = Literal["Public", "Restricted", "Private"]
Category = Literal[
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"
]
ResponseType = Literal["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"]
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Severity = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]


class Part(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """An element whose children are its fields, in the standard's order; "", None and () are left out."""


class Point(msgspec.Struct, frozen=True):
    """WGS-84 degrees."""

    lon: float
    lat: float


class Circle(msgspec.Struct, frozen=True):
    """A place and so many kilometres around it."""

    centre: Point
    km: float


class Named(Part, frozen=True):
    """A code, parameter or place code in somebody's own system of names."""

    value_name: str
    value: str


class Resource(Part, frozen=True):
    """A file that belongs to it: a photograph, a sound. `deref_uri` is the file itself in base 64."""

    resource_desc: str
    mime_type: str
    size: int | None = None
    uri: str = ""
    deref_uri: str = ""
    digest: str = ""


class Area(Part, frozen=True):
    """Where it holds. A polygon's last point is its first; altitudes are feet above mean sea level (the standard's)."""

    area_desc: str
    polygon: tuple[tuple[Point, ...], ...] = ()
    circle: tuple[Circle, ...] = ()
    geocode: tuple[Named, ...] = ()
    altitude: float | None = None
    ceiling: float | None = None


class Info(Part, frozen=True, kw_only=True):
    """What is the matter, in one language ("" is en-US)."""

    language: str = ""
    category: tuple[Category, ...]
    event: str
    response_type: tuple[ResponseType, ...] = ()
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    audience: str = ""
    event_code: tuple[Named, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameter: tuple[Named, ...] = ()
    resource: tuple[Resource, ...] = ()
    area: tuple[Area, ...] = ()


class Alert(Part, frozen=True, kw_only=True):
    """One message. `references` are the earlier ones it is about, as "sender,identifier,sent"."""

    identifier: str
    sender: str
    sent: datetime
    status: Status
    msg_type: MsgType
    source: str = ""
    scope: Scope
    restriction: str = ""
    addresses: str = ""
    code: tuple[str, ...] = ()
    note: str = ""
    references: str = ""
    incidents: str = ""
    info: tuple[Info, ...] = ()


MANY: Final = frozenset(
    "code info category responseType eventCode parameter resource area polygon circle geocode".split()  # noqa: SIM905
)
"""The elements that may stand more than once."""
TIMES: Final = frozenset({"sent", "effective", "onset", "expires"})
TRIMMED: Final = TIMES | {"language", "web", "uri", "size", "altitude", "ceiling"}
"""Where blanks around mean nothing."""


def read(data: bytes) -> Alert:
    """The message in these bytes. Raises Refused: cap.too_large, cap.encoding, cap.doctype, cap.not_xml, cap.not_cap,
    cap.version, cap.invalid, cap.position, cap.polygon, cap.circle, cap.time, cap.missing, cap.reference."""
    if len(data) > BYTES_MAX:
        raise Refused("cap.too_large", length=len(data), length_max=BYTES_MAX)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("cap.encoding") from None
    opening = PROLOG.match(text)
    if opening and text.startswith("<!DOCTYPE", opening.end()):
        raise Refused("cap.doctype")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True, strip_cdata=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise Refused("cap.not_xml", why=error.msg or "") from None
    name = etree.QName(root)
    if older := OTHERS.fullmatch(name.namespace or ""):
        raise Refused("cap.version", found=older[1] or older[2])
    if (name.namespace, name.localname) != (SPACE, "alert"):
        raise Refused("cap.not_cap", found=root.tag[:200])
    _validate(root)
    try:
        alert = msgspec.convert(_builtins(root), Alert, strict=False)
    except msgspec.ValidationError as error:  # a time that no calendar has: 24:00, the year 0
        raise Refused("cap.time", why=str(error)) from None
    _check(alert)
    return alert


def write(alert: Alert) -> bytes:
    """The message as XML, equal messages as equal bytes. Raises Refused as `read`, and cap.text (control signs)."""
    _check(alert)
    root = etree.Element(f"{{{SPACE}}}alert", nsmap={None: SPACE})
    try:
        _fill(root, alert)
    except ValueError:
        raise Refused("cap.text") from None
    _validate(root)
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    if len(written) > BYTES_MAX:
        raise Refused("cap.too_large", length=len(written), length_max=BYTES_MAX)
    return written


@cache
def _schema() -> Any:
    return etree.XMLSchema(etree.fromstring((resources.files(__package__) / "cap.xsd").read_bytes()))


def _validate(root: Any) -> None:
    schema = _schema()
    if not schema.validate(root):
        first = schema.error_log[0]
        raise Refused("cap.invalid", line=first.line, why=first.message.replace(f"{{{SPACE}}}", ""))


def _builtins(element: Any) -> dict[str, Any]:
    """An element with children as what msgspec makes a Struct of."""
    found: dict[str, Any] = {}
    for child in element:
        tag = etree.QName(child)
        if tag.namespace != SPACE:  # a signature
            continue
        value = _builtins(child) if len(child) else _value(tag.localname, child.text or "")
        if tag.localname in MANY:
            found.setdefault(tag.localname, []).append(value)
        else:
            found[tag.localname] = value
    return found


def _value(name: str, text: str) -> Any:
    if name == "polygon":
        return [_point(pair) for pair in text.split()]
    if name == "circle":
        words = text.split()
        if len(words) != 2 or not NUMBER.fullmatch(words[1]):
            raise Refused("cap.circle", circle=text[:80])
        return {"centre": _point(words[0]), "km": float(words[1])}
    if name == "size":
        return int(text)
    if name in {"altitude", "ceiling"}:
        return float(text)
    return text.strip() if name in TRIMMED else text


def _point(pair: str) -> dict[str, float]:
    lat, _, lon = pair.partition(",")
    if not (NUMBER.fullmatch(lat) and NUMBER.fullmatch(lon)):
        raise Refused("cap.position", position=pair[:80])
    return {"lon": float(lon), "lat": float(lat)}


def _fill(element: Any, part: Part) -> None:
    for field in msgspec.structs.fields(part):
        value = getattr(part, field.name)
        if value == field.default:
            continue
        for one in value if isinstance(value, tuple) else (value,):
            child = etree.SubElement(element, f"{{{SPACE}}}{field.encode_name}")
            if isinstance(one, Part):
                _fill(child, one)
            else:
                child.text = _text(one)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "-00:00")  # as the standard wants UTC written
    if isinstance(value, Circle):
        return f"{_text(value.centre)} {_number(value.km)}"
    if isinstance(value, Point):
        return f"{_number(value.lat)},{_number(value.lon)}"
    if isinstance(value, tuple):
        return " ".join(map(_text, value))
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")


def _check(alert: Alert) -> None:
    """What the standard says in prose and no schema can."""
    times = [alert.sent, *(at for info in alert.info for at in (info.effective, info.onset, info.expires) if at)]
    for at in times:
        if at.tzinfo is None or at.microsecond:
            raise Refused("cap.time", why=at.isoformat())
    if alert.scope == "Restricted" and not alert.restriction.strip():
        raise Refused("cap.missing", element="restriction", why="scope Restricted")
    if alert.scope == "Private" and not alert.addresses.strip():
        raise Refused("cap.missing", element="addresses", why="scope Private")
    if alert.msg_type != "Alert" and not alert.references.strip():
        raise Refused("cap.missing", element="references", why=f"msgType {alert.msg_type}")
    for reference in alert.references.split():
        if not REFERENCE.fullmatch(reference):
            raise Refused("cap.reference", reference=reference[:200])
    for info in alert.info:
        for area in info.area:
            _check_area(area)


def _check_area(area: Area) -> None:
    if area.ceiling is not None and area.altitude is None:
        raise Refused("cap.missing", element="altitude", why="ceiling")
    for point in (*(point for ring in area.polygon for point in ring), *(circle.centre for circle in area.circle)):
        if not (abs(point.lat) <= 90.0 and abs(point.lon) <= 180.0):
            raise Refused("cap.position", position=_text(point))
    for circle in area.circle:
        if not 0.0 <= circle.km < math.inf:
            raise Refused("cap.circle", circle=_text(circle))
    for ring in area.polygon:
        if len(ring) < 4 or ring[0] != ring[-1]:
            raise Refused("cap.polygon", points=len(ring))
        shape = shapely.Polygon([(round(p.lon, DECIMALS), round(p.lat, DECIMALS)) for p in ring])
        if not shape.is_valid or shape.area == 0.0:
            raise Refused("cap.polygon", points=len(ring))
