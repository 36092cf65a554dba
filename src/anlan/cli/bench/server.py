"""The real server in a process of its own, on a free port of the loopback address, with an installation of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from anlan.cli.bench.client import Next, Run, run

WAIT_SECONDS = 60
HOST = "127.0.0.1"


class Server:
    """`anlan serve` over `home`; use as a context."""

    def __init__(self, home: Path, token: str) -> None:
        self.home, self.token = home, token
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        environment = os.environ | {"ANLAN_HOME": str(self.home)}
        command = [sys.executable, "-m", "anlan", "serve", "--port", str(self.port)]
        with (self.home / "server.log").open("wb") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own command
        began = time.monotonic()
        while time.monotonic() - began < WAIT_SECONDS:
            try:
                socket.create_connection((HOST, self.port), 0.2).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        raise TimeoutError(f"the server did not start; see {self.home / 'server.log'}")

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)

    def cpu_seconds(self) -> float:
        """Processor time of the server and its workers so far."""
        assert self._process is not None
        return sum(_cpu(pid) for pid in _family(self._process.pid))

    async def load(self, clients: int, following: Next, *, keep: bool = False) -> Run:
        """Requests from `clients` connections."""
        return await run(HOST, self.port, self.token, clients, following, keep=keep)


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [pid, *(p for child in children for p in _family(int(child)))]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
