"""Deliver: each subscription is told of its facts, one after the other in the order of their commits.

What fails waits at the head of its own line, with growing pauses; after the last it is a dead letter and the line goes
on. Three dead letters in a row, an answer 410, or an account that was switched off, and the line stops by itself: it
keeps its place, and an administrator lets it go on. Letters sent again go beside the line, under the same id.
"""

from __future__ import annotations

import asyncio
import logging

import msgspec
from opentelemetry.trace import SpanKind

from anlan.app import look
from anlan.app.live import units_of
from anlan.app.stop import Stop
from anlan.app.world import World, year_of
from anlan.links.port import Undelivered
from anlan.links.webhook import Poster, signed
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.store.commit import Commit
from anlan.store.outbox import Entry
from anlan.store.webhooks import INSERT_LETTER, MOVED, SET_LETTER, Letter, Webhook
from anlan.telemetry import metrics, traces

PAUSES_MS = (5_000, 60_000, 5 * 60_000, 30 * 60_000, 2 * 3_600_000, 6 * 3_600_000)
"""After each failure of one fact; after the last it is a dead letter."""
JITTER = 0.2
DEAD_IN_A_ROW = 3
LOOKED_AT, TOLD = 500, 20
"""Facts looked at, and told, for one subscription in a turn."""
IDLE_SECONDS = 1.0
_encode = msgspec.json.Encoder().encode
_log = logging.getLogger("anlan")


class Deliverer:
    """Delivers for one world, in one event loop."""

    def __init__(self, world: World, poster: Poster) -> None:
        self.world, self.poster = world, poster

    async def run(self, stop: Stop) -> None:
        """Until told to stop, between two deliveries: a full disk or a busy store is waited out."""
        while not stop.is_told():
            try:
                busy = await self.turn()
            except Refused as refused:
                _log.warning("webhooks wait: %s", refused.code)
                busy = False
            if not busy:
                await stop.pause(IDLE_SECONDS)

    async def turn(self) -> bool:
        """Every line that may move, moves; letters to be sent again are; if it is this process that does. Answers
        whether there was work."""
        if not self.world.store.leads:
            return False
        hooks = {one.id: one for one in self.world.store.webhooks.all()}
        now = self.world.clock()
        lines = [self._line(one) for one in hooks.values() if one.state == "active" and one.due_at <= now]
        again = [one for one in self.world.store.webhooks.letters("again", limit=TOLD) if one.webhook in hooks]
        moved = await asyncio.gather(*lines, *(self._again(hooks[one.webhook], one) for one in again))
        return any(moved)

    async def _line(self, hook: Webhook) -> bool:
        """Move one line on by what it has at hand; whether it moved."""
        entries = self.world.store.outbox.after(hook.pos, LOOKED_AT)
        actor = self._actor(hook)
        if actor is None:
            await self._keep(hook, hook.pos, state="failing", why="account_off")
            return True
        pos, told = hook.pos, 0
        for entry in entries:
            if self._leaves(hook, actor, entry):
                if told == TOLD:
                    break
                try:
                    await self._post(hook, entry)
                except Undelivered as undelivered:
                    await self._failed(hook, pos, entry, told, undelivered)
                    return True
                told += 1
            pos = entry.pos
        if pos == hook.pos:
            return False
        await self._keep(hook, pos, dead=0 if told else hook.dead, attempts=0 if told else hook.attempts)
        return True

    async def _failed(self, hook: Webhook, pos: int, entry: Entry, told: int, undelivered: Undelivered) -> None:
        attempts, dead = (1, 0) if told else (hook.attempts + 1, hook.dead)
        if undelivered.final:
            await self._keep(hook, pos, state="failing", why=undelivered.why)
        elif attempts <= len(PAUSES_MS):
            due = self.world.clock() + self._spread(PAUSES_MS[attempts - 1])
            await self._keep(hook, pos, attempts=attempts, dead=dead, due=due, why=undelivered.why)
        else:
            over = dead + 1 >= DEAD_IN_A_ROW
            letter = (
                self.world.store.vault.new_id("l", self.world.clock()), hook.id, entry.pos, "dead", undelivered.why,
                self.world.clock(),
            )  # fmt: skip
            state, why = ("failing", undelivered.why) if over else ("active", "")
            await self._keep(hook, entry.pos, dead=dead + 1, state=state, why=why, letter=letter)

    async def _again(self, hook: Webhook, letter: Letter) -> bool:
        """A letter that somebody wants sent again, once."""
        entries = self.world.store.outbox.after(letter.pos - 1, 1)
        actor, state, why = self._actor(hook), "sent", ""
        if not entries or actor is None or not self._sees(actor, entries[0]):
            state, why = "let_go", "not_seen"
        else:
            try:
                await self._post(hook, entries[0])
            except Undelivered as undelivered:
                state, why = "dead", undelivered.why
        await self._write([(SET_LETTER, (state, why, self.world.clock(), letter.id))])
        return True

    async def _post(self, hook: Webhook, entry: Entry) -> None:
        message = f"{entry.ledger}-{entry.seq}"
        secret = self.world.store.vault.opened_by_master(f"webhook {hook.id}", hook.secret)
        body = _encode({"id": message, **msgspec.to_builtins(entry)})
        headers = signed(secret, message, self.world.clock() // 1000, body)
        with metrics.outside("webhook"), traces.span("webhook", SpanKind.CLIENT, webhook=hook.id, message=message):
            await self.poster.post(hook.url, traces.carried(headers), body)

    def _actor(self, hook: Webhook) -> Actor | None:
        """Whom the subscription acts as now; None when that account is switched off."""
        row = self.world.store.read.account(hook.account)
        return Actor(hook.account, row[0], tuple(msgspec.json.decode(row[1]))) if row else None

    def _leaves(self, hook: Webhook, actor: Actor, entry: Entry) -> bool:
        if hook.kinds and entry.fact.kind not in hook.kinds.split():
            return False
        if hook.ledgers and entry.ledger not in hook.ledgers.split():
            return False
        return self._sees(actor, entry)

    def _sees(self, actor: Actor, entry: Entry) -> bool:
        """Whether the account may see the fact: its matter, as it stands or with a unit that the fact names (what a
        unit loses it must hear of); what is no part of a matter's state, who may audit."""
        world = self.world
        if not entry.fact.version:
            return bool(world.grants.relations(actor, "audit"))
        matter = world.store.read.matter(entry.fact.matter)
        had = (msgspec.structs.replace(matter, lead=unit) for unit in units_of(entry.fact))
        return any(look.sees(world, actor, one) for one in (matter, *had))

    def _spread(self, pause_ms: int) -> int:
        """The pause and up to a fifth more, so that lines that failed together do not come back together."""
        return pause_ms + round(pause_ms * JITTER * int.from_bytes(self.world.random(2)) / 2**16)

    async def _keep(
        self, hook: Webhook, pos: int, *, attempts: int = 0, dead: int = 0, due: int = 0, state: str = "active",
        why: str = "", letter: tuple[str | int, ...] = (),
    ) -> None:  # fmt: skip
        rows: list[tuple[str, tuple[str | int, ...]]] = [
            (MOVED, (pos, attempts, dead, due, state, why, hook.id, hook.pos))
        ]
        if letter:
            rows.append((INSERT_LETTER, letter))
        await self._write(rows)

    async def _write(self, rows: list[tuple[str, tuple[str | int, ...]]]) -> None:
        now = self.world.clock()
        await self.world.store.writer.write(Commit(at=now, actor="system", year=year_of(now), rows=[*rows]))
