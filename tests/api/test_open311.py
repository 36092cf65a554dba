"""Open311 GeoReport v2 as a foreign client would use it: form in, XML and JSON out."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest
from litestar.testing import AsyncTestClient

from anlan.app.world import World
from anlan.main import application

pytestmark = pytest.mark.anyio
FORM = {
    "jurisdiction_id": "qingdao",
    "service_code": "traffic.signal",
    "lat": "36.07",
    "long": "120.38",
    "description": "路口信号灯不亮",
    "phone": "13812345678",
}


async def test_a_client_finds_services_hands_in_and_follows(world: World) -> None:
    async with AsyncTestClient(application(world)) as client:
        services = Xml.fromstring((await client.get("/open311/v2/services.xml")).content)
        codes = [s.findtext("service_code") for s in services]
        assert FORM["service_code"] in codes
        made = await client.post("/open311/v2/requests.json", data=FORM)
        assert made.status_code == 201
        number = made.json()[0]["service_request_id"]
        seen = Xml.fromstring((await client.get(f"/open311/v2/requests/{number}.xml")).content)[0]
        assert (seen.findtext("status"), seen.findtext("service_code")) == ("open", "traffic.signal")
        assert "信号灯" not in (await client.get(f"/open311/v2/requests/{number}.json")).text


async def test_a_service_nobody_has_and_a_number_nobody_gave(world: World) -> None:
    async with AsyncTestClient(application(world)) as client:
        unknown = await client.post("/open311/v2/requests.json", data={**FORM, "service_code": "dragons"})
        assert (unknown.status_code, unknown.json()["code"]) == (422, "category.unknown")
        missing = await client.get("/open311/v2/requests/370202269999999.json")
        assert (missing.status_code, missing.json()["code"]) == (404, "follow.unknown")
