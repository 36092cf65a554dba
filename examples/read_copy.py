"""A read copy: follows Anlan's facts on NATS JetStream into a SQLite file of its own, and believes nothing unproved.

Run:  python examples/read_copy.py nats://HOST:4222 COPY.db KEY.pub        (docs/howto/read-copy.md)

Each fact counts once, by ledger and number; a gap is an error, never skipped over. The copy grows its own Merkle trees
and compares them with every signed checkpoint that comes. State follows from the facts by Anlan's own `evolve`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

import msgspec
import nats
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NothingCame
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from anlan.loop.evolve import evolve
from anlan.loop.fact import Fact, decode
from anlan.loop.ledger import Checkpoint, Frontier, leaf_hash
from anlan.loop.matter import Matter

BATCH = 500
_state = msgspec.json.Encoder(order="sorted").encode


class Wrong(Exception):
    """The stream contradicts itself: a gap, another fact under a known number, a checkpoint that does not hold."""


class Gap(Wrong):
    """A fact or more before this one did not come."""


class Copy:
    """The copy in one file. `take` and `compare` belong into one transaction with the acknowledgement's `commit`."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.db, self._key = sqlite3.connect(path), Ed25519PublicKey.from_public_bytes(key)
        self.db.executescript(
            "CREATE TABLE IF NOT EXISTS facts (ledger, seq, body, PRIMARY KEY (ledger, seq));"
            "CREATE TABLE IF NOT EXISTS matters (number PRIMARY KEY, state);"
            "CREATE TABLE IF NOT EXISTS place (one PRIMARY KEY, seq);"
            "CREATE TABLE IF NOT EXISTS trees (ledger PRIMARY KEY, size, roots)"
        )
        self.compared = 0
        """How many checkpoints were compared and held."""

    def place(self) -> int:
        """The stream's own number of the last message taken."""
        row = self.db.execute("SELECT seq FROM place").fetchone()
        return row[0] if row else 0

    def tree(self, ledger: str) -> Frontier:
        """A ledger's tree so far."""
        row = self.db.execute("SELECT size, roots FROM trees WHERE ledger = ?", (ledger,)).fetchone()
        return Frontier.from_bytes(*row) if row else Frontier()

    def take(self, ledger: str, seq: int, body: bytes) -> None:
        """One fact, once. Raises Wrong."""
        tree = self.tree(ledger)
        if seq < tree.size:
            known = self.db.execute("SELECT body FROM facts WHERE ledger = ? AND seq = ?", (ledger, seq)).fetchone()[0]
            if known != body:
                raise Wrong(f"{ledger}/{seq} was another fact before")
            return
        if seq > tree.size:
            raise Gap(f"{ledger}: {tree.size} should be next, {seq} came")
        tree.append(leaf_hash(body))
        self.db.execute("INSERT INTO facts VALUES (?, ?, ?)", (ledger, seq, body))
        self.db.execute("INSERT OR REPLACE INTO trees VALUES (?, ?, ?)", (ledger, tree.size, tree.to_bytes()))
        fact = decode(body)
        if fact.version:
            self.db.execute("INSERT OR REPLACE INTO matters VALUES (?, ?)", (fact.matter, self._after(fact)))

    def compare(self, body: bytes) -> None:
        """A checkpoint with what we have; an old one is passed over. Raises Wrong."""
        said = msgspec.json.decode(body)
        head = Checkpoint(said["ledger"], said["size"], said["root"], said["at"])
        try:
            self._key.verify(bytes.fromhex(said["signature"]), head.signed_text())
        except InvalidSignature:
            raise Wrong(f"{head.ledger}: a checkpoint of {head.size} facts is not signed by this key") from None
        tree = self.tree(head.ledger)
        if tree.size == head.size:
            if tree.root().hex() != head.root:
                raise Wrong(f"{head.ledger}: the checkpoint of {head.size} facts does not hold")
            self.compared += 1
        elif tree.size < head.size:
            raise Gap(f"{head.ledger}: a checkpoint of {head.size} facts, and {tree.size} have come")

    def _after(self, fact: Fact) -> bytes:
        row = self.db.execute("SELECT state FROM matters WHERE number = ?", (fact.matter,)).fetchone()
        return _state(evolve(msgspec.json.decode(row[0], type=Matter) if row else None, fact))


async def follow(url: str, copy: Copy, *, stream: str = "anlan", durable: str = "read-copy", once: bool = False) -> int:
    """Take what comes, for ever, or `once` until nothing more is there; answers how many messages were taken.

    A consumer that skips (seen on 2.9 while its node was catching up) is made anew from where the copy stands; when
    that does not help either, the gap is real and is raised.
    """
    link = await nats.connect(url.split())
    context, came, skipped = link.jetstream(), 0, False
    try:
        consumer = await context.pull_subscribe("", durable, stream, config=consumer_from(copy))
        while True:
            try:
                messages = await consumer.fetch(BATCH, timeout=1)
            except NothingCame:
                if once:
                    return came
                continue
            try:
                for message in messages:
                    take(copy, message, f"{stream}.facts.")
            except Gap:
                copy.db.rollback()
                if skipped:
                    raise
                skipped = True
                await context.delete_consumer(stream, durable)
                consumer = await context.pull_subscribe("", durable, stream, config=consumer_from(copy))
                continue
            copy.db.commit()  # first ours, then the acknowledgement: what comes twice is known
            await messages[-1].ack_sync()
            came, skipped = came + len(messages), False
    finally:
        copy.db.rollback()
        await link.close()


def consumer_from(copy: Copy) -> ConsumerConfig:
    """A durable consumer of what the copy does not have, in order: one acknowledgement is for all before it."""
    start = {"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": copy.place() + 1}
    return ConsumerConfig(ack_policy=AckPolicy.ALL, max_ack_pending=BATCH, **start)


def take(copy: Copy, message: Msg, facts: str) -> None:
    """One message: a fact, or a checkpoint. Raises Wrong."""
    if message.subject.startswith(facts):
        copy.take(message.headers["Anlan-Ledger"], int(message.headers["Anlan-Seq"]), message.data)
    else:
        copy.compare(message.data)
    copy.db.execute("INSERT OR REPLACE INTO place VALUES (0, ?)", (message.metadata.sequence.stream,))


if __name__ == "__main__":
    asyncio.run(follow(sys.argv[1], Copy(Path(sys.argv[2]), bytes.fromhex(Path(sys.argv[3]).read_text("ascii")))))
