"""Crash, the second half: no answer leaves before what it tells of is synced, and the check can fail.

What is observed: SQLite's own calls of xWrite and xSync against the moment the writer lets go of an answer, in one
process. What it cannot see: a kernel or drive that lies about fsync.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from .recorder import Event

LONG = bool(os.environ.get("ANLAN_TEST_TORTURE"))
ANSWERS = 10_000 if LONG else 1_500
WRITING = Path(__file__).with_name("writing.py")


def recorded(home: Path, answers: int, synchronous: int, seed: int = 1, clients: int = 24) -> list[Event]:
    """What the disk saw while a store of its own wrote, in another process."""
    said = [sys.executable, str(WRITING), str(home), str(answers), str(clients), str(synchronous), str(seed)]
    done = subprocess.run(said, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    events: list[Event] = msgspec.msgpack.decode(done.stdout, type=list[Event])
    return events


def early(events: list[Event]) -> tuple[int, int]:
    """Answers in all, and those given while bytes written to the log since its last sync may hold what they tell.

    An answer is early when the log frame that holds its row was not followed by a sync of the log before it.
    """
    synced_up_to: set[int] = set()
    waiting: list[bytes] = []
    answers = before = 0
    for kind, name, number, data in events:
        if name == "anlan.db-wal":
            if kind == "write":
                waiting.append(data)
            elif kind == "sync":
                synced_up_to.update(found for piece in waiting for found in _numbers(piece))
                waiting = []
        elif kind == "answer":
            answers += 1
            before += number not in synced_up_to
    return answers, before


def _numbers(page: bytes) -> list[int]:
    """The facts a page of the log holds, by the number each of them carries."""
    return [int(part.split(b"}", 1)[0]) for part in page.split(b'"data":{"no":')[1:] if b"}" in part[:8]]


@pytest.mark.parametrize(("synchronous", "passes"), [(2, True), (1, False), (0, False)])
def test_no_answer_before_its_fsync_and_the_check_can_fail(
    tmp_path: Path, synchronous: int, passes: bool, capsys: Any
) -> None:
    answers, before = early(recorded(tmp_path / "home", ANSWERS, synchronous))
    with capsys.disabled():
        print(f"\n  fsync: synchronous={synchronous}: {before:,} of {answers:,} answers before the log was synced")
    assert answers == ANSWERS
    assert (before == 0) is passes
