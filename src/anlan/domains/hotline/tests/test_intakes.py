"""Every declared channel turns its own payload into an intake, and says no by the outside's own field names."""

from __future__ import annotations

import pytest

from anlan.app.adapter import Adapter
from anlan.city.geo import distance_m
from anlan.domains.hotline.intakes import ADAPTERS, CHANNELS
from anlan.loop.domain import first_words
from anlan.loop.errors import Refused

NOW = 1_795_492_800_000


def payload_of(adapter: Adapter) -> dict[str, object]:
    """The smallest payload a channel takes, and its outside id."""
    made: dict[str, object] = {adapter.names["text"]: "门口路灯坏了", adapter.names["outside_id"]: "a-1"}
    if adapter.flow == "notice":
        made[adapter.names["outcome"]] = "filed"
    return made


def test_there_are_21_channels_each_once() -> None:
    assert len({c.key for c in CHANNELS}) == 21


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda a: a.channel)
def test_channel_takes_its_payload(adapter: Adapter) -> None:
    intake = adapter(payload_of(adapter), NOW)
    assert (intake.channel, intake.outside_id, intake.text, intake.at) == (adapter.channel, "a-1", "门口路灯坏了", NOW)
    assert intake.flow == adapter.flow


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda a: a.channel)
@pytest.mark.parametrize(
    ("change", "code"),
    [({"nobody_knows": 1}, "field.unknown"), ({"text": ""}, "field.missing"), ({"text": 5}, "field.wrong_type"),
     ({"text": "长" * 20_001}, "field.too_long")],
)  # fmt: skip
def test_channel_refuses_by_name(adapter: Adapter, change: dict[str, object], code: str) -> None:
    named = {adapter.names.get(key, key): value for key, value in change.items()}
    with pytest.raises(Refused) as refused:
        adapter({**payload_of(adapter), **named}, NOW)
    assert refused.value.code == code
    assert refused.value.params["field"] in named


def test_a_map_platforms_coordinates_are_moved_to_wgs84() -> None:
    wechat = next(a for a in ADAPTERS if a.channel == "wechat")
    intake = wechat({"MsgId": "1", "Content": "路灯坏了", "Location_X": "36.07", "Location_Y": "120.38"}, NOW)
    assert intake.lon is not None
    assert intake.lat is not None
    assert 350 < distance_m(120.38, 36.07, intake.lon, intake.lat) < 700


def test_a_title_is_the_first_clause() -> None:
    assert first_words("路灯坏了三天。没人修") == "路灯坏了三天"
    assert (
        first_words("隆云广场附近有汽车改了排气管，半夜轰油门，希望尽快处理一下")
        == "隆云广场附近有汽车改了排气管，半夜轰油门"
    )
    assert first_words("路" * 40) == "路" * 28
