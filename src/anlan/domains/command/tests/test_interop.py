"""Warnings in, incidents out: what another service would see, and that it sees no caller."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from anlan.app import look, receive
from anlan.domains.command import cap, eido
from anlan.domains.command.interop import about, alert_of, eido_of, outside_id, payload

CAP = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>W-1</identifier><sender>fire.qd</sender>
<sent>2026-11-24T12:00:00+08:00</sent><status>Actual</status><msgType>{kind}</msgType><scope>Public</scope>{refs}
<info><language>zh-CN</language><category>Fire</category><event>火情</event><urgency>Immediate</urgency>
<severity>Severe</severity><certainty>Observed</certainty><headline>仓库起火</headline>
<area><areaDesc>港区</areaDesc><circle>{lat},{lon} 0.3</circle></area></info></alert>"""


def warning(at: tuple[float, float], kind: str = "Alert", refs: str = "") -> cap.Alert:
    return cap.read(CAP.format(kind=kind, refs=refs, lon=at[0], lat=at[1]).encode())


def test_a_warning_is_an_incident_once_and_its_update_finds_it(room: Any) -> None:
    at = room.at(room.available())
    alert = warning(at)
    said = payload(alert)
    assert (said["category"], said["urgency"], said["identifier"]) == ("incident.fire", 2, outside_id("fire.qd", "W-1"))
    intake = room.world.channels["cap"][1].adapt(said, room.world.clock())
    prepared = receive.prepare(room.world, room.world.domains["command"], intake, room.dispatcher)
    first = room.world.store.writer.submit(prepared.commit)
    again = receive.prepare(room.world, room.world.domains["command"], intake, room.dispatcher)
    assert room.world.store.writer.submit(again.commit).replayed
    update = warning(at, "Update", "<references>fire.qd,W-1,2026-11-24T12:00:00+08:00</references>")
    assert about(room.world, update) == first.matters[0].number


def test_an_incident_goes_out_in_both_forms_without_its_caller(room: Any) -> None:
    unit = room.available()
    matter = room.call(room.at(unit), "incident.fire", "家里起火，电话13800001234", caller="13800001234", name="王小明")
    matter = room.send(matter, unit.key)

    async def seen() -> Any:
        return await look.view(room.world, room.dispatcher, matter.number)

    view = asyncio.run(seen())
    out = cap.write(alert_of(room.world, view))
    assert cap.read(out).info[0].event == "火情烟雾"
    told = eido.write(eido_of(room.world, view), "anlan.test")
    assert msgspec.json.decode(told)
    for words in (out, told):
        assert b"13800001234" not in words
        assert "王小明".encode() not in words
