"""Erase: what a person said and who they are becomes unreadable for ever; the ledger, which holds only ids, stands.

A person's own wish, or a term that is over. Only closed matters: who still waits for an answer cannot be forgotten.
Titles, search terms and feature rows go before the key does (the writer sees to the order). Each matter's history says
that it was erased, why and by whom.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from anlan.app.attach import attached
from anlan.app.world import World, year_of
from anlan.loop.errors import Refused
from anlan.loop.matter import Matter, shown
from anlan.store.commit import Commit
from anlan.store.read import PAGE_MAX, Shape

REASONS = ("asked", "term_over", "court")


def person(world: World, receipt: int, reason: str, by: str) -> Commit:
    """The commit that erases whoever holds this receipt, in every matter they reported.

    Raises Refused: field.not_an_option, follow.unknown, erase.open (with the matter that is still open).
    """
    if reason not in REASONS:
        raise Refused("field.not_an_option", field="reason", options=", ".join(REASONS))
    found = world.store.read.receipt(receipt)
    if found is None:
        raise Refused("follow.unknown")
    party = next(p.party for p in world.store.read.matter(found[0]).parties if p.receipt == receipt)
    commit = _commit(world, by)
    for number in world.store.read.reported_by(party):
        matter = world.store.read.matter(number)
        if matter.stage != world.flow_of(matter).closed:
            raise Refused("erase.open", matter=shown(number))
        _texts(world, commit, matter, {party}, reason)
    _calls(world, commit, party)
    _people(commit, [party])
    return commit


def term_over(world: World, closed_before: int, by: str) -> Iterator[Commit]:
    """Commits that erase the texts of matters closed before that moment (UTC ms), and the people in no other matter."""
    after: tuple[int, int] | None = None
    while True:
        rows = world.store.read.rows(Shape(kinds=("closed",), order="new", after=after, limit=PAGE_MAX))
        old = [row.matter for row in rows if row.title and 0 < row.matter.closed_at < closed_before]
        if old:
            yield _of_matters(world, old, by)
        if len(rows) < PAGE_MAX:
            return
        after = (0, rows[-1].matter.number)


def _of_matters(world: World, matters: Iterable[Matter], by: str) -> Commit:
    commit, numbers = _commit(world, by), {matter.number for matter in matters}
    gone: set[str] = set()
    for matter in matters:
        parties = {p.party for p in matter.parties}
        _texts(world, commit, matter, parties, "term_over")
        gone |= {p for p in parties if set(world.store.read.reported_by(p)) <= numbers}
    _people(commit, sorted(gone))
    return commit


def _calls(world: World, commit: Commit, party: str) -> None:
    """The numbers of their calls, of those too that came before the person was known."""
    vault = world.store.vault
    phone = vault.open([party]).get(party, {}).get("phone", "")
    calls = vault.open(world.store.calls.before(world.clock() + 1))
    theirs = sorted(call for call, said in calls.items() if phone and said.get("phone") == phone)
    commit.destroys += theirs
    _forget(commit, theirs, "sealed", "id")
    _forget(commit, theirs, "calls", "id")


def _people(commit: Commit, people: list[str]) -> None:
    """Names and telephones, and how they could be looked up."""
    commit.destroys += people
    _forget(commit, people, "sealed", "id")
    _forget(commit, people, "parties", "id")


def _texts(world: World, commit: Commit, matter: Matter, people: set[str], reason: str) -> None:
    """What these people said and handed in; the officers' notes and files too when nobody else reported it."""
    theirs = [p for p in matter.parties if p.party in people]
    numbers = [p.receipt for p in theirs]  # a receipt is the number of the matter it opened, merged or not
    texts, facts = {p.text for p in theirs if p.text}, world.store.read.facts(matter.number)
    files, everybody = attached(world, matter, facts), len(theirs) == len(matter.parties)
    if everybody:
        texts |= {matter.text, *(str(fact.data["note"]) for fact in facts if fact.data.get("note"))}
    gone = sorted({one.id for one in files if everybody or one.receipt in numbers})
    commit.destroys += [*sorted(texts), *gone]
    _forget(commit, [*sorted(texts), *gone], "sealed", "id")
    _forget(commit, gone, "files", "id")
    commit.forgets += numbers
    said = {"reason": reason, "receipts": numbers}
    commit.readings.append((matter.number, matter.ledger, ("erased", said)))


def _forget(commit: Commit, keys: Iterable[Any], table: str, column: str) -> None:
    commit.rows += [(f"DELETE FROM {table} WHERE {column} = ?", (key,)) for key in keys]


def _commit(world: World, by: str) -> Commit:
    now = world.clock()
    return Commit(at=now, actor=by, year=year_of(now))
