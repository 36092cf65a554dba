"""A changed rule is tried on past matters before it is used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest

from anlan.app import receive
from anlan.app.rehearse import rehearse, rehearse_targets
from anlan.app.world import World
from anlan.city.errors import CityError
from anlan.city.pack import build_city, read_pack
from anlan.domains.hotline.seed import phrases
from anlan.loop.grants import Actor
from anlan.store.read import Shape

HOUR_MS = 3_600_000


def receive_one_of_each(world: World, operator: Actor) -> None:
    """A report of every category the demo speaks of, each at another place, over the last days."""
    domain, channel = world.channels["partner"]
    for n, (category, said) in enumerate(sorted(phrases().items())):
        place = world.city.places.places[n]
        payload = {"text": said[0].format(place=place.name), "category": category, "lon": place.lon, "lat": place.lat}
        intake = channel.adapt(payload, world.clock() - n * HOUR_MS * 8)
        world.store.writer.submit(receive.prepare(world, domain, intake, operator).commit)


def test_a_changed_rule_shows_what_it_would_move(world: World, tmp_path: Path, somebody: Callable[..., Actor]) -> None:
    receive_one_of_each(world, somebody("operator"))
    assert rehearse(world, world.city).moved == 0

    files = read_pack(tmp_path / "city")
    rules = msgspec.json.decode(files["routing.json"])
    everything = {"key": "all", "to": {"unit": "centre.hotline"}, "why_zh": "试行", "why_en": "trial"}
    changed = build_city({**files, "routing.json": msgspec.json.encode([everything, *rules])})
    found = rehearse(world, changed)
    assert found.tried == len(phrases())
    assert found.by_rule == {"all": len(phrases())}
    assert found.moved == sum(r.matter.lead != "centre.hotline" for r in world.store.read.rows(Shape(order="new")))


def test_changed_targets_show_which_due_times_would_move(
    world: World, tmp_path: Path, somebody: Callable[..., Actor]
) -> None:
    receive_one_of_each(world, somebody("operator"))
    assert rehearse_targets(world, world.city).moved == 0
    matters = [r.matter for r in world.store.read.rows(Shape(order="new"))]
    assert {m.clocks["matter"].target for m in matters} >= {"", "noise", "urgent"}

    files = read_pack(tmp_path / "city")
    traffic = {
        "key": "traffic", "clock": "matter", "category": ["traffic."], "amount": 10, "unit": "work_minutes",
        "why_zh": "试行", "why_en": "trial",
    }  # fmt: skip
    found = rehearse_targets(world, build_city({**files, "clocks.json": msgspec.json.encode([traffic])}))
    targeted = [m for m in matters if m.clocks["matter"].target]
    assert found.tried == len(phrases())
    assert {e.number for e in found.examples if e.target == "traffic"} == {
        m.number for m in matters if m.category.startswith("traffic.")
    }
    assert {e.number for e in found.examples if not e.target} == {
        m.number for m in targeted if not m.category.startswith("traffic.")
    }
    assert found.late > 0
    assert world.store.read.rows(Shape(order="new"))[0].matter == matters[0]


@pytest.mark.parametrize(("amount", "unit"), [(0, "work_days"), (2_501, "work_days"), (5_256_001, "natural_minutes")])
def test_a_target_that_is_no_length_is_refused_before_a_report_meets_it(
    world: World, tmp_path: Path, amount: int, unit: str
) -> None:
    files = read_pack(tmp_path / "city")
    first, *others = msgspec.json.decode(files["clocks.json"])
    wrong = msgspec.json.encode([first | {"amount": amount, "unit": unit}, *others])
    for refuses in (partial(rehearse_targets, world), lambda city: World(world.store, city, world.domains)):
        with pytest.raises(CityError) as refused:
            refuses(build_city({**files, "clocks.json": wrong}))
        assert (refused.value.code, refused.value.params["target"]) == ("target.amount", first["key"])
