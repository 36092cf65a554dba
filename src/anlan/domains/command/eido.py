"""An incident in the shape of NENA's Emergency Incident Data Object (NENA-STA-021.1a, 2022), as JSON. Out only.

There: the prologue of every component, incident, location (PIDF-LO), notes, dispatch, emergency resources, agencies.
The history of states is `anlanStatusHistory`, ours: the standard keeps the latest state only. The words of NENA's
registries are not known here: the city's own go into the `…Internal…` members, and a registry's word stands where
`registry` translates one. Without it members that the standard requires are missing: EIDO-style, not conformant.

Not there: calls, callers, persons, vehicles, alarms, dispositions, merges. No Struct has room for a person; what looks
like a number or an address in a note is taken out.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from lxml import etree

from anlan.app.redact import redacted

VERSION: Final = "1.0"
"""The member `eidoVersion` of NENA-STA-021.1a."""
PIDF, PRIV, GML = "urn:ietf:params:xml:ns:pidf", "urn:ietf:params:xml:ns:pidf:geopriv10", "http://www.opengis.net/gml"
WGS84: Final = "urn:ogc:def:crs:EPSG::4326"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Place(msgspec.Struct, frozen=True):
    """WGS-84 degrees, and the place in words."""

    lon: float
    lat: float
    text: str = ""


class Note(msgspec.Struct, frozen=True):
    """What was written about it when (UTC milliseconds), by which unit."""

    key: str
    at: int
    unit: str
    text: str


class Sent(msgspec.Struct, frozen=True):
    """A unit sent, its state now and since when; `eta` in UTC milliseconds."""

    unit: str
    name: str
    kind: str
    state: str
    at: int
    eta: int | None = None
    place: Place | None = None


class Change(msgspec.Struct, frozen=True):
    """One change of state: of a unit, or of the incident where `unit` is ""."""

    at: int
    state: str
    unit: str = ""


class Incident(msgspec.Struct, frozen=True):
    """An incident as it stands; `urgency` is ours, 1 the most urgent of 4."""

    number: str
    updated: int
    category: str
    category_text: str
    state: str
    urgency: int
    district: str
    agency: str
    place: Place | None = None
    notes: tuple[Note, ...] = ()
    sent: tuple[Sent, ...] = ()
    history: tuple[Change, ...] = ()


PRIORITY: Final = {1: 10, 2: 7, 3: 4, 4: 1}
"""Our urgency as the standard's 0 to 10, 10 the most urgent."""


def write(incident: Incident, element: str, registry: Mapping[str, str] | None = None) -> bytes:
    """The object as JSON; equal incidents give equal bytes. `element` names this installation (a domain name).

    `registry`: our codes (categories, states, kinds of unit) → words of NENA's registries.
    """
    known, urn = registry or {}, f"urn:emergency:uid:incidentid:{incident.number}:{element}"
    made = _Made(incident.agency, element, known, urn)
    where = made.location(incident.place, incident.updated, "incident")
    body = {
        **made.head(urn, incident.updated),
        "eidoVersion": VERSION,
        "issuingElementIdentification": element,
        "incidentComponent": {
            **made.head(f"{urn}#incident", incident.updated),
            "internalIncidentId": incident.number,
            "incidentTypeInternalCode": incident.category,
            "incidentTypeInternalText": incident.category_text,
            **made.registered("incidentTypeCommonRegistryText", incident.category),
            "incidentStatusInternalText": [incident.state],
            **made.registered("incidentStatusCommonRegistryText", incident.state, many=True),
            "incidentPriorityInternalText": str(incident.urgency),
            "incidentCommonPriorityNumber": PRIORITY[incident.urgency],
            "beatOrDispatchGroupText": incident.district,
            **({"locationReference": [where]} if where else {}),
            **({"notesReference": [_to(f"{urn}#note-{n.key}") for n in incident.notes]} if incident.notes else {}),
        },
        "notesComponent": [made.note(note) for note in incident.notes],
        "emergencyResourceComponent": [made.resource(one, where) for one in incident.sent],
        "dispatchComponent": [made.dispatch(one) for one in incident.sent],
        "agencyComponent": made.agencies,
        "locationComponent": made.locations,
        "anlanStatusHistory": [
            {"timestamp": _time(one.at), "status": one.state}
            | ({"emergencyResourceName": one.unit} if one.unit else {})
            for one in incident.history
        ],
    }
    return msgspec.json.encode({key: value for key, value in body.items() if value != []})


