"""Every denial is on the ledger before its answer: who, what, where, which matter; never what was sent. A flood is
counted, not lost, and a full disk changes no answer."""

from __future__ import annotations

from typing import Any

import pytest
from tests.access.asking import Asking
from tests.conftest import NOON

from anlan.app import accounts, denials, receive
from anlan.app.denials import KIND, KINDS_MAX
from anlan.app.repeats import Repeats
from anlan.app.world import DENIALS_MS, World
from anlan.loop.domain import Intake
from anlan.loop.errors import Refused
from anlan.loop.fact import INT_MAX, Fact
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter, shown

pytestmark = pytest.mark.anyio
MATTERS = "/api/v1/matters"


def told(world: World) -> list[Fact]:
    """The denials on the ledger, oldest first."""
    return [e.fact for e in world.store.outbox.beside(INT_MAX, 500)[::-1] if e.fact.kind == KIND]


def token_of(world: World, role: str, unit: str) -> str:
    account = f"x-{role}"
    world.store.writer.submit(accounts.add(world, account, unit, (role,), "long enough"))
    commit, token = accounts.token_for(world, account)
    world.store.writer.submit(commit)
    return token


@pytest.fixture
def matter(world: World) -> Matter:
    intake = Intake("call_968110", "c-1", "路灯不亮", "路灯不亮三天了", NOON, unit="branch.370203", by_hand=True)
    desk = Actor("o", "bureau", ("operator",))
    return world.store.writer.submit(receive.prepare(world, world.domains["hotline"], intake, desk).commit).matters[0]


@pytest.fixture
def asking(world: World) -> Asking:
    return Asking(world)


async def test_what_was_denied_is_told_by_pattern_and_by_nothing_that_was_sent(
    world: World, matter: Matter, asking: Asking
) -> None:
    token = token_of(world, "officer", "branch.370202")
    secret, page = "13812345678", shown(matter.number)
    await asking.send("GET", f"/people?q={secret}", token)
    await asking.send("GET", f"{MATTERS}/{matter.number}", token)
    await asking.send("POST", f"/matters/{page}/moves/accept", token, form={"version": 1, "note": secret})
    await asking.send("POST", f"{MATTERS}/{matter.number}/contact", token, body=b'{"receipt": 1, "purpose": "audit"}')
    await asking.send("GET", f"{MATTERS}/{matter.number}")
    found = [
        (f.actor, f.data["action"], f.data["code"], f.data.get("endpoint"), f.data.get("matter")) for f in told(world)
    ]
    number = matter.number
    assert found == [
        ("x-officer", "administer", "access.denied", "GET /people", None),
        ("x-officer", "", "matter.unknown", "GET /api/v1/matters/{number}", number),
        ("x-officer", "", "matter.unknown", "POST /matters/{shown_number}/moves/{move}", number),
        ("x-officer", "", "matter.unknown", "POST /api/v1/matters/{number}/contact", number),
        ("nobody", "", "token.missing", "GET /api/v1/matters/{number}", number),
    ]
    assert all(f.matter == int(world.ledger) and f.version == 0 for f in told(world)), "beside the matter's own history"
    assert secret not in repr(told(world))


async def test_a_move_that_is_not_ones_own_is_told_also_where_the_page_shows_it_itself(
    world: World, matter: Matter, asking: Asking
) -> None:
    token = token_of(world, "callback", "branch.370202")
    answer = await asking.send("POST", f"/matters/{shown(matter.number)}/moves/accept", token, form={"version": 1})
    assert answer.status == 403
    assert b"<form" in answer.text, "the page of the matter"
    assert [(f.data["action"], f.data["code"]) for f in told(world)] == [("accept", "move.not_yours")]


async def test_of_a_matter_that_there_is_not_nothing_was_denied(world: World, asking: Asking) -> None:
    answer = await asking.send("GET", f"{MATTERS}/370202269999999", token_of(world, "overseer", "bureau"))
    assert answer.status == 404
    assert told(world) == []


async def test_a_flood_is_counted_in_one_fact_a_window_and_nothing_is_lost(world: World, asking: Asking) -> None:
    token = token_of(world, "officer", "branch.370202")
    for _ in range(200):
        await asking.send("GET", "/people", token)
    assert [f.data["times"] for f in told(world)] == [1]
    world.clock = lambda: NOON + DENIALS_MS
    await asking.send("GET", "/rights", token)
    assert [(f.data["endpoint"], f.data["times"]) for f in told(world)] == [
        ("GET /people", 1), ("GET /rights", 1), ("GET /people", 199),
    ]  # fmt: skip
    assert told(world)[2].data["since"] == NOON


async def test_somebody_who_tries_everything_is_counted_together(world: World) -> None:
    tries = KINDS_MAX + 150
    for n in range(tries):
        await denials.tell(world, denials.Denial("x-officer", "see", "matter.unknown", "GET /x", n + 1))
    await denials.tell(world, denials.Denial("x-chief", "see", "matter.unknown", "GET /x", 1))
    world.clock = lambda: NOON + DENIALS_MS
    await denials.tell_over(world)
    assert sum(f.data["times"] for f in told(world)) == tries + 1
    assert len(told(world)) == KINDS_MAX + 2 + 1
    assert len(world.denials) == 0


async def test_a_denial_that_cannot_be_written_is_one_all_the_same_and_told_later(
    world: World, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of(world, "officer", "branch.370202")
    writer = world.store.writer
    write: Any = writer.write

    async def full(_commit: Any) -> Any:
        raise Refused("store.full")

    monkeypatch.setattr(writer, "write", full)
    assert (await asking.send("GET", "/people", token)).status == 403
    monkeypatch.setattr(writer, "write", write)
    assert told(world) == []
    world.clock = lambda: NOON + DENIALS_MS
    await denials.tell_over(world)
    assert [f.data["times"] for f in told(world)] == [1]


def test_repeats_count_within_a_window_and_forget_what_is_told() -> None:
    repeats: Repeats[str] = Repeats(10, lambda key: key)
    assert [repeats.met("a", 0), repeats.met("a", 5), repeats.met("b", 5)] == [True, False, True]
    repeats.told("a", 1)
    repeats.told("b", 1)
    assert list(repeats.over(9)) == []
    for key, window in repeats.over(10):
        assert (key, window.since, window.untold) == ("a", 0, 1)
        repeats.told(key, window.untold)
    assert ("a" in repeats, "b" in repeats, repeats.of("a"), repeats.of("b")) == (False, True, 0, 1)
    assert list(repeats.over(15)) == []
    assert len(repeats) == 0
