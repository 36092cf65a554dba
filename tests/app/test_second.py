"""The second factor: the standard's own values, a code that works once, and nobody in without it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anlan.app import accounts, second
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor

RFC_SECRET = b"12345678901234567890"
PASSWORD = "long enough"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    step = seconds * 1000 // second.STEP_MS
    assert second.code_at(RFC_SECRET, step) == code
    assert second.step_of(RFC_SECRET, code, seconds * 1000 + 29_999, 0) == step
    assert second.step_of(RFC_SECRET, code, seconds * 1000, step) == 0, "used"
    assert second.step_of(RFC_SECRET, code, seconds * 1000 + 90_000, 0) == 0, "too old"


def test_the_secret_survives_being_typed() -> None:
    assert second.typed_secret(second.shown_secret(RFC_SECRET)) == RFC_SECRET
    assert second.uri_of(RFC_SECRET, "900001").startswith("otpauth://totp/Anlan%3A900001?secret=GEZD")


def test_nobody_is_in_without_the_code_and_a_code_works_once(world: World, somebody: Callable[..., Actor]) -> None:
    who, write = somebody("operator"), world.store.writer.submit
    write(accounts.add(world, who.id, who.unit, who.roles, PASSWORD))

    def code() -> str:
        return second.code_at(RFC_SECRET, world.clock() // second.STEP_MS)

    with pytest.raises(Refused, match=r"account\.code_wrong"):
        accounts.set_second(world, who.id, RFC_SECRET, "000000")
    write(accounts.set_second(world, who.id, RFC_SECRET, code()))
    for typed, refusal in (
        ("", "account.code_missing"),
        (code(), "account.code_wrong"),
        ("12345x", "account.code_wrong"),
    ):
        with pytest.raises(Refused, match=refusal):
            accounts.log_in(world, who.id, PASSWORD, "", typed)
    with pytest.raises(Refused, match=r"account\.wrong"):
        accounts.log_in(world, who.id, "not the password", "", code())
    now = world.clock()
    world.clock = lambda: now + second.STEP_MS
    (one, token), (two, other) = (accounts.log_in(world, who.id, PASSWORD, "", code()) for _ in range(2))
    write(one)
    with pytest.raises(Refused, match=r"account\.code_wrong"):
        write(two)
    assert [accounts.actor_of(world, t) is not None for t in (token, other)] == [True, False]
    write(accounts.add(world, who.id, who.unit, who.roles, PASSWORD))
    assert world.store.read.second(who.id), "a changed account keeps its second factor"
    with pytest.raises(Refused, match=r"account\.wrong"):
        accounts.drop_second(world, who.id, "not the password")
    write(accounts.drop_second(world, who.id, PASSWORD))
    assert accounts.log_in(world, who.id, PASSWORD)
