"""Erasing: nothing of a person is left to read or find, and the ledger still verifies and adds up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.app.test_media import picture

from anlan.app import attach, erase, handle, receive
from anlan.app.look import view
from anlan.app.world import World
from anlan.engines.text import query_terms
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.store.read import Shape
from anlan.store.rebuild import compare
from anlan.store.verify import verify

PHONE, OTHER = "13812345678", "13987654321"
SECRET = "三单元楼道堆满旧家具"
DAY_MS = 86_400_000


class Desk:
    """Reports, and closes matters the short way."""

    def __init__(self, world: World, somebody: Callable[..., Actor]) -> None:
        self.world, self.somebody, self.made = world, somebody, 0

    def report(self, text: str, phone: str, join: int = 0, files: tuple[str, ...] = ()) -> Matter:
        self.made += 1
        one = Intake(
            "call_968110", f"c-{self.made}", text[:10], text, self.world.clock(), name="欧阳翠兰", phone=phone,
            district="370202", unit="branch.370202", category="public_order.noise",
            files=files,
        )  # fmt: skip
        prepared = receive.prepare(self.world, self.world.domains["hotline"], one, self.somebody("operator"), join)
        return self.world.store.writer.submit(prepared.commit).matters[0]

    def move(self, matter: Matter, role: str, key: str, **fields: object) -> Matter:
        who = self.somebody(role)
        who = Actor(who.id, matter.lead, ("officer", *who.roles)) if role == "officer" else who
        commit = handle.prepare(self.world, matter.number, Intent(key, matter.version, fields), who)
        return self.world.store.writer.submit(commit).matters[0]

    def close(self, matter: Matter) -> Matter:
        matter = self.move(matter, "officer", "accept")
        matter = self.move(matter, "officer", "report", note=f"已联系{PHONE}并清理")
        matter = self.move(matter, "overseer", "verify")
        while matter.pending_callbacks:
            receipt = matter.pending_callbacks[0].receipt
            matter = self.move(matter, "callback", "call_back", receipt=receipt, outcome="satisfied")
        return matter


@pytest.fixture
def desk(world: World, somebody: Callable[..., Actor]) -> Desk:
    return Desk(world, somebody)


def found(world: World, word: str) -> list[int]:
    return [row.matter.number for row in world.store.read.rows(Shape(terms=tuple(query_terms(word))))]


def bytes_of(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(home.glob("*.db*")))


def sound(world: World) -> bool:
    world.store.close()
    flows = {(d.key, f.key): f for d in world.domains.values() for f in d.flows}
    assert compare(world.store.database, flows).different == []
    return verify(world.store.database, world.store.public_key).faults == []


@pytest.mark.anyio
async def test_a_person_is_gone_from_every_matter_they_reported(world: World, desk: Desk) -> None:
    first, second = desk.close(desk.report(SECRET, PHONE)), desk.close(desk.report("路灯不亮很久了", PHONE))
    others = desk.close(desk.report("下水道堵了污水外溢", OTHER))
    assert first.parties[0].party == second.parties[0].party
    assert found(world, "旧家具") == [first.number]
    assert "旧家具".encode() in bytes_of(world.store.home)
    world.store.writer.submit(erase.person(world, second.number, "asked", "900001"))
    assert (found(world, "旧家具"), found(world, "路灯"), found(world, "污水")) == ([], [], [others.number])
    assert world.store.vault.party_of(world.store.vault.blind(PHONE)) is None
    seen = await view(world, desk.somebody("overseer"), first.number)
    assert (seen.title, seen.text, seen.contacts[0].name, seen.notes) == ("", "", "", {})
    assert [f.data["reason"] for f in seen.facts if f.kind == "erased"] == ["asked"]
    assert (await view(world, desk.somebody("overseer"), others.number)).text == "下水道堵了污水外溢"
    raw = bytes_of(world.store.home)
    assert not [word for word in ("旧家具", "家具", SECRET) if word.encode() in raw]
    assert sound(world)


def test_who_joined_another_matter_leaves_it_to_the_other(world: World, desk: Desk) -> None:
    matter = desk.report("下水道堵了污水外溢", OTHER)
    joined = desk.report(SECRET, PHONE, join=matter.number)
    receipt = joined.parties[-1].receipt
    desk.close(joined)
    world.store.writer.submit(erase.person(world, receipt, "asked", "900001"))
    texts = world.store.vault.open([joined.text, *(p.text for p in joined.parties), *(p.party for p in joined.parties)])
    assert texts.keys() == {joined.text, joined.parties[0].party}
    assert found(world, "污水") == [matter.number]


def test_a_merged_matters_text_goes_too(world: World, desk: Desk) -> None:
    kept, gone = desk.report("下水道堵了污水外溢", OTHER), desk.report(SECRET, PHONE)
    world.store.writer.submit(handle.merge(world, gone.number, kept.number, gone.version, desk.somebody("operator")))
    desk.close(world.store.read.matter(kept.number))
    world.store.writer.submit(erase.person(world, gone.number, "asked", "900001"))
    assert found(world, "旧家具") == []
    assert world.store.vault.open([gone.text]) == {}


@pytest.mark.anyio
async def test_photos_go_with_who_gave_them_and_leave_the_disk(world: World, desk: Desk) -> None:
    photos = [await attach.stage(world, picture(), "x.jpg", "citizen") for _ in range(2)]
    matter = desk.report("下水道堵了污水外溢", OTHER, files=(photos[0].id,))
    joined = desk.report(SECRET, PHONE, join=matter.number, files=(photos[1].id,))
    desk.close(joined)
    files = attach.attached(world, joined, world.store.read.facts(matter.number))
    assert {one.id: one.receipt for one in files} == {
        photos[0].id: matter.number,
        photos[1].id: joined.parties[-1].receipt,
    }
    world.store.writer.submit(erase.person(world, joined.parties[-1].receipt, "asked", "900001"))
    assert attach.opened(world, photos[0].id)[0] == "image/jpeg"
    with pytest.raises(Refused, match=r"file\.unknown"):
        attach.opened(world, photos[1].id)
    assert world.store.files.sweep() == 2  # the picture and its thumbnail
    assert world.store.files.faults() == []
    assert sound(world)


def test_while_a_matter_is_open_nobody_in_it_is_forgotten(world: World, desk: Desk) -> None:
    desk.close(desk.report("路灯不亮很久了", PHONE))
    open_one = desk.report(SECRET, PHONE)
    for code, receipt, reason in (
        ("erase.open", open_one.number, "asked"),
        ("follow.unknown", 5, "asked"),
        ("field.not_an_option", open_one.number, "because"),
    ):
        with pytest.raises(Refused, match=code):
            erase.person(world, receipt, reason, "900001")
    assert found(world, "旧家具") == [open_one.number]


def test_a_term_that_is_over_erases_old_texts_and_people_in_no_other_matter(world: World, desk: Desk) -> None:
    old = desk.close(desk.report(SECRET, PHONE)), desk.close(desk.report("污水外溢", OTHER))
    now = world.clock()
    world.clock = lambda: now + 400 * DAY_MS
    young = desk.close(desk.report("路灯不亮很久了", OTHER))
    commits = [world.store.writer.submit(c) for c in erase.term_over(world, now + DAY_MS, "900001")]
    assert len(commits) == 1
    opened = world.store.vault.open([m.text for m in (*old, young)] + [m.parties[0].party for m in (*old, young)])
    assert opened.keys() == {young.text, young.parties[0].party}
    assert list(erase.term_over(world, now + DAY_MS, "900001")) == []
    assert sound(world)
