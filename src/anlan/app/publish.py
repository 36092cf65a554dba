"""Publish: the facts, as they were stored and in the order of their commits, into a stream that partners read.

Subject `facts.<ledger>.<kind>`, id `<ledger>/<seq>`; after the fact that it covers, each signed checkpoint as
`checkpoints.<ledger>`. Facts carry ids only, so no personal data leaves by this way. Where the stream lost what it had
(another server, retention), it is filled again from where it stands.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec
from opentelemetry.trace import SpanKind

from anlan.app.stop import Stop
from anlan.app.world import World, year_of
from anlan.links.nats import Out, Unpublished
from anlan.loop.errors import Refused
from anlan.loop.fact import decode
from anlan.store import outbox as sql
from anlan.store.commit import Commit
from anlan.store.messages import SET_CURSOR
from anlan.store.outbox import Stored
from anlan.telemetry import metrics, traces

CURSOR = "nats"
WINDOW = 500
IDLE_SECONDS = 0.5
PAUSES_SECONDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_log = logging.getLogger("anlan")


class Taking(Protocol):
    """A stream, as `links.nats.Stream`."""

    async def open(self) -> int | None: ...
    async def publish(self, batch: Sequence[Out]) -> None: ...
    async def close(self) -> None: ...


class Signed(msgspec.Struct, frozen=True):
    """A checkpoint as it goes out: what is signed, and the signature, in hex."""

    ledger: str
    size: int
    root: str
    at: int
    key_id: str
    signature: str


class Publisher:
    """Keeps one stream level with one world's outbox."""

    def __init__(self, world: World, stream: Taking) -> None:
        self.world, self.stream = world, stream
        self.at: int | None = None
        """How far the stream has come; None while it is not known."""
        self._told: dict[str, int] = {}

    async def run(self, stop: Stop) -> None:
        """Until told to stop: whatever goes wrong is waited out, with growing pauses."""
        failures = 0
        while not stop.is_told():
            try:
                busy, failures = await self.turn(), 0
            except (Unpublished, Refused) as error:
                _log.warning("facts wait for NATS: %s", error)
                self.at, busy = None, False
                await stop.pause(PAUSES_SECONDS[min(failures, len(PAUSES_SECONDS) - 1)])
                failures += 1
                continue
            if not busy:
                await stop.pause(IDLE_SECONDS)
        await self.stream.close()

    async def turn(self) -> bool:
        """Publish the next window, if it is this process that does; whether there was one. Raises Unpublished,
        Refused."""
        if not self.world.store.leads:
            if self.at is not None:
                await self.stream.close()
                self.at = None
            return False
        if self.at is None:
            self.at = await self._opened()
        rows = self.world.store.outbox.stored(self.at, WINDOW)
        batch = [*self._messages(rows)] if rows else self._quiet()
        if not batch:
            return False
        with metrics.outside("nats"), traces.span("nats", SpanKind.PRODUCER, messages=len(batch)):
            await self.stream.publish(batch)
        metrics.PUBLISHED.inc(len(rows))
        if rows:
            await self._moved(rows[-1].pos)
        return True

    async def _opened(self) -> int:
        said, store = await self.stream.open(), self.world.store
        last = store.outbox.last()
        if said is None:
            said = store.messages.cursor(CURSOR) or 0
        if said > last:
            raise Unpublished(f"the stream is at {said}, ahead of this record at {last}: was an older copy restored?")
        await self._moved(said)
        self._told.clear()
        return said

    async def _moved(self, pos: int) -> None:
        now, store = self.world.clock(), self.world.store
        if store.messages.cursor(CURSOR) != pos:
            row = (SET_CURSOR, (CURSOR, pos))
            await store.writer.write(Commit(at=now, actor="system", year=year_of(now), rows=[row]))
        self.at = pos

    def _messages(self, rows: Sequence[Stored]) -> Iterable[Out]:
        """Facts, each followed by the checkpoint that ends with it."""
        edges: dict[str, tuple[int, int]] = {}
        for row in rows:
            edges[row.ledger] = (edges.get(row.ledger, (row.seq, 0))[0], row.seq + 1)
        signed = {
            (one.ledger, one.size): one
            for ledger, (first, size) in edges.items()
            for one in map(_signed, self.world.store.read.listed(sql.checkpoints(ledger, first, size)))
        }
        for row in rows:
            kind = decode(row.body).kind
            headers = {"Anlan-Ledger": row.ledger, "Anlan-Seq": str(row.seq)}
            yield Out(f"{row.ledger}/{row.seq}", f"facts.{row.ledger}.{kind}", row.pos, row.body, headers)
            if checkpoint := signed.get((row.ledger, row.seq + 1)):
                yield self._told_of(checkpoint, row.pos)

    def _quiet(self) -> list[Out]:
        """When nothing else is to be told: checkpoints that were signed without a fact, as when a server stops."""
        assert self.at is not None
        newest = map(_signed, self.world.store.read.listed(sql.WHOLE))
        return [self._told_of(one, self.at) for one in newest if self._told.get(one.ledger) != one.size]

    def _told_of(self, one: Signed, pos: int) -> Out:
        self._told[one.ledger] = one.size
        name = f"{one.ledger}/checkpoint/{one.size}"
        return Out(name, f"checkpoints.{one.ledger}", pos, msgspec.json.encode(one))


def _signed(row: tuple[str, int, bytes, int, str, bytes]) -> Signed:
    ledger, size, root, at, key_id, signature = row
    return Signed(ledger, size, bytes(root).hex(), at, key_id, bytes(signature).hex())
