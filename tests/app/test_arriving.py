"""What is on its way to disk is found by the next caller, and leaves no trace when it never gets there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from anlan.app import receive
from anlan.app.receive import Prepared
from anlan.app.words import words
from anlan.app.world import World
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.store.commit import Commit, Done

FIRE = "人民路菜市场二楼起火，浓烟很大，有人被困"


def call(world: World, n: int, text: str = FIRE, **more: object) -> Intake:
    place = {"lon": 120.36, "lat": 36.07} | more
    return Intake("call_968110", f"c-{n}", text[:20], text, world.clock(), category="public_order.noise", **place)  # type: ignore[arg-type]


def test_of_20_calls_about_one_fire_in_one_batch_19_are_offered_another(
    world: World, somebody: Callable[..., Actor]
) -> None:
    offered: dict[int, list[int]] = {}

    def answer(done: Done, prepared: Prepared) -> bytes:
        assert prepared.advice is not None
        offered[done.receipt] = [c.key for c in world.arriving.named(prepared.advice.offers)]
        return b""

    async def calls() -> None:
        domain, who = world.domains["hotline"], somebody("operator")
        await asyncio.gather(*(receive.hand_in(world, domain, call(world, n), who, answer=answer) for n in range(20)))

    asyncio.run(calls())
    assert sum(bool(keys) for keys in offered.values()) == 19
    assert {key for keys in offered.values() for key in keys} <= set(offered)
    assert set(world.merge) == set(offered), "every key is a matter's number now"


def test_two_calls_in_one_batch_are_written_at_once_and_told_of_each_other(
    world: World, somebody: Callable[..., Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    undone, told = [], []
    undo = world.store.writer._undone
    monkeypatch.setattr(world.store.writer, "_undone", lambda error: undone.append(error) or undo(error))
    domain, who = world.domains["hotline"], somebody("operator")

    def answer(done: Done, prepared: Prepared) -> bytes:
        assert prepared.advice is not None
        found = world.arriving.named(prepared.advice.offers)
        told.append((done.receipt, [c.key for c in receive.offered(world, found, who, beside=done)]))
        assert receive.offered(world, found, who) == [], "nobody else is told before it is on disk"
        return b""

    async def calls() -> None:
        await asyncio.gather(*(receive.hand_in(world, domain, call(world, n), who, answer=answer) for n in range(2)))

    asyncio.run(calls())
    assert [keys for _, keys in told] == [[], [told[0][0]]]
    assert undone == []


def test_beside_a_new_matter_only_what_it_can_be_merged_into_is_offered(
    world: World, somebody: Callable[..., Actor]
) -> None:
    """A complaint about a fire may join the incident while it is typed in; a matter of its own cannot any more."""
    domain, who = world.domains["hotline"], somebody("operator")
    first, later = (
        asyncio.run(receive.hand_in(world, domain, call(world, n), who))[1].matters[0] for n in range(2)
    )  # fmt: skip
    found = receive.find_duplicates(world, call(world, 3), words("", FIRE, "").features, later.category)
    other = msgspec.structs.replace(later, flow="incident")
    assert first.number in [c.key for c in receive.offered(world, found, who, beside=Done([later]))]
    assert first.number in [c.key for c in receive.offered(world, found, who)]
    assert receive.offered(world, found, who, beside=Done([other])) == []


def test_what_was_refused_or_known_is_not_offered(world: World, somebody: Callable[..., Actor]) -> None:
    async def calls() -> list[object]:
        domain, who = world.domains["hotline"], somebody("operator")
        some = [call(world, 1), call(world, 1), call(world, 2)]
        return await asyncio.gather(
            *(receive.hand_in(world, domain, one, who) for one in some),
            receive.hand_in(world, domain, call(world, 3), who, answer=_bug),
            return_exceptions=True,
        )

    def _bug(_done: Done, _prepared: Prepared) -> bytes:
        raise ValueError("a bug of ours")

    outcomes = asyncio.run(calls())
    assert [isinstance(o, ValueError) for o in outcomes] == [False, False, False, True]
    numbers = {o[1].matters[0].number for o in outcomes[:3] if isinstance(o, tuple)}
    assert len(numbers) == 2
    assert set(world.merge) == numbers


def test_an_offer_without_a_number_is_shown_to_nobody(world: World, somebody: Callable[..., Actor]) -> None:
    domain, who = world.domains["hotline"], somebody("operator")
    first = receive.prepare(world, domain, call(world, 1), who)
    key = receive.enter(world, first, call(world, 1))
    second = receive.prepare(world, domain, call(world, 2), who)
    assert second.advice is not None
    assert [c.key for c in second.advice.offers] == [key]
    assert world.arriving.named(second.advice.offers) == []
    assert receive.advise(world, call(world, 3)).offers == []
    receive.settle(world, key, None)
    assert not len(world.merge)
    assert isinstance(first.commit, Commit)
