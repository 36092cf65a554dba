"""What must be true of a city that has lived, each thing by a referee of its own. The first bad thing is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from hashlib import sha256

import msgspec

from anlan.app.follow import follow
from anlan.app.measure import measure
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.matter import CALLBACK_FINAL
from anlan.sim.recount import Recount
from anlan.sim.rhythm import city_time
from anlan.sim.tally import Tally
from anlan.sim.town import Town
from anlan.store import rebuild, verify

DOMAIN = "hotline"


class Check(msgspec.Struct, frozen=True):
    """A thing that must be true: how many were looked at, and the first for which it is not ("" when all is well)."""

    name: str
    looked_at: int
    first_bad: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is true."""
        return not self.first_bad


def root_of(world: World) -> str:
    """One hash over the heads of all ledgers: the same for two cities to which the same happened."""
    heads = sorted(world.store.read.heads().items())
    return sha256(msgspec.json.encode(heads)).hexdigest()


def checks(world: World, town: Town) -> Iterator[Check]:
    """Every check. The world is closed on the way: the last ones read the files as another program would."""
    recount, pos = Recount(DOMAIN), 0
    while page := world.store.outbox.after(pos):
        for entry in page:
            recount.add(entry.fact)
        pos = page[-1].pos
    yield _nothing_lost(world, town.tally)
    yield _legal(town.tally)
    yield Check("own_case", recount.figures["calls"], _first(recount.own_calls))
    yield _answered(world, recount)
    yield _figures(world, town, recount)
    world.store.close()
    verdict = verify.verify(world.store.database, world.store.public_key)
    yield Check("ledger", verdict.facts, _first(f"{f.what} at {f.ledger}/{f.seq}" for f in verdict.faults))
    flows = {(domain.key, flow.key): flow for domain in world.domains.values() for flow in domain.flows}
    replayed = rebuild.compare(world.store.database, flows)
    yield Check("replay", replayed.matters, _first(f"matter {n} differs" for n in replayed.different))


def _nothing_lost(world: World, tally: Tally) -> Check:
    """Every report that was handed in can be followed to a matter."""

    def lost() -> Iterator[str]:
        for one in tally.handed:
            try:
                follow(world, one.receipt, one.code)
            except Refused as refused:
                yield f"receipt {one.receipt}: {refused}"

    return Check("nothing_lost", len(tally.handed), _first(lost()))


def _legal(tally: Tally) -> Check:
    """Nobody was refused anything but what people are refused every day."""
    return Check("legal_moves", sum(tally.did.values()), _first(tally.unexpected))


def _answered(world: World, recount: Recount) -> Check:
    """Every reporter of a closed matter who wanted a call has an outcome."""
    closed = [m for m in recount.matters.values() if m.closed_at and not m.merged_into and _is_closed(world, m.stage)]
    open_calls = (
        f"matter {m.number}: receipt {p.receipt} is {p.callback}"
        for m in closed
        for p in m.parties
        if p.wants_callback and p.callback not in CALLBACK_FINAL
    )
    return Check("answered", len(closed), _first(open_calls))


def _is_closed(world: World, stage: str) -> bool:
    return stage in {flow.closed for domain in world.domains.values() for flow in domain.flows}


def _figures(world: World, town: Town, recount: Recount) -> Check:
    """Every figure equals the second count, and the reports and calls equal what the city itself remembers."""
    last = city_time(town.now).date() + timedelta(days=1)
    first = city_time(town.began).date() - timedelta(days=1)
    figures = measure(world, DOMAIN, first, last)
    wrong = []
    for figure in figures:
        whole, part = (recount.figures[key] for key in (figure.measure, f"{figure.measure}/part"))
        if (figure.whole, figure.part or 0) != (whole, part):
            wrong.append(f"{figure.measure}: {figure.part} of {figure.whole}, counted {part} of {whole}")
    handed = len(town.tally.handed)
    if recount.figures["received"] != handed:
        wrong.append(f"received: {recount.figures['received']}, handed in {handed}")
    return Check("figures", len(figures), _first(wrong))


def _first(bad: Iterable[str]) -> str:
    return next(iter(bad), "")
