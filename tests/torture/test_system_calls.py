"""Crash, seen from the kernel: strace watches the real server, and no answer leaves before the log is synced.

A request is read, its rows are written to SQLite's log, the log is synced, the answer is sent: in this order, whatever
the threads. With one client the order is exact. With several, whose commits share a sync, an answer is early when no
write of the log that came after its request was synced before it. Where synchronous is lowered the check must fail.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from anlan.cli.bench.client import Next
from anlan.cli.bench.server import Server

from . import living

pytestmark = pytest.mark.anyio
ANSWERS = 10_000 if os.environ.get("ANLAN_TEST_TORTURE") else 300
CALLS = "read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,fdatasync,fsync"
LINE = re.compile(r"(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\(\d+<([^>]*)>)(.*)")
LOWERED = """
import anlan.store.sqlite as sqlite
from anlan.cli import app
whole = sqlite.opened
def lowered(path, *, read_only=False):
    connection = whole(path, read_only=read_only)
    connection.pragma("synchronous", {level})
    return connection
sqlite.opened = lowered
app()
"""


class Order:
    """What the calls come to, in the order in which they began and ended."""

    def __init__(self) -> None:
        self.answers = self.early = self._now = self._wrote = self._synced = 0
        self._asked: dict[str, int] = {}
        self._under_way: dict[str, tuple[str, str, int]] = {}

    def take(self, line: str) -> None:
        """One line of strace's: a whole call, its beginning, or its end."""
        found = LINE.match(line)
        if found is None:
            return
        self._now += 1
        thread, resumed, call, file, rest = found.groups()
        covered = self._wrote
        if resumed:
            call, file, covered = self._under_way.pop(thread, ("", "", 0))
        else:
            self._begun(call, file, rest)
        if rest.endswith("<unfinished ...>"):
            self._under_way[thread] = call, file, covered
        elif call in {"fdatasync", "fsync"} and file.endswith("anlan.db-wal") and rest.endswith("= 0"):
            self._synced = max(self._synced, covered)
        elif '"POST /api/v1/intakes' in rest:
            self._asked[file] = self._now

    def _begun(self, call: str, file: str, rest: str) -> None:
        if call == "pwrite64" and file.endswith("anlan.db-wal"):
            self._wrote = self._now
        elif '"HTTP/1.1 201' in rest:
            self.answers += 1
            self.early += self._synced <= self._asked[file]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, demo_city: Path) -> tuple[Path, str]:
    """An installation and a token that may hand in."""
    if shutil.which("strace") is None:
        pytest.skip("no strace: apt-get install strace")
    home = tmp_path_factory.mktemp("traced") / "home"
    _, token = living.prepared(home, demo_city)
    return home, token


@contextmanager
def traced(pid: int, into: Path) -> Iterator[None]:
    """The calls of a process and all its threads, in a file."""
    command = ["strace", "-f", "-y", "-s", "40", "-e", f"trace={CALLS}", "-o", str(into), "-p", str(pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        said = strace.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"strace may not look here: {said}")
        try:
            yield
        finally:
            strace.send_signal(signal.SIGINT)


def intakes(count: int, run: str) -> Next:
    """`count` requests, each its own."""
    left = iter(range(count))

    def following() -> tuple[str, str, bytes] | None:
        n = next(left, None)
        body = f'{{"outside_id": "{run}-{n}", "text": "第{n}件，路灯不亮", "district": "370202"}}'
        return None if n is None else ("POST", "/api/v1/intakes/partner", body.encode())

    return following


@pytest.mark.parametrize(("clients", "synchronous"), [(1, 2), (16, 2), (1, 1), (16, 0)])
async def test_no_answer_is_sent_before_the_log_is_synced(
    clients: int, synchronous: int, prepared: tuple[Path, str], tmp_path: Path, capsys: Any
) -> None:
    home, token = prepared
    server, calls = Server(home, token), tmp_path / "calls"
    if synchronous < 2:
        server.runs = ("-c", LOWERED.format(level=synchronous))
    with server, traced(server.pids()[-1], calls):
        run = await server.load(clients, intakes(ANSWERS, f"{clients}-{synchronous}"))
    assert run.statuses == {201: ANSWERS}
    order = Order()
    with calls.open(errors="replace") as lines:
        for line in lines:
            order.take(line.rstrip("\n"))
    with capsys.disabled():
        print(
            f"\n  system calls: {order.answers:,} answers, {order.early:,} before a sync"
            f" ({clients} clients, synchronous {synchronous})"
        )
    assert order.answers == ANSWERS
    if synchronous == 2:
        assert order.early == 0
    else:
        assert order.early > ANSWERS * 0.9
