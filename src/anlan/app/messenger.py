"""The messenger: sends what is due, keeps trying with growing pauses, and says what it could not deliver.

A message is marked as being sent, and the reading of its address is on the ledger, before the address is opened; what
became of it is a fact too. A process that died in between tries again with the same id, so the other side can tell.
Without a way out it is a sandbox: everything happens but the sending, and the console shows what would have gone.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from opentelemetry.trace import SpanKind

from anlan.app import messages
from anlan.app.outward import Outward
from anlan.app.stop import Stop
from anlan.app.world import World, year_of
from anlan.links.port import Message, Undelivered
from anlan.loop.errors import Refused
from anlan.loop.matter import Matter
from anlan.store.commit import Commit
from anlan.store.messages import SET_CURSOR, UPDATE_MESSAGE, Kept
from anlan.telemetry import metrics, traces

MOBILE = re.compile(r"1[3-9]\d{9}")
BATCH = 40
FACTS = 500
LEASE_MS = 10 * 60_000
PAUSES_MS = (60_000, 5 * 60_000, 30 * 60_000, 2 * 3_600_000, 12 * 3_600_000)
"""After each failure that may pass; after the last one the message has failed."""
IDLE_SECONDS = 20.0
BREATH_SECONDS = 1.0
_log = logging.getLogger("anlan")


class Outcome(msgspec.Struct, frozen=True):
    """What came of one try."""

    way: str
    state: str
    why: str = ""


class Messenger:
    """Plans and sends for one world, in one event loop."""

    def __init__(self, world: World, outward: Outward) -> None:
        self.world, self.outward = world, outward
        self._stood: int | None = None

    async def run(self, stop: Stop) -> None:
        """Until told to stop: a full disk or a busy store is waited out."""
        while not stop.is_told():
            try:
                busy = await self.turn()
            except Refused as refused:
                _log.warning("messages wait: %s", refused.code)
                busy = False
            await stop.pause(BREATH_SECONDS if busy else IDLE_SECONDS)

    async def turn(self) -> bool:
        """Plan what the facts call for and send what is due, if it is this process that does. Answers whether there was
        work."""
        if not self.world.store.leads:
            return False
        planned = await self._plan()
        return await self._send() or planned

    async def _plan(self) -> bool:
        store, now = self.world.store, self.world.clock()
        if self._stood is None:
            self._stood = store.outbox.last()
        at = store.messages.cursor(messages.CURSOR)
        if at is None:  # from now on: nobody is told of what happened before there were messages
            row = (SET_CURSOR, (messages.CURSOR, store.outbox.last()))
            await store.writer.write(Commit(at=now, actor="system", year=year_of(now), rows=[row]))
            return False
        commit = messages.planned(self.world, self.outward.quiet, at, FACTS, self._stood)
        if commit is None:
            return False
        await store.writer.write(commit)
        return True

    async def _send(self) -> bool:
        store, now = self.world.store, self.world.clock()
        due = store.messages.due(now, BATCH)
        if not due:
            return False
        silent = store.messages.opted_out({one.party for one in due})
        going = [one for one in due if one.party not in silent]
        matters = {one.id: store.read.matter(one.matter) for one in due}
        commit = Commit(at=now, actor="system", year=year_of(now))
        for one in due:
            if one.party in silent:
                commit.rows.append((UPDATE_MESSAGE, ("dropped", "", now, one.attempts, "opted_out", one.id)))
                continue
            commit.rows.append((UPDATE_MESSAGE, ("sending", "", now + LEASE_MS, one.attempts + 1, "", one.id)))
            reading = {"purpose": "message", "what": "contact", "party": one.party}
            commit.readings.append((one.matter, matters[one.id].ledger, ("read", reading)))
        await store.writer.write(commit)
        opened = store.vault.open({one.party for one in going})
        tries = [self._try(one, matters[one.id], opened.get(one.party, {})) for one in going]
        outcomes = await asyncio.gather(*tries)
        await self._settle(going, matters, outcomes)
        return True

    async def _try(self, one: Kept, matter: Matter, person: Mapping[str, Any]) -> Outcome:
        way, to = _way(person)
        if not way:
            return Outcome("", "dropped", "no_address")
        port = self.outward.ports.get(way)
        if port is None:
            return Outcome(way, "dropped", "no_way") if self.outward.ports else Outcome(way, "sandbox")
        subject, text = self.worded(one, matter, way)
        try:
            with metrics.outside(way), traces.span(way, SpanKind.CLIENT, message=one.id):
                await asyncio.to_thread(port.send, Message(one.id, to, subject, text))
        except Undelivered as undelivered:
            last = undelivered.final or one.attempts >= len(PAUSES_MS)
            return Outcome(way, "failed" if last else "waiting", undelivered.why)
        return Outcome(way, "sent")

    def worded(self, one: Kept, matter: Matter, way: str, *, shown: bool = False) -> tuple[str, str]:
        """Subject and text of a message as it would go by a way now. `shown` to staff, it does not open the page that
        only its reporter opens."""
        link = "…/f/…" if shown else messages.link_of(self.world, self.outward.public_url, one.receipt)
        subject, text = messages.text_of(self.world, one.template, one.receipt, matter, link, self.outward.language)
        stop = messages.texts(self.outward.language)["stop"]
        return subject, f"{text} {stop}" if way == "sms" else f"{text}\n"

    async def _settle(self, going: list[Kept], matters: dict[str, Matter], outcomes: list[Outcome]) -> None:
        now = self.world.clock()
        commit = Commit(at=now, actor="system", year=year_of(now))
        for one, came in zip(going, outcomes, strict=True):
            again = self.outward.quiet.after(now + PAUSES_MS[one.attempts]) if came.state == "waiting" else now
            commit.rows.append((UPDATE_MESSAGE, (came.state, came.way, again, one.attempts + 1, came.why, one.id)))
            if came.state in {"sent", "sandbox", "failed"}:
                told = {"message": one.id, "receipt": one.receipt, "template": one.template, "way": came.way}
                ledger = matters[one.id].ledger
                commit.readings.append((one.matter, ledger, ("messaged", {**told, "state": came.state})))
        await self.world.store.writer.write(commit)


def again(world: World, message: str, actor: str) -> Commit:
    """The commit that has a failed message tried once more. Raises Refused("message.unknown")."""
    one = world.store.messages.one(message)
    if one is None or one.state not in {"failed", "dropped"}:
        raise Refused("message.unknown", message=message)
    now = world.clock()
    row = (UPDATE_MESSAGE, ("waiting", one.way, now, 0, "", one.id))
    return Commit(at=now, actor=actor, year=year_of(now), rows=[row])


def _way(person: Mapping[str, Any]) -> tuple[str, str]:
    """How a person is reached: a mobile number, else an address; ("", "") for neither."""
    phone, email = str(person.get("phone", "")), str(person.get("email", ""))
    if MOBILE.fullmatch(phone):
        return "sms", phone
    return ("email", email) if email else ("", "")
