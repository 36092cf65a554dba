"""The one writer: idempotent, never a lost update, all or nothing, and the same after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from anlan.loop.errors import Broken, Conflict, Refused
from anlan.loop.matter import number_of
from anlan.store.commit import Commit, Done
from anlan.store.verify import verify

ACCEPTED = ("accepted", {"stage": "acting"})
IMPOSSIBLE = ("exploded", {})


def clean(desk: Any) -> bool:
    desk.store.close()
    verdict = verify(desk.store.database, desk.store.public_key)
    desk.reopen()
    return not verdict.faults


def with_key(commit: Commit, key: bytes, body: bytes, answer: Callable[[Done], bytes]) -> Commit:
    commit.request, commit.answer = (key, body), answer
    return commit


def test_a_key_used_again_with_the_same_body_gives_the_same_answer(desk: Any, answer: Any) -> None:
    first = desk.write(with_key(desk.create(), b"k1", b"body", answer))
    before = desk.size(), desk.tree()
    again = desk.write(with_key(desk.create(), b"k1", b"body", answer))
    assert (again.answer, again.replayed, first.replayed) == (first.answer, True, False)
    assert (desk.size(), desk.tree()) == before


def test_a_key_used_again_with_another_body_is_refused(desk: Any, answer: Any) -> None:
    desk.write(with_key(desk.create(), b"k1", b"body", answer))
    before = desk.size(), desk.tree()
    with pytest.raises(Refused, match=r"request\.key_reused"):
        desk.write(with_key(desk.create(), b"k1", b"other", answer))
    assert (desk.size(), desk.tree()) == before


def test_the_same_outside_id_is_the_same_matter(desk: Any) -> None:
    first = desk.write(desk.create(outside_id="a", channel="web"))
    before = desk.size()
    again = desk.write(desk.create(outside_id="a", channel="web"))
    assert (again.replayed, again.receipt, again.matters) == (True, first.receipt, first.matters)
    assert desk.size() == before
    assert not desk.write(desk.create(outside_id="a", channel="sms")).replayed


def test_the_same_outside_id_twice_in_one_batch_is_one_matter(desk: Any) -> None:
    outcomes = desk.store.writer.submit_many([desk.create(outside_id="a") for _ in range(5)])
    assert [o.replayed for o in outcomes] == [False, True, True, True, True]
    assert desk.counted("SELECT count(*) FROM matters") == 1


def test_a_joining_reporter_gets_a_receipt_of_its_own(desk: Any) -> None:
    matter = desk.opened()
    commit = desk.create(outside_id="second")
    party = commit.changes[0].drafts[0][1]["party"]
    joining = desk.change(matter, ("joined", {"parties": [party]}), receipt=commit.receipt, keys=commit.keys)
    joining.receipt.joins = True
    done = desk.write(joining)
    assert done.receipt == number_of("370202", 2026, 2)
    assert [p.receipt for p in done.matters[0].parties] == [matter.number, done.receipt]
    assert desk.store.read.receipt(done.receipt)[0] == matter.number


def test_of_32_editors_one_wins_and_31_get_a_conflict(desk: Any) -> None:
    matter = desk.opened()

    async def edit() -> list[Any]:
        writes = (desk.store.writer.write(desk.change(matter, ACCEPTED)) for _ in range(32))
        return await asyncio.gather(*writes, return_exceptions=True)

    outcomes = asyncio.run(edit())
    assert sum(isinstance(o, Done) for o in outcomes) == 1
    assert sum(isinstance(o, Conflict) for o in outcomes) == 31
    assert desk.store.read.matter(matter.number).version == matter.version + 1
    assert len(desk.store.read.facts(matter.number)) == matter.version + 1
    assert clean(desk)


def test_an_unknown_matter_is_refused(desk: Any) -> None:
    matter = desk.opened()
    gone = type(matter)(**{f: getattr(matter, f) for f in matter.__struct_fields__} | {"number": 1})
    with pytest.raises(Refused, match=r"matter\.unknown"):
        desk.write(desk.change(gone, ACCEPTED))


@pytest.mark.parametrize(
    "bad",
    [
        [IMPOSSIBLE],
        [("noted", {}), IMPOSSIBLE],
        [("noted", {"stage": "nowhere"})],
        [("held", {"clocks": {"matter": {"unit": 3}}})],
        [("assigned", {})],
    ],
)
def test_a_commit_that_fails_by_a_bug_takes_nobody_with_it(desk: Any, bad: Any) -> None:
    matters = [desk.opened() for _ in range(3)]
    before = desk.size()

    async def write() -> list[Any]:
        commits = [desk.create(), desk.change(matters[0], ACCEPTED), desk.change(matters[1], *bad), desk.create()]
        return await asyncio.gather(*(desk.store.writer.write(c) for c in commits), return_exceptions=True)

    outcomes = asyncio.run(write())
    assert [isinstance(o, Done) for o in outcomes] == [True, True, False, True]
    assert not isinstance(outcomes[2], Refused), "a bug is not a refusal"
    assert desk.store.read.matter(matters[1].number) == matters[1]
    assert len(desk.store.read.facts(matters[1].number)) == matters[1].version
    assert desk.counted("SELECT count(*) FROM facts") == before[0] + 7
    assert [outcomes[0].receipt, outcomes[3].receipt] == [number_of("370202", 2026, n) for n in (4, 5)]
    assert clean(desk)


def test_a_refusal_after_the_first_write_is_a_bug_and_leaves_nothing(desk: Any) -> None:
    def too_late(_done: Done) -> bytes:
        raise Refused("field.missing")

    before = desk.size(), desk.tree()
    with pytest.raises(Broken, match="refused after the first write"):
        desk.write(with_key(desk.create(), b"k", b"b", too_late))
    assert (desk.size(), desk.tree()) == before
    assert desk.opened().number == number_of("370202", 2026, 1)


def test_the_second_change_of_a_commit_takes_the_first_with_it(desk: Any) -> None:
    one, two = desk.opened(), desk.opened()
    commit = desk.change(one, ACCEPTED)
    commit.changes.append(desk.change(two, IMPOSSIBLE).changes[0])
    with pytest.raises(Broken):
        desk.write(commit)
    assert desk.store.read.matter(one.number) == one
    assert clean(desk)


def test_a_full_disk_is_refused_and_over_when_there_is_room_again(lite: Any) -> None:
    matter = lite.opened()
    connection = lite.store.writer.connection
    before = lite.size(), lite.tree()
    room = int(connection.pragma("max_page_count"))
    connection.pragma("max_page_count", int(connection.pragma("page_count")))
    with pytest.raises(Refused, match=r"store\.full"):
        lite.noted(2000, matter)
    outcomes = lite.store.writer.submit_many([lite.change(matter, *[("noted", {"note": "n" * 90})] * 900)] * 3)
    assert [o.code for o in outcomes] == ["store.full"] * 3
    assert (lite.size(), lite.tree()) == before
    assert lite.store.read.matter(matter.number) == matter, "reads go on"
    connection.pragma("max_page_count", room)
    assert lite.noted(2000, matter).version == matter.version + 2000
    assert clean(lite)


def test_numbers_trees_and_tails_go_on_after_a_restart(desk: Any) -> None:
    matter = desk.noted(250, desk.opened())
    desk.reopen()
    matter = desk.noted(10, desk.store.read.matter(matter.number))
    desk.reopen()
    assert desk.opened().number == number_of("370202", 2026, 2)
    assert desk.opened(ledger="370203").number == number_of("370203", 2026, 1)
    assert desk.noted(300, matter).version == matter.version + 300
    assert clean(desk)
    assert desk.counted("SELECT count(*) FROM tiles") == 2


def test_every_edge_is_signed_when_the_store_closes(desk: Any) -> None:
    matter = desk.opened()
    for _ in range(5):
        matter = desk.noted(1, matter)
    desk.reopen()
    assert desk.counted("SELECT max(size) FROM checkpoints") == desk.counted("SELECT count(*) FROM facts")


def test_a_closed_store_refuses_instead_of_waiting_for_ever(desk: Any) -> None:
    matter = desk.opened()
    desk.store.writer.close()
    with pytest.raises(Refused, match=r"store\.failed"):
        desk.write(desk.change(matter, ACCEPTED))
    desk.reopen()


def test_an_answer_for_a_loop_that_is_gone_is_dropped(desk: Any) -> None:
    loop = asyncio.new_event_loop()
    commit = desk.create()

    async def leave() -> None:
        desk.store.writer.write(commit).send(None)

    loop.run_until_complete(leave())
    loop.close()
    assert desk.opened().number, "the writer lives on"


def test_a_check_that_fails_refuses_the_whole_commit_and_its_neighbours_are_written(desk: Any) -> None:
    before = desk.size()
    refused = desk.create()
    refused.checks.append(("SELECT 1 WHERE 1 = ?", (2,), Refused("people.own")))
    kept = desk.create()
    kept.checks.append(("SELECT 1 WHERE 1 = ?", (1,), Refused("people.own")))
    one, two = desk.store.writer.submit_many([refused, kept])
    assert (isinstance(one, Refused) and one.code, isinstance(two, Done)) == ("people.own", True)
    assert desk.counted("SELECT count(*) FROM matters") == 1
    assert desk.size() > before
    assert clean(desk)


def test_a_statement_that_names_a_gathered_table_finds_what_the_batch_wrote(desk: Any) -> None:
    matter = desk.opened()
    tells = desk.change(matter, ACCEPTED)
    tells.rows.append(
        ("UPDATE receipts SET party = 'p' || version FROM matters m WHERE m.number = receipts.number", ())
    )
    seen = desk.create()
    seen.checks.append(("SELECT 1 FROM receipts WHERE outside_id = ?", ("late",), Refused("people.own")))
    outcomes = desk.store.writer.submit_many([desk.create(outside_id="late"), tells, seen])
    assert all(isinstance(one, Done) for one in outcomes)
    parties = {desk.counted("SELECT party FROM receipts WHERE number = ?", o.matters[0].number) for o in outcomes[:2]}
    assert parties == {f"p{one.matters[0].version}" for one in outcomes[:2]}, "both as the batch had left them by then"
    assert clean(desk)


def test_slices_of_a_batch_that_was_rolled_back_are_numbered_anew(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise Refused("store.busy")

    desk.opened()
    with monkeypatch.context() as at_the_end:
        at_the_end.setattr(type(desk.store.database), "take_order", fails)
        with pytest.raises(Refused, match=r"store\.busy"):
            desk.opened(lead="station9")
    desk.opened(lead="station8")
    desk.opened(lead="station9")
    sql = "SELECT count(*) FROM counted c JOIN slices s ON s.no = c.slice WHERE s.unit = ?"
    assert [desk.counted(sql, f"station{n}") for n in (8, 9)] == [desk.counted(sql, "station1")] * 2
    assert clean(desk)