class _Made:
    """The components of one object; `locations` gathers those that others point to."""

    def __init__(self, agency: str, element: str, registry: Mapping[str, str], urn: str) -> None:
        self._agency, self._element, self._registry, self._urn = agency, element, registry, urn
        self._agencies: dict[str, str] = {}
        self.locations: list[dict[str, Any]] = []

    def head(self, key: str, at: int, unit: str = "") -> dict[str, Any]:
        """The prologue of every component: by which unit it was last changed, ours where none is named."""
        agency = f"{unit or self._agency}.{self._element}"
        self._agencies.setdefault(agency, _time(at))
        return {"$id": key, "lastUpdateTimeStamp": _time(at), "updatedByAgencyReference": _to(agency)}

    @property
    def agencies(self) -> list[dict[str, Any]]:
        """All that are pointed to."""
        return [
            {"$id": agency, "lastUpdateTimeStamp": at, "updatedByAgencyReference": _to(agency)}
            for agency, at in self._agencies.items()
        ]

    def registered(self, name: str, code: str, *, many: bool = False) -> dict[str, Any]:
        """The member with the registry's word for a code of ours, where there is one."""
        word = self._registry.get(code)
        return {} if word is None else {name: [word] if many else word}

    def location(self, place: Place | None, at: int, of: str) -> dict[str, str] | None:
        """Keep the place and point to it."""
        if place is None:
            return None
        key = f"{self._urn}#location-{of}"
        kind = "locationTypeDescriptionRegistryText"
        one = {**self.head(key, at), "locationByValue": _pidf(place)}
        one |= {kind: "CurrentIncident"} if of == "incident" else self.registered(kind, "unit")
        self.locations.append(one | ({"locationDescriptionText": redacted(place.text)} if place.text else {}))
        return _to(key)

    def note(self, note: Note) -> dict[str, Any]:
        """A note as HTML text, without what looks like a number or an address."""
        head = self.head(f"{self._urn}#note-{note.key}", note.at, note.unit)
        return {**head, "notesActionComments": html.escape(redacted(note.text))}

    def resource(self, one: Sent, destination: dict[str, str] | None) -> dict[str, Any]:
        """A unit with its state, where it is and when it should be there."""
        where = self.location(one.place, one.at, one.unit)
        return {
            **self.head(f"{self._urn}#unit-{one.unit}", one.at),
            "emergencyResourceName": one.name,
            "emergencyResourceTypeInternalText": one.kind,
            **self.registered("emergencyResourceTypeCommonRegistryText", one.kind),
            "unitStatusInternal": [one.state],
            **self.registered("primaryUnitStatusRegistryText", one.state),
            **({"eta": _time(one.eta)} if one.eta is not None else {}),
            **({"unitLocationReference": where} if where else {}),
            **({"unitDestinationReference": destination} if destination else {}),
        }

    def dispatch(self, one: Sent) -> dict[str, Any]:
        """That it was sent."""
        head = self.head(f"{self._urn}#dispatch-{one.unit}", one.at)
        resource = _to(f"{self._urn}#unit-{one.unit}")
        return {**head, "agencyReference": head["updatedByAgencyReference"], "emergencyResourceReference": [resource]}


def _to(key: str) -> dict[str, str]:
    return {"$ref": key}


def _time(at: int) -> str:
    return (EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds")


def _pidf(place: Place) -> str:
    """The place as a Presence Information Data Format Location Object (RFC 4119, RFC 5491): latitude first."""
    root = etree.Element(f"{{{PIDF}}}presence", nsmap={None: PIDF, "gp": PRIV, "gml": GML}, entity="pres:incident")
    status = etree.SubElement(etree.SubElement(root, f"{{{PIDF}}}tuple", id="place"), f"{{{PIDF}}}status")
    private = etree.SubElement(status, f"{{{PRIV}}}geopriv")
    info = etree.SubElement(private, f"{{{PRIV}}}location-info")
    etree.SubElement(private, f"{{{PRIV}}}usage-rules")
    point = etree.SubElement(info, f"{{{GML}}}Point", srsName=WGS84)
    etree.SubElement(point, f"{{{GML}}}pos").text = f"{place.lat:.7f} {place.lon:.7f}"
    written: str = etree.tostring(root, encoding="unicode")
    return written
