"""A PostgreSQL server of one's own, on a free port of the loopback address, in a folder that is gone with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from functools import partial
from pathlib import Path

NEWEST_FIRST = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
"""Where Debian keeps the server's programs."""


class PostgresServer:
    """Use as a context; `url` opens it. Without `durable` it does not sync: for tests that pull no plug."""

    def __init__(self, *, durable: bool = True) -> None:
        self._sync = "on" if durable else "off"
        self._folder = Path()
        self.url = ""

    @staticmethod
    def there() -> bool:
        """Whether there is a PostgreSQL to start."""
        return _programs() is not None

    def __enter__(self) -> PostgresServer:
        programs = _programs()
        assert programs is not None, "ask `there` first"
        self._folder = Path(tempfile.mkdtemp(prefix="anlan-pg-"))
        user = "postgres" if os.getuid() == 0 else None  # the server refuses to run as root
        if user:
            shutil.chown(self._folder, user)
        self._run = partial(subprocess.run, user=user, cwd=self._folder, check=True, stdout=subprocess.DEVNULL)
        self._control, data = programs / "pg_ctl", str(self._folder / "data")
        made = ["-U", "anlan", "-A", "trust", "-E", "UTF8", "--locale=C"]
        self._run([str(programs / "initdb"), "-D", data, "-N", *made])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = f"-p {port} -h 127.0.0.1 -k {self._folder} -c fsync={self._sync} -c max_connections=300"
        log = str(self._folder / "log")
        self._run([str(self._control), "-D", data, "-w", "-l", log, "-o", settings, "start"])
        self.url = f"postgresql://anlan@127.0.0.1:{port}/postgres"
        return self

    def __exit__(self, *_: object) -> None:
        self._run([str(self._control), "-D", str(self._folder / "data"), "-w", "-m", "immediate", "stop"])
        shutil.rmtree(self._folder)

    def schema(self, name: str) -> str:
        """The URL of a schema in it."""
        return f"{self.url}?options=-csearch_path%3D{name}"


def _programs() -> Path | None:
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else next(iter(NEWEST_FIRST), None)
