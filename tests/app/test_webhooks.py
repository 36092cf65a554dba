"""Webhooks: signed, in order, once, to who may see; failures wait, die, are sent again; nothing personal leaves."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from typing import Any

import httpx2
import pytest
from tests.app.test_publish import NAMES, City

from anlan.app import accounts, people, webhooks
from anlan.app.deliver import DEAD_IN_A_ROW, PAUSES_MS, Deliverer
from anlan.app.webhooks import Asked
from anlan.app.world import World
from anlan.links.port import Undelivered
from anlan.links.webhook import Poster, secret_text
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor

pytestmark = pytest.mark.anyio
URL = "https://hooks.example/in"
ADMIN = Actor("900010", "", ("system_admin",))


class Receiver:
    """A subscriber that checks as the documentation tells it to, and answers as it is told to."""

    def __init__(self) -> None:
        self.secret, self.answers, self.taken = "", list[int | Exception](), list[dict[str, Any]]()
        self.asked = list[httpx2.Request]()
        self.poster = Poster(resolve=lambda *_: ["93.184.216.34"], transport=httpx2.MockTransport(self.answer))

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        said = self.answers.pop(0) if self.answers else 200
        if isinstance(said, Exception):
            raise said
        if 200 <= said < 300:
            self.taken.append(self.checked(request))
        return httpx2.Response(said, headers={"location": "http://127.0.0.1/"} if said == 302 else {})

    def checked(self, request: httpx2.Request) -> dict[str, Any]:
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        headers = request.headers
        text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.content
        mark = base64.b64encode(hmac.digest(key, text, sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{mark}"
        body: dict[str, Any] = json.loads(request.content)
        assert body["id"] == headers["webhook-id"]
        return body


class Line:
    """A world with a subscription, its receiver, and a clock to move."""

    def __init__(self, world: World, somebody: Callable[..., Actor]) -> None:
        self.world, self.city, self.receiver = world, City(world, somebody), Receiver()
        self.deliverer = Deliverer(world, self.receiver.poster)

    def subscribe(self, unit: str = "", roles: tuple[str, ...] = ("auditor",), **asked: str) -> str:
        account = asked.pop("account", "88001")
        if self.world.store.read.account(account) is None:
            self.world.store.writer.submit(accounts.add(self.world, account, unit, roles, "long enough"))
        name = asked.pop("name", "bureau")
        commit, made, secret = webhooks.add(self.world, ADMIN, Asked(name, account, URL, **asked))
        self.world.store.writer.submit(commit)
        self.receiver.secret = secret
        return made

    def later(self, ms: int) -> None:
        now = self.world.clock() + ms
        self.world.clock = lambda: now

    async def level(self) -> None:
        while await self.deliverer.turn():
            pass

    @property
    def hook(self) -> Any:
        return self.world.store.webhooks.all()[0]


@pytest.fixture
def line(world: World, somebody: Callable[..., Actor]) -> Line:
    return Line(world, somebody)


async def test_facts_come_signed_in_order_once_and_without_anything_personal(line: Line) -> None:
    line.city.report()  # before there was a subscription: not told
    line.subscribe(kinds="received classified", ledgers="370202")
    for _ in range(30):
        line.city.report()
    await line.level()
    wanted = [
        (e.ledger, e.seq) for e in line.world.store.outbox.after(line_start(line), 5000)
        if e.fact.kind in {"received", "classified"} and e.ledger == "370202"
    ]  # fmt: skip
    taken = line.receiver.taken
    assert [(one["ledger"], one["seq"]) for one in taken] == wanted
    assert len(taken) > 40
    assert {one["fact"]["kind"] for one in taken} == {"received", "classified"}
    text = json.dumps(taken, ensure_ascii=False)
    assert not [word for word in NAMES if word in text]
    assert line.hook.pos == line.world.store.outbox.last()
    request = line.receiver.asked[0]
    assert (request.url.host, request.headers["host"]) == ("93.184.216.34", "hooks.example")


def line_start(line: Line) -> int:
    """The position of the fact that tells of the subscription."""
    return next(e.pos for e in line.world.store.outbox.after(0, 5000) if e.fact.kind == "webhook_added")


async def test_only_what_the_account_may_see_leaves(line: Line) -> None:
    unit = line.world.city.organisation.of_kind("bureau")[0].key
    branch = line.world.city.organisation.of_kind("branch", "370203")[0].key
    line.subscribe(branch, ("subscriber",), account="88002", name="elsewhere")
    line.city.report()
    await line.level()
    assert line.receiver.taken == []
    line.subscribe(unit, ("subscriber",), account="88003", name="everywhere")
    matter = line.city.report()
    await line.level()
    assert {one["fact"]["matter"] for one in line.receiver.taken} == {matter.number}
    assert "webhook_added" not in {one["fact"]["kind"] for one in line.receiver.taken}, "that is for who may audit"


async def test_a_failure_waits_at_the_head_and_the_order_is_kept(line: Line) -> None:
    line.subscribe(kinds="received")
    line.receiver.answers = [500, httpx2.ConnectError("x"), 302, 429]
    numbers = [line.city.report().number for _ in range(3)]
    for pause in PAUSES_MS[:4]:
        await line.level()
        assert (line.receiver.taken, line.hook.state) == ([], "active")
        asked = len(line.receiver.asked)
        line.later(pause - 1)
        await line.level()
        assert len(line.receiver.asked) == asked, "not before its time"
        line.later(pause)
    await line.level()
    assert [one["fact"]["matter"] for one in line.receiver.taken] == numbers
    ids = [one.headers["webhook-id"] for one in line.receiver.asked]
    assert len(set(ids[:5])) == 1, "the same id however often"
    assert (line.hook.attempts, line.hook.due_at) == (0, 0)


async def test_dead_letters_are_seen_sent_again_or_let_go_and_the_line_pauses_itself(line: Line) -> None:
    made = line.subscribe(kinds="received")
    line.receiver.answers = [500] * 100
    for _ in range(DEAD_IN_A_ROW + 1):
        line.city.report()
    for _ in range(DEAD_IN_A_ROW * (len(PAUSES_MS) + 1)):
        await line.level()
        line.later(2 * PAUSES_MS[-1])
    store = line.world.store.webhooks
    assert (line.hook.state, line.hook.why, store.counts()) == ("failing", "http 500", {"dead": DEAD_IN_A_ROW})
    assert not await line.deliverer.turn()
    line.receiver.answers = []
    first, second, *_ = store.letters("dead")
    submit = line.world.store.writer.submit
    submit(webhooks.settle(line.world, ADMIN, first.id, "again"))
    submit(webhooks.settle(line.world, ADMIN, second.id, "let_go"))
    await line.level()
    assert (len(line.receiver.taken), store.counts()) == (1, {"dead": DEAD_IN_A_ROW - 2, "sent": 1, "let_go": 1})
    with pytest.raises(Refused, match=r"webhook\.no_letter"):
        webhooks.settle(line.world, ADMIN, first.id, "again")
    submit(webhooks.change(line.world, ADMIN, made, "resume"))
    await line.level()
    assert len(line.receiver.taken) == 2, "it goes on where it stood"
    line.receiver.answers = [500]
    third = store.letters("dead")[0]
    submit(webhooks.settle(line.world, ADMIN, third.id, "again"))
    await line.level()
    assert store.letter(third.id).state == "dead", "a letter is tried once"  # type: ignore[union-attr]


async def test_gone_or_switched_off_stops_the_line_where_it_stands(line: Line) -> None:
    made = line.subscribe(kinds="received")
    line.receiver.answers = [410]
    line.city.report()
    await line.level()
    assert (line.hook.state, line.hook.why) == ("failing", "http 410")
    line.world.store.writer.submit(webhooks.change(line.world, ADMIN, made, "resume"))
    security = Actor("900009", "", ("security",))
    line.world.store.writer.submit(accounts.add(line.world, "900009", "", ("security",), "long enough"))
    line.world.store.writer.submit(people.switch(line.world, security, "88001", on=False))
    await line.level()
    assert (line.hook.state, line.hook.why, line.receiver.taken) == ("failing", "account_off", [])


async def test_a_line_that_was_paused_meanwhile_does_not_move(line: Line) -> None:
    made = line.subscribe(kinds="received")
    line.city.report()
    hook = line.hook
    line.world.store.writer.submit(webhooks.change(line.world, ADMIN, made, "pause"))
    await line.deliverer._keep(hook, hook.pos + 5)
    assert (line.hook.state, line.hook.pos) == ("paused", hook.pos)
    line.world.store.writer.submit(webhooks.change(line.world, ADMIN, made, "remove"))
    assert line.world.store.webhooks.all() == []


@pytest.mark.parametrize("number", ["127.0.0.1", "10.1.1.1", "169.254.169.254", "::1", "fd00::1"])
async def test_nothing_private_is_called_however_its_name_is_answered(number: str) -> None:
    def never(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(request.url)

    poster = Poster(resolve=lambda *_: [number], transport=httpx2.MockTransport(never))
    with pytest.raises(Undelivered, match=r"outside\.not_public") as refused:
        await poster.post(URL, {}, b"{}")
    assert refused.value.final


@pytest.fixture
async def slow() -> AsyncIterator[int]:
    """A receiver on loopback that takes the request and sends its answer a byte at a time, for ever."""

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            for byte in b"HTTP/1.1 200 OK\r\nx-padding: " + b"a" * 10_000:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()
        ended.set()

    ended = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await asyncio.wait_for(ended.wait(), 10)
    await asyncio.sleep(0)


async def test_a_receiver_that_dawdles_is_given_up(slow: int) -> None:
    poster = Poster(["127.0.0.0/8"], seconds=0.3)
    with pytest.raises(Undelivered, match="Timeout"):
        await poster.post(f"http://127.0.0.1:{slow}/", {}, b"{}")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"name": " "}, "webhook.name"),
        ({"name": "x" * 61}, "webhook.name"),
        ({"account": "nobody"}, "people.unknown"),
        ({"kinds": "Received"}, "webhook.words"),
        ({"ledgers": "370202;"}, "webhook.words"),
    ],
)
async def test_what_cannot_be_is_refused(line: Line, asked: dict[str, str], code: str) -> None:
    line.subscribe(name="first")
    with pytest.raises(Refused, match=code):
        webhooks.add(line.world, ADMIN, Asked(**{"name": "n", "account": "88001", "url": URL, **asked}))
    with pytest.raises(Refused, match=r"webhook\.name_taken"):
        webhooks.add(line.world, ADMIN, Asked("first", "88001", URL))


async def test_the_secret_is_kept_sealed_and_the_address_is_not_on_the_ledger(line: Line) -> None:
    line.subscribe()
    secret = base64.b64decode(line.receiver.secret.removeprefix("whsec_"))
    assert secret_text(secret) == line.receiver.secret
    assert secret not in line.hook.secret
    told = [e.fact for e in line.world.store.outbox.after(0, 100) if e.fact.kind == "webhook_added"]
    assert (len(told), "hooks.example" in str(told), told[0].actor) == (1, False, ADMIN.id)
