"""A real Mosquitto, a process of its own on a free port of the loopback address, with a user and, if wanted, TLS."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

HOST, USER, PASSWORD = "127.0.0.1", "anlan", "let:me in"
WAIT_SECONDS = 20
PROGRAM, HASHER = "mosquitto", "mosquitto_passwd"


class Mosquitto:
    """Use as a context; `stop` and `start` in between keep the port. `certificate`: (file, key) for TLS."""

    def __init__(self, folder: Path, certificate: tuple[Path, Path] | None = None) -> None:
        self.folder, self._certificate = folder, certificate
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def there() -> bool:
        """Whether this machine has it."""
        return _program(PROGRAM) is not None and _program(HASHER) is not None

    def start(self) -> None:
        """Start it and wait until it answers. Raises TimeoutError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        users = self.folder / "users"
        users.touch(0o600)
        hashing = [_program(HASHER) or HASHER, "-b", str(users), USER, PASSWORD]
        subprocess.run(hashing, check=True, capture_output=True)  # noqa: S603 - a program of the system
        lines = [f"listener {self.port} {HOST}", "allow_anonymous false", f"password_file {users}", "user root"]
        if self._certificate:
            lines += [f"certfile {self._certificate[0]}", f"keyfile {self._certificate[1]}"]
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join(lines), "utf-8")
        with (self.folder / "mosquitto.log").open("ab") as log:
            command = [_program(PROGRAM) or PROGRAM, "-c", str(config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - the same
        began = time.monotonic()
        while not self._answers():
            if time.monotonic() - began > WAIT_SECONDS:
                raise TimeoutError(f"mosquitto did not start; see {self.folder / 'mosquitto.log'}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
            self._process = None

    def _answers(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), 0.2).close()
        except OSError:
            return False
        return True

    def __enter__(self) -> Mosquitto:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _program(name: str) -> str | None:
    """Debian keeps servers in /usr/sbin, which not every PATH has."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
