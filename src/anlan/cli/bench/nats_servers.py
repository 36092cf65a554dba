"""Real nats-servers with JetStream, each a process of its own, on free ports of the loopback address; alone or more."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

HOST = "127.0.0.1"
WAIT_SECONDS = 30
PROGRAM = "nats-server"


class Node:
    """One server of a cluster: it keeps its name, ports and folder when it is started again."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder / name, name
        self.port, self.monitor, self.cluster = (_free_port() for _ in range(3))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://{HOST}:{self.port}"

    def start(self, routes: list[int]) -> None:
        """Start it; it is not waited for."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = (
            f'server_name: {self.name}\nlisten: "{HOST}:{self.port}"\nhttp: "{HOST}:{self.monitor}"\n'
            f'jetstream {{ store_dir: "{self.folder}" }}\n'
        )
        if routes:
            some = ", ".join(f'"nats://{HOST}:{port}"' for port in routes)
            config += f'cluster {{ name: anlan, listen: "{HOST}:{self.cluster}", routes: [{some}] }}\n'
        (self.folder / "nats.conf").write_text(config, "utf-8")
        command = [shutil.which(PROGRAM) or PROGRAM, "-c", str(self.folder / "nats.conf")]
        with (self.folder / "nats.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - a program of the system

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
            self._process = None

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            socket.create_connection((HOST, self.port), 0.2).close()
        except OSError:
            return False
        return True


class Nats:
    """`nodes` servers with JetStream under a folder; use as a context."""

    def __init__(self, folder: Path, nodes: int = 1) -> None:
        self.nodes = [Node(folder, f"n{n}") for n in range(nodes)]

    @staticmethod
    def there() -> bool:
        """Whether this machine has a nats-server."""
        return shutil.which(PROGRAM) is not None

    @property
    def urls(self) -> str:
        """All of them, as the setting `nats_url` wants it."""
        return " ".join(node.url for node in self.nodes)

    def start(self, node: Node) -> None:
        """Start one and wait until it answers. Raises TimeoutError."""
        node.start([one.cluster for one in self.nodes if one is not node])
        began = time.monotonic()
        while not node.answers():
            if time.monotonic() - began > WAIT_SECONDS:
                raise TimeoutError(f"nats-server did not start; see {node.folder / 'nats.log'}")
            time.sleep(0.02)

    def __enter__(self) -> Nats:
        for node in self.nodes:
            self.start(node)
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
