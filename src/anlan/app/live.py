"""Live: which matters have changed, told to everybody who may see them: at once, and at most twice a second.

What was committed is read once a tick for all listeners. A listener holds a position in the outbox and nothing else:
one that is slow or was away catches up in one message, and no queue grows for it. Only numbers are told, and only those
of matters the listener may see, or might until this change.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import msgspec

from anlan.app.calls import FACT_KINDS as CALL_KINDS
from anlan.app.news import why_new
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.fact import Fact
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.store.outbox import ENTRIES_MAX
from anlan.telemetry.metrics import STREAMS

GAP_SECONDS = 0.5
SOON_SECONDS = 0.02
"""After a quiet while the first change waits only for what is committed with it."""
BEAT_SECONDS = 15.0
"""So often a quiet stream says that it is still there; a proxy or a half-open socket is found out by it."""
LISTENERS_MAX = 1_000
WOKEN_AT_ONCE = 5


class Changed(msgspec.Struct):
    """The outbox position up to which this tells, and the numbers; `everything` when there were too many to name.
    `news`: those of them that have just become the listener's own work; `call`: something rings at their place, or has
    stopped."""

    pos: int
    matters: list[int]
    everything: bool = False
    news: list[int] = []
    call: bool = False


class Batch(msgspec.Struct):
    """What happened from one position up to another: the matters as they stand, the units that their facts name and the
    facts' kinds; `told`, by audience."""

    start: int
    pos: int
    found: list[tuple[Matter, set[str], set[str]]]
    everything: bool = False
    called: frozenset[str] = frozenset()
    """The accounts at whose place a call rings, or has stopped."""
    told: dict[tuple[str, tuple[str, ...]], list[int]] = {}


class Live:
    """Tells the listeners of one event loop what was committed."""

    def __init__(self, world: World, gap: float = GAP_SECONDS, beat: float = BEAT_SECONDS) -> None:
        self._world, self._gap, self._beat = world, gap, beat
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: set[asyncio.Future[Batch]] = set()
        self._ticking = False
        self._ticked_at = 0.0
        self._pos = 0
        self.listeners = 0
        self._over = False
        world.store.writer.listeners.append(self._on_facts)

    async def changes(self, actor: Actor, after: int | None = None) -> AsyncGenerator[Changed]:
        """What changes for an actor after a position (by default from now on); an empty message now and then as a beat.

        It ends when the process is about to. Raises Refused: live.too_many, server.stopping.
        """
        if self.ended():
            raise Refused("server.stopping")
        if self.listeners >= LISTENERS_MAX:
            raise Refused("live.too_many", listeners_max=LISTENERS_MAX)
        if not self.listeners:
            self._loop, self._ticking, self._ticked_at = asyncio.get_running_loop(), False, 0.0
            self._pos = self._world.store.outbox.last()
        self.listeners += 1
        STREAMS.set(self.listeners)
        pos = self._pos if after is None or after > self._world.store.outbox.last() else after
        try:
            yield Changed(pos, [])
            while not self.ended():
                batch = self._read(pos, self._pos) if pos < self._pos else await self._next()
                if batch and batch.start < pos:  # it began before what this listener has seen already
                    batch = self._read(pos, batch.pos)
                if self.ended():
                    return
                pos = batch.pos if batch else pos
                yield self._told(actor, batch) if batch else Changed(pos, [])
        finally:
            self.listeners -= 1
            STREAMS.set(self.listeners)

    def ended(self) -> bool:
        """Whether the streams were told to end."""
        return self._over

    def end(self) -> None:
        """Let every stream end now; whoever listens comes back, to another process or to this one's successor."""
        self._over = True
        for waiting in list(self._waiting):
            waiting.cancel()

    async def _next(self) -> Batch | None:
        """The next tick's batch; None when nothing happened for a beat."""
        waiting: asyncio.Future[Batch] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            return await asyncio.wait_for(waiting, self._beat)
        except TimeoutError:
            return None
        except asyncio.CancelledError:
            if not self._over:
                raise
            return None
        finally:
            self._waiting.discard(waiting)

    def _on_facts(self) -> None:
        """Called by the writer, from whichever thread knows that facts are on disk."""
        if self.listeners and self._loop is not None:
            with suppress(RuntimeError):  # the loop was closed: nobody listens any more
                self._loop.call_soon_threadsafe(self._soon)

    def _soon(self) -> None:
        if not self._ticking and self._loop is not None:
            self._ticking = True
            soon = self._loop.time() + min(self._gap, SOON_SECONDS)
            self._loop.call_at(max(soon, self._ticked_at + self._gap), self._tick)

    def _tick(self) -> None:
        self._ticking = False
        self._ticked_at = self._loop.time() if self._loop else 0.0
        batch = self._read(self._pos, self._world.store.outbox.last())
        self._pos = batch.pos
        self._wake(batch, list(self._waiting))

    def _wake(self, batch: Batch, waiting: list[asyncio.Future[Batch]]) -> None:
        """A few at a time, so that a request in between does not wait for all of them."""
        for one in waiting[:WOKEN_AT_ONCE]:
            if not one.done():
                one.set_result(batch)
        if self._loop and (rest := waiting[WOKEN_AT_ONCE:]):
            self._loop.call_soon(self._wake, batch, rest)

    def _read(self, pos: int, until: int) -> Batch:
        """What happened after one position up to another. All who read to the same one go on from there together."""
        read = self._world.store.read
        if until - pos >= ENTRIES_MAX:
            return Batch(pos, until, [], everything=True)
        entries = [entry for entry in self._world.store.outbox.after(pos) if entry.pos <= until]
        named: dict[int, tuple[set[str], set[str]]] = {}
        for entry in entries:
            if entry.fact.version:
                units, kinds = named.setdefault(entry.fact.matter, (set(), set()))
                units.update(units_of(entry.fact))
                kinds.add(entry.fact.kind)
        found = [(read.matter(number), units, kinds) for number, (units, kinds) in named.items()]
        called = frozenset(e.fact.data["account"] for e in entries if e.fact.kind in CALL_KINDS)
        return Batch(pos, until, found, called=called)

    def _told(self, actor: Actor, batch: Batch) -> Changed:
        audience = (actor.unit, actor.roles)
        if audience not in batch.told:
            batch.told[audience] = [m.number for m, units, _ in batch.found if self._concerns(actor, m, units)]
        news = [m.number for m, _, kinds in batch.found if why_new(self._world, actor, m, kinds)]
        return Changed(batch.pos, batch.told[audience], batch.everything, news, actor.id in batch.called)

    def _concerns(self, actor: Actor, matter: Matter, units: set[str]) -> bool:
        world = self._world
        had = (msgspec.structs.replace(matter, lead=unit) for unit in units)
        return any(world.grants.allows(actor, "see", one, world.relation) for one in (matter, *had))


def units_of(fact: Fact) -> set[str]:
    """The units a fact names: the one a matter leaves must hear of it too."""
    named = (fact.data.get(key) for key in ("lead", "from", "unit"))
    return {unit for unit in named if isinstance(unit, str) and unit}
