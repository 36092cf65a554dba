"""Whatever a client sends, authorised or not, the answer is ours: no 500, no hang, nothing of an error's insides."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
from tests.access.asking import Asking
from tests.access.rules import addresses
from tests.conftest import NOON
from tests.fuzz.mutate import ODD, bytes_like, data_like, run, text_like

from anlan.app import accounts, receive
from anlan.app.world import World
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.loop.matter import shown

EVERYTHING = ("overseer", "operator", "callback", "officer", "chief", "exchange", "partner")
BODIES: tuple[dict[str, Any], ...] = (
    {"version": 1, "fields": {"note": "已到场", "files": []}},
    {"version": 2, "unit": "branch.370202", "text": "请协助"},
    {"version": 1, "into": 370202260000002},
    {"receipt": 370202260000001, "purpose": "handle"},
    {"account": "77001", "password": "long enough", "code": ""},
    {"id": "a", "sender": "13812345678", "text": "退订"},
    {"text": "路灯不亮", "outside_id": "x", "lon": 120.38, "lat": 36.07, "phone": "13812345678"},
    {"call_id": "1", "state": "ringing", "extension": "8001", "caller": "13812345678"},
)
FORMS: tuple[dict[str, str], ...] = (
    {"version": "1", "note": "已到场", "unit": "市局"},
    {"text": "路灯不亮", "place": "江苏路", "phone": "13812345678"},
    {"text": "路灯不亮", "place": "G20 K12+300", "spot": "G20 K12+300@120.38,36.07"},
    {"do": "save", "name": "我的", "query": "view=open"},
    {"name": "日报", "period": "day", "by": "unit", "form": "xlsx"},
    {"monday": "20781", "version": "0"},
    {"receipt": "370202260000001", "outcome": "satisfied", "version": "1"},
)
QUERIES = (
    "view", "q", "unit", "district", "domain", "category", "channel", "from", "to", "order", "after", "number",
    "limit", "stage", "kind", "lead", "officer", "at", "opened_from", "due_before", "pick", "week", "part", "who",
    "before", "lang", "counter", "by", "state", "code", "next",
)  # fmt: skip
SLOW = frozenset({"POST /account/password", "POST /account/second", "POST /login", "POST /api/v1/tokens", "GET /live"})
"""A password takes its time, and a stream does not end: they are tried elsewhere."""


def test_any_request(world: World, show: Callable[[str], None]) -> None:
    world.store.writer.submit(accounts.add(world, "77001", "branch.370202", EVERYTHING, "long enough"))
    commit, token = accounts.token_for(world, "77001")
    world.store.writer.submit(commit)
    desk = Actor("o", "bureau", ("operator",))
    for n in range(3):
        intake = Intake("call_968110", f"c-{n}", "路灯不亮", "路灯不亮三天了", NOON, unit="branch.370202", by_hand=True)
        world.store.writer.submit(receive.prepare(world, world.domains["hotline"], intake, desk).commit)
    asking, loop = Asking(world), asyncio.new_event_loop()
    known = [at for at, about in addresses().items() if at not in SLOW and "{mark}" not in at]

    def once(dice: random.Random) -> str:
        request = _request(dice, dice.choice(known))
        answer = loop.run_until_complete(asking.send(token=dice.choice((token, token, token, "")), **request))
        assert answer.status != 500, (request, answer.text[:300])
        assert b"Traceback" not in answer.text
        return str(answer.status)

    try:
        came_to = run("http", once, show)
    finally:
        loop.close()
    assert set(came_to) >= {"200", "404", "422"}


def _request(dice: random.Random, at: str) -> dict[str, Any]:
    method, path = at.split(" ", 1)
    number = 370202260000001 + dice.randrange(4)
    good = {
        "number": f"{number}", "shown_number": shown(number), "move": dice.choice(("accept", "note", "assign", "rate")),
        "channel": dice.choice(("web", "partner", "call_968110", "transfer_110")), "key": "branch.370202",
        "account": "77001", "deed": "rights", "form": "csv", "asked": dice.choice(("services.json", "requests.xml")),
    }  # fmt: skip
    for name in [part.split("}")[0] for part in path.split("{")[1:]]:
        value = good.get(name, "1") if dice.random() < 0.8 else text_like(dice, "1")
        path = path.replace(f"{{{name}}}", value.encode("utf-8", "replace").decode().replace("?", ""))
    pairs = [f"{dice.choice(QUERIES)}={_quoted(dice.choice(ODD))}" for _ in range(dice.choice((0, 0, 1, 3)))]
    request: dict[str, Any] = {"method": method, "path": path + ("?" + "&".join(pairs) if pairs else "")}
    if method == "POST" and path.startswith(("/api/", "/open311/")):
        request["body"] = _body(dice)
    elif method == "POST":
        form = data_like(dice, dice.choice(FORMS))
        request["form"] = {_plain(key): _plain(form[key]) for key in form} if isinstance(form, dict) else {}
    return request


def _body(dice: random.Random) -> bytes:
    seed = dice.choice(BODIES)
    if dice.random() < 0.4:
        return bytes_like(dice, msgspec.json.encode(seed))
    data = data_like(dice, seed)
    try:
        return msgspec.json.encode(data)
    except (UnicodeEncodeError, OverflowError, TypeError):
        return repr(data).encode("utf-8", "replace")


def _plain(value: Any) -> bytes:
    return str(value).encode("utf-8", "replace")


def _quoted(value: Any) -> str:
    return quote(_plain(value)[:400])
