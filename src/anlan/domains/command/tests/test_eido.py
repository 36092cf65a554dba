"""EIDO-style JSON: the named components are there, every reference leads somewhere, nobody can be recognised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from lxml import etree

from anlan.domains.command.eido import Change, Incident, Note, Place, Sent, write

AT = 1_795_492_800_123
FIRE = Incident(
    number="C370202-20261128-7",
    updated=AT + 90_000,
    category="fire.building",
    category_text="楼房火灾",
    state="sent",
    urgency=1,
    district="370202",
    agency="branch.370202",
    place=Place(120.3401234, 36.0601, "湛山路1号 & 7-8"),
    notes=(Note("1", AT, "post.7", "烟从三楼出来 <b>，报警人 13800138000，证件 370202199001011234"),),
    sent=(
        Sent("car.12", "湛山12号车", "car", "en_route", AT + 60_000, AT + 300_000, Place(120.33, 36.05)),
        Sent("foot.3", "步巡3组", "foot", "sent", AT + 80_000),
    ),
    history=(Change(AT, "received"), Change(AT + 60_000, "sent", "car.12")),
)


def said(incident: Incident, **registry: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(write(incident, "anlan.example.cn", registry))
    return found


def inside(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from inside(one)


@pytest.mark.parametrize("incident", [FIRE, Incident("1", AT, "x", "x", "received", 4, "370202", "b")])
def test_every_reference_leads_to_a_component_and_each_has_its_prologue(incident: Incident) -> None:
    parts = list(inside(said(incident)))
    ids = [one["$id"] for one in parts if "$id" in one]
    assert len(ids) == len(set(ids))
    assert {one["$ref"] for one in parts if "$ref" in one} <= set(ids)
    for one in parts:
        if "$id" in one:
            assert one.keys() >= {"lastUpdateTimeStamp", "updatedByAgencyReference"}


def test_what_an_incident_has_is_said_and_what_it_has_not_is_left_out() -> None:
    found = said(FIRE)
    incident = found["incidentComponent"]
    assert (incident["internalIncidentId"], incident["incidentTypeInternalCode"]) == (FIRE.number, "fire.building")
    assert (incident["incidentCommonPriorityNumber"], incident["incidentStatusInternalText"]) == (10, ["sent"])
    car = found["emergencyResourceComponent"][0]
    assert (car["unitStatusInternal"], car["eta"]) == (["en_route"], "2026-11-24T04:05:00.123+00:00")
    assert [one["status"] for one in found["anlanStatusHistory"]] == ["received", "sent"]
    bare = said(msgspec.structs.replace(FIRE, place=None, notes=(), sent=(), history=()))
    assert not bare.keys() & {"notesComponent", "emergencyResourceComponent", "locationComponent", "anlanStatusHistory"}
    assert "locationReference" not in bare["incidentComponent"]


def test_places_are_pidf_with_the_latitude_first() -> None:
    place = said(FIRE)["locationComponent"][0]
    root = etree.fromstring(place["locationByValue"])
    point = root.find(".//{http://www.opengis.net/gml}pos")
    assert point.text == "36.0601000 120.3401234"
    assert place["locationDescriptionText"] == "湛山路1号 & 7-8"


def test_words_of_a_registry_stand_only_where_the_city_translates_them() -> None:
    assert not any(key.endswith("CommonRegistryText") for one in inside(said(FIRE)) for key in one)
    found = said(FIRE, **{"fire.building": "Fire", "sent": "Assigned", "en_route": "EnRoute", "car": "PatrolCar"})
    assert found["incidentComponent"]["incidentTypeCommonRegistryText"] == "Fire"
    assert found["incidentComponent"]["incidentStatusCommonRegistryText"] == ["Assigned"]
    assert [r.get("primaryUnitStatusRegistryText") for r in found["emergencyResourceComponent"]] == [
        "EnRoute",
        "Assigned",
    ]


def test_a_note_is_html_text_without_numbers() -> None:
    (note,) = said(FIRE)["notesComponent"]
    assert note["notesActionComments"] == "烟从三楼出来 &lt;b&gt;，报警人 〔电话〕，证件 〔证件〕"
    assert note["updatedByAgencyReference"] == {"$ref": "post.7.anlan.example.cn"}


def test_equal_incidents_give_equal_bytes() -> None:
    assert write(FIRE, "a.cn") == write(msgspec.structs.replace(FIRE), "a.cn")
