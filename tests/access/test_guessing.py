"""Guessing passwords gets slower and slower, for the guesser; no officer is ever locked out by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.access.asking import Answer, Asking
from tests.conftest import NOON

from anlan.app import accounts, second
from anlan.app.guesses import LIMITS, wait_ms
from anlan.app.world import World
from anlan.loop.fact import INT_MAX
from anlan.main import open_world

pytestmark = pytest.mark.anyio
UNIT = "branch.370202"
OFFICER, PASSWORD = "77001", "long enough"
DESK, FAR = "10.1.1.1", "203.0.113.9"
FREE = LIMITS["pair"].free


@pytest.fixture
def asking(world: World) -> Asking:
    world.store.writer.submit(accounts.add(world, OFFICER, UNIT, ("officer",), PASSWORD))
    return Asking(world)


async def log_in(asking: Asking, password: str, address: str, account: str = OFFICER, **form: Any) -> Answer:
    """By the page; every third time by the API, whose count is the same."""
    sent = {"account": account, "password": password, "next": "/", **form}
    return await asking.send("POST", "/login", form=sent, address=address)


def later(world: World, ms: int) -> None:
    now = world.clock()
    world.clock = lambda: now + ms


def waits(answer: Answer) -> bool:
    return b"Too many wrong passwords" in answer.text


async def test_each_further_wrong_one_doubles_the_wait_and_the_right_one_must_wait_too(
    world: World, asking: Asking
) -> None:
    for _ in range(FREE):
        assert not waits(await log_in(asking, "wrong", FAR))
    for n in range(4):
        assert waits(await log_in(asking, PASSWORD, FAR)), "the password is not even looked at"
        later(world, (1_000 << n) - 1)
        assert waits(await log_in(asking, PASSWORD, FAR))
        later(world, 1)
        assert not waits(await log_in(asking, "wrong", FAR))
    later(world, 16_000)
    assert (await log_in(asking, PASSWORD, FAR)).status == 303
    assert not waits(await log_in(asking, "wrong", FAR)), "after a right one it begins anew"


def test_the_wait_has_an_end() -> None:
    for limit in LIMITS.values():
        assert wait_ms(limit, limit.free - 1) == 0
        assert wait_ms(limit, limit.free) == 1_000
        assert wait_ms(limit, 10**9) == limit.longest_ms <= 15 * 60_000


async def test_whatever_others_guess_an_officer_gets_in_from_where_they_are_at_home(
    world: World, asking: Asking
) -> None:
    assert (await log_in(asking, PASSWORD, DESK)).status == 303
    for n in range(LIMITS["account"].free + 5):
        await log_in(asking, "wrong", f"203.0.{n % 250}.{n % 7}")
    assert waits(await log_in(asking, PASSWORD, "198.51.100.1")), "a new address waits, for all guesses together"
    assert (await log_in(asking, PASSWORD, DESK)).status == 303
    later(world, LIMITS["account"].longest_ms)
    assert (await log_in(asking, PASSWORD, "198.51.100.1")).status == 303, "and not for ever"


async def test_one_address_that_tries_many_accounts_waits(world: World, asking: Asking) -> None:
    for n in range(LIMITS["address"].free - 1):
        assert not waits(await log_in(asking, "wrong", FAR, f"9{n:04d}"))
    await log_in(asking, "wrong", FAR, "90000")
    assert waits(await log_in(asking, "wrong", FAR, "91234"))
    assert not waits(await log_in(asking, "wrong", "198.51.100.2", "91234"))


async def test_a_restart_forgives_nothing(world: World, asking: Asking) -> None:
    for _ in range(FREE + 1):
        await log_in(asking, "wrong", FAR)
    home = world.store.home
    world.store.close()
    again = open_world(home)
    again.clock = lambda: NOON
    assert waits(await log_in(Asking(again), PASSWORD, FAR))
    again.store.close()


async def test_many_at_once_gain_nothing(world: World, asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    monkeypatch.setattr(accounts, "proved", _counted(looked_at))
    await asyncio.gather(*(log_in(asking, f"wrong {n}", FAR) for n in range(25)))
    assert len(looked_at) <= FREE + 1


def _counted(looked_at: list[str]) -> Callable[..., None]:
    proved = accounts.proved

    def counting(world: World, account: str, password: str) -> None:
        looked_at.append(password)
        proved(world, account, password)

    return counting


async def test_codes_of_the_second_factor_are_guesses_too(world: World, asking: Asking) -> None:
    secret = b"s" * second.SECRET_BYTES
    code = second.code_at(secret, NOON // second.STEP_MS)
    await world.store.writer.write(accounts.set_second(world, OFFICER, secret, code))
    for n in range(FREE):
        answer = await log_in(asking, PASSWORD, FAR, code=f"00000{n}")
        assert b"code is wrong" in answer.text
        assert not waits(answer)
    assert waits(await log_in(asking, PASSWORD, FAR, code="000009"))
    later(world, 1_000)
    assert b"second factor" in (await log_in(asking, PASSWORD, FAR)).text, "no code: no guess, and none forgiven"
    await log_in(asking, PASSWORD, FAR, code="000008")
    assert waits(await log_in(asking, PASSWORD, FAR, code="000007"))


async def test_account_there_or_not_the_words_and_the_work_are_the_same(
    world: World, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes: list[str] = []
    hasher = accounts._hasher

    class Counting:
        def verify(self, kept: str, password: str) -> bool:
            hashes.append(kept.split("$")[3])
            return hasher.verify(kept, password)

    monkeypatch.setattr(accounts, "_hasher", Counting())
    world.store.writer.submit(
        accounts.commit_of(world, "x", "account_off", {}, ("UPDATE accounts SET active = 0 WHERE id = ?", ("77002",)))
    )
    pages = []
    for account in (OFFICER, "nobody-there", "77002"):
        answer = await log_in(asking, "wrong", FAR, account)
        pages.append((answer.status, answer.text.replace(account.encode(), b"N")[:4000].split(b"_csrf_token")[0]))
    assert pages[0] == pages[1] == pages[2]
    assert len(hashes) == 3
    assert len(set(hashes)) == 1, "the same cost parameters"


async def test_it_is_on_the_record_without_what_was_typed(world: World, asking: Asking) -> None:
    for account in (OFFICER, "my-secret-password"):
        for _ in range(FREE):
            await log_in(asking, "wrong", FAR, account)
    facts = [e.fact for e in world.store.outbox.beside(INT_MAX, 100) if e.fact.kind == "locked_out"]
    assert [(f.actor, f.data["by"]) for f in facts] == [("nobody", ["pair"]), (OFFICER, ["pair"])]
    assert "my-secret" not in repr(facts)
    stands = (world.store.home / "anlan.db").read_bytes() + (world.store.home / "anlan.db-wal").read_bytes()
    assert FAR.encode() not in stands
    assert b"my-secret-password" not in stands


async def test_a_new_password_asks_for_the_old_one_under_the_same_limit(world: World, asking: Asking) -> None:
    commit, token = accounts.token_for(world, OFFICER)
    world.store.writer.submit(commit)
    form = {"old": "wrong", "new": "another long one"}
    for _ in range(FREE):
        assert not waits(await asking.send("POST", "/account/password", token, form=form, address=FAR))
    form["old"] = PASSWORD
    assert waits(await asking.send("POST", "/account/password", token, form=form, address=FAR))


@pytest.mark.parametrize(
    ("client", "header", "wanted"),
    [
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, 127.0.0.1", "203.0.113.9"),
        ("198.51.100.1", "1.2.3.4", "198.51.100.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "x" * 500, "x" * 64),
    ],
)
def test_an_address_is_believed_only_from_our_own_proxies(client: str, header: str, wanted: str) -> None:
    from litestar.testing import RequestFactory  # noqa: PLC0415 - only here

    from anlan.api.who import address_of  # noqa: PLC0415 - the same

    request = RequestFactory().get("/", headers={"x-forwarded-for": header} if header else {})
    request.scope["client"] = (client, 1)
    assert address_of(request) == wanted
