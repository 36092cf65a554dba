"""The real server in a process of its own, on a free port of the loopback address, with an installation of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from anlan.cli.bench.client import Next, Run, run

WAIT_SECONDS = 60
HOST = "127.0.0.1"
QUIET = {"ANLAN_DRAIN_SECONDS": "0", "ANLAN_LOG_LEVEL": "warning"}


class Server:
    """`anlan serve` over `home` in so many processes, with `more` in its environment; use as a context."""

    runs = ("-m", "anlan")
    """What Python is told to run."""

    def __init__(self, home: Path, token: str, workers: int = 1, **more: str) -> None:
        self.home, self.token, self.workers, self.more = home, token, workers, more
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def start(self) -> None:
        """Start it and wait until it answers. Raises TimeoutError."""
        environment = QUIET | os.environ | {"ANLAN_HOME": str(self.home)} | self.more
        command = [sys.executable, *self.runs, "serve", "--port", str(self.port), "--workers", str(self.workers)]
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own command
        began = time.monotonic()
        while time.monotonic() - began < WAIT_SECONDS:
            if self._answers():
                return
            time.sleep(0.05)
        raise TimeoutError(f"the server did not start; see {self.home / 'server.log'}")

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> int:
        """Ask it to end, as a service manager would, and wait; its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(30)

    def kill(self) -> None:
        """End it at once, workers too, as a power cut would."""
        assert self._process is not None
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)
        self._process.wait(20)
        while self._answers():
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), 0.2).close()
        except OSError:
            return False
        return True

    def pids(self) -> list[int]:
        """Of the process that was started and of its workers."""
        assert self._process is not None
        return _family(self._process.pid)

    def cpu_seconds(self) -> float:
        """Processor time of the server and its workers so far."""
        return sum(_cpu(pid) for pid in self.pids())

    def memory_mb(self) -> float:
        """Resident memory of the server and its workers now."""
        return sum(_resident_mb(pid) for pid in self.pids())

    async def load(self, clients: int, following: Next, *, keep: bool = False) -> Run:
        """Requests from `clients` connections."""
        return await run(HOST, self.port, self.token, clients, following, keep=keep)


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [pid, *(p for child in children for p in _family(int(child)))]


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
