"""Search texts, flow definitions and city packs: found or refused by a code, whatever they hold."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.conftest import NOON
from tests.fuzz.mutate import bytes_like, data_like, run, text_like

from anlan.api.matters import terms_of
from anlan.app import receive
from anlan.app.world import World
from anlan.city.check import check_files
from anlan.city.pack import JSON_FILES, read_pack
from anlan.engines.text import search_terms
from anlan.loop.case import Intent
from anlan.loop.decide import decide, effect_problems, possible
from anlan.loop.domain import Intake
from anlan.loop.errors import Conflict, Refused
from anlan.loop.evolve import evolve, stamp
from anlan.loop.flow import Flow, problems
from anlan.loop.grants import Actor
from anlan.loop.receive import Opening, opening
from anlan.loop.working_calendar import minute_of
from anlan.store.read import Shape


def test_any_search_text(world: World, show: Callable[[str], None]) -> None:
    operator = Actor("o", "bureau", ("operator",))
    for n, text in enumerate(("三单元楼道路灯不亮", "parking 停车占道", "楼道 parking")):
        intake = Intake("call_968110", f"c-{n}", text, text, NOON, unit="branch.370202", by_hand=True)
        world.store.writer.submit(receive.prepare(world, world.domains["hotline"], intake, operator).commit)

    def once(dice: random.Random) -> str:
        text = text_like(dice, "三单元楼道 parking 路灯不亮")
        search_terms(text)
        try:
            rows = world.store.read.rows(Shape(terms=terms_of(text)))
        except Refused as refused:
            return refused.code
        return f"{len(rows)} rows"

    assert set(run("search", once, show)) >= {"0 rows", "1 rows"}


def test_any_flow_definition(world: World, show: Callable[[str], None]) -> None:
    seeds = [msgspec.to_builtins(flow) for domain in world.domains.values() for flow in domain.flows]
    overseer = Actor("o", "bureau", ("overseer", "officer", "operator", "callback", "chief"))

    def once(dice: random.Random) -> str:
        try:
            seed = dice.choice(seeds)
            raw = json.dumps(data_like(dice, seed) if dice.random() < 0.8 else seed).encode()
            flow = msgspec.json.decode(bytes_like(dice, raw) if dice.random() < 0.1 else raw, type=Flow)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return "invalid"
        if problems(flow) or effect_problems(flow):
            return "problems"
        return walked(world, flow, overseer, dice)

    assert run("flow", once, show)


def walked(world: World, flow: Flow, actor: Actor, dice: random.Random) -> str:
    """A few moves through a flow that is said to work; only refusals may stop it."""
    received = {
        "domain": "hotline", "ledger": "370202", "channel": "web", "opened_at": NOON, "text": "t",
        "party": {"party": "p", "channel": "web", "at": NOON, "text": "t"},
    }  # fmt: skip
    route = {"lead": "bureau", "assists": [], "route": {"rule": "human"}} if flow.assigned else None
    matter, context = None, msgspec.structs.replace(world.context(actor), grants=_every(flow))
    begin = Opening(received, None, route, flow.assigned)
    try:
        drafts = opening(flow, begin, minute_of(NOON), world.calendar, world.target)
        for fact in stamp(drafts, 370202260000001, 0, NOON, "o"):
            matter = evolve(matter, fact)
        assert matter is not None
        for _ in range(6):
            moves = [m for m in possible(flow, matter, context) if m.effect != "open_child"]  # the writer numbers those
            if not moves:
                return "stuck"
            move = dice.choice(moves)
            fields = {f.key: _value(f, dice) for f in move.needs}
            drafts = decide(flow, matter, Intent(move.key, matter.version, fields), context)
            for fact in stamp(drafts, matter.number, matter.version, NOON, "o"):
                matter = evolve(matter, fact)
    except (Refused, Conflict) as refused:
        return refused.code
    return "walked"


def _every(flow: Flow) -> Any:
    from anlan.loop.grants import Grant, Grants  # noqa: PLC0415 - only here

    return Grants([Grant("officer", tuple(sorted({m.action for m in flow.moves})), up_to="restricted")])


def _value(field: Any, dice: random.Random) -> Any:
    kinds: dict[str, Any] = {
        "int": max(field.minimum, 1), "number": 1, "receipt": 370202260000001, "bool": True, "files": [],
        "unit": "branch.370202", "units": ["branch.370202"], "category": "public_order.noise",
    }  # fmt: skip
    if field.options:
        return dice.choice(field.options)
    return kinds.get(field.type, "t")


@pytest.fixture(scope="module")
def small_pack(demo_city: Path) -> dict[str, bytes]:
    """The demo city without its roads and with a tenth of its streets, people and places: quick to check."""
    files = {name: raw for name, raw in read_pack(demo_city).items() if name != "roads.npz"}
    for name in list(files):
        if name.endswith(".geojson"):
            layer = json.loads(files[name])
            layer["features"] = layer["features"][:6]
            files[name] = json.dumps(layer).encode()
    for name in ("people.json", "places.json"):
        files[name] = json.dumps(json.loads(files[name])[:25]).encode()
    units = json.loads(files["organisation.json"])
    files["organisation.json"] = json.dumps(units[:60]).encode()
    return files


def test_any_city_pack(small_pack: dict[str, bytes], show: Callable[[str], None]) -> None:
    names = sorted({*JSON_FILES, "calendar.json", *(n for n in small_pack if n.endswith(".geojson"))} & set(small_pack))
    parsed = {name: json.loads(small_pack[name]) for name in names}

    def once(dice: random.Random) -> str:
        name = dice.choice(names)
        if dice.random() < 0.3:
            raw = bytes_like(dice, small_pack[name])
        else:
            raw = json.dumps(data_like(dice, parsed[name])).encode("utf-8", "surrogatepass")
        found = check_files(small_pack | {name: raw})
        return found[0].code if found else "sound"

    assert run("city pack", once, show)
