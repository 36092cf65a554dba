"""Run in a process of its own: a store on a recording disk, many small commits gathered from coroutines.

    python writing.py HOME COMMITS CLIENTS SYNCHRONOUS [SEED]

Prints the recorded events as msgpack on standard output.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.torture.recorder import RecordingDisk

from anlan.store.commit import Commit
from anlan.store.store import Place, Store

AT = 1_790_000_000_000


def commit(no: int) -> Commit:
    """A row whose number says which request it answers, with a fact on one of three ledgers."""
    row = ("INSERT INTO requests VALUES (?, ?, ?, ?)", (b"%d" % no, b"", b"", AT + no))
    reading = (0, f"37020{2 + no % 3}", ("looked", {"no": no}))
    return Commit(at=AT + no, actor="p1", year=2026, rows=[row], readings=[reading])


async def work(store: Store, disk: RecordingDisk, count: int, clients: int, rng: random.Random) -> None:
    """So many clients, each waiting for its answer before it asks again."""
    numbers = iter(range(count))

    async def client() -> None:
        for no in numbers:
            await store.writer.write(commit(no))
            disk.answered(no)
            if rng.random() < 0.3:
                await asyncio.sleep(0)

    await asyncio.gather(*(client() for _ in range(clients)))


def main(home: str, count: str, clients: str, synchronous: str, seed: str = "1") -> None:
    """Write, and tell what the disk saw."""
    disk = RecordingDisk("recording")
    Path(home).mkdir(parents=True)
    store = Store(Place(Path(home)), secrets=(b"m" * 32, b"s" * 32))
    store.writer.connection.execute(f"PRAGMA synchronous = {int(synchronous)}")
    asyncio.run(work(store, disk, int(count), int(clients), random.Random(int(seed))))
    sys.stdout.buffer.write(msgspec.msgpack.encode(disk.events))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
