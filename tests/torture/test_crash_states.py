"""Crash, the third half: the files as a power cut may leave them, by the thousand; no acknowledged commit is missing.

A state keeps what was synced before the cut. Of what was written after it, any part: nothing, some writes, a beginning,
one of them torn (at a sector or anywhere in it, so that the log ends at any byte), or all.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import Any

from anlan.store.store import Place, Store

from .recorder import Event, files_after, put
from .test_before_the_fsync import recorded

LONG = bool(os.environ.get("ANLAN_TEST_TORTURE"))
STATES = 10_000 if LONG else 150
COMMITS = 400
SECTOR = 512


def unsynced(events: list[Event], cut: int) -> set[int]:
    """The writes before the cut whose file was not synced between them and the cut."""
    loose: dict[str, list[int]] = {}
    for i, (kind, name, _, _) in enumerate(events[:cut]):
        if kind == "sync":
            loose.pop(name, None)
        elif kind in {"write", "truncate"}:
            loose.setdefault(name, []).append(i)
    return {i for some in loose.values() for i in some}


def state(events: list[Event], cut: int, rng: random.Random) -> dict[str, bytes]:
    """One way in which the cut may leave the files."""
    loose, way = unsynced(events, cut), rng.choice(("none", "all", "some", "torn", "prefix"))
    order = sorted(loose)
    last = rng.choice(order) if order else -1

    def kept(i: int, event: Event) -> bytes | None:
        data = event[3]
        if i not in loose or way == "all":
            return data
        if way == "none" or (way == "some" and rng.random() < 0.5) or (way in {"torn", "prefix"} and i > last):
            return None
        if i == last and way == "torn" and data:
            at = rng.randrange(len(data) + 1)
            return data[: at // SECTOR * SECTOR if rng.random() < 0.5 else at] or None
        return data

    return files_after(events[:cut], kept)


def tortured(folder: Path, states: int, synchronous: int) -> tuple[int, int]:
    """Acknowledged commits that are missing, and states in which facts, rows and ledger sizes disagree."""
    rng, lost, wrong = random.Random(11), 0, 0
    events, first = list[Event](), 0
    for n in range(states):
        if n % 2_000 == 0:
            events = recorded(folder / f"home{n}", COMMITS, synchronous, seed=n + 1, clients=12)
            first = next(i for i, event in enumerate(events) if event[0] == "answer")
        cut = rng.randrange(first, len(events) + 1)
        told = {b"%d" % event[2] for event in events[:cut] if event[0] == "answer"}
        home = folder / "after"
        put(state(events, cut, rng), home)
        store = Store(Place(home), secrets=(b"m" * 32, b"s" * 32))
        run = store.readers.connection().execute
        have = {bytes(key) for (key,) in run("SELECT key FROM requests")}
        facts, sizes = run("SELECT count(*) FROM facts").fetchone()[0], sum(store.read.ledgers().values())
        lost += len(told - have)
        wrong += facts != sizes or facts != len(have)
        store.close()
        shutil.rmtree(home)
    return lost, wrong


def test_no_acknowledged_commit_is_missing_after_a_power_cut(tmp_path: Path, capsys: Any) -> None:
    lost, wrong = tortured(tmp_path, STATES, 2)
    with capsys.disabled():
        print(f"\n  crash states: {STATES:,}: acknowledged lost {lost}, half-written {wrong}")
    assert (lost, wrong) == (0, 0)


def test_without_the_fsync_the_same_check_fails(tmp_path: Path, capsys: Any) -> None:
    lost, wrong = tortured(tmp_path, 30, 1)
    with capsys.disabled():
        print(f"\n  crash states with synchronous=1: 30: acknowledged lost {lost:,}, half-written {wrong}")
    assert lost > 0
    assert wrong == 0
