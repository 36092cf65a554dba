"""`anlan serve`: the whole city in one process, or in several on PostgreSQL."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import typer

from anlan import main
from anlan.cli.show import errors, refusals
from anlan.settings import Held, Settings, wrong

HEAD_MS, HEAD_BYTES = 10_000, 64 * 1024
"""A request's head must be there within this time and no larger; a connection on which nothing comes is closed too."""
REQUESTS_MAX, CONNECTIONS_WAITING = 2_048, 1_024
"""Requests under way, the thousand event streams among them; what is over it waits its turn."""

WORKER = "granian-worker"


def serve(
    host: str = "127.0.0.1",
    port: int = typer.Option(8110, help="Where to listen."),
    workers: int = typer.Option(1, min=1, max=64, help="Processes. More than one needs PostgreSQL (database_url)."),
    demo: bool = typer.Option(False, help="Make the demo city first when the data folder is empty, and let it live."),
    quiet_city: bool = typer.Option(False, "--quiet-city", help="The demo city stands still: only people move it."),
) -> None:
    """Serve the console, the public pages and the API."""
    with refusals():
        held = main.held()
        main.checked(held.settings)
        if workers > 1 and not held.settings.database_url:
            raise wrong("database_url", "several processes (--workers) need PostgreSQL")
    home = held.home
    if demo and not (home / "city").exists():
        from anlan.cli.demo import prepare_demo  # noqa: PLC0415 - half a second of every start, for the first one

        prepare_demo(home)
    if not (home / "city").exists():
        errors.print("No city yet: run `anlan city demo`, or `anlan city load GEOJSON CODES`.")
        raise typer.Exit(2)
    os.environ["ANLAN_HOME"] = str(home)
    if demo:
        _for_demo(held, ANLAN_MESSAGES="sandbox", ANLAN_PUBLIC_URL=f"http://{host}:{port}", ANLAN_LOG_LEVEL="warning")
    errors.print(f"安澜 Anlan: http://{host}:{port}")
    if (home / "demo.txt").exists():
        errors.print(Path(home / "demo.txt").read_text("utf-8") + f"Password: {held.settings.demo_password}")
    server = _server(host, port, workers, held.settings)
    lives = demo and not quiet_city and (home / "demo.txt").exists()
    with _beside(f"http://{host}:{port}", home) if lives else nullcontext():
        server.serve()


def _server(host: str, port: int, workers: int, said: Settings) -> Any:
    from granian import Granian  # noqa: PLC0415 - only this command needs the server
    from granian.constants import HTTPModes, Interfaces, Loops  # noqa: PLC0415 - the same
    from granian.http import HTTP1Settings  # noqa: PLC0415 - the same
    from granian.log import LogLevels  # noqa: PLC0415 - the same

    return ending(Granian, said.drain_seconds)(
        "anlan.main:served",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        runtime_threads=1,
        loop=Loops.uvloop,
        log_level=LogLevels.warning,
        http=HTTPModes.http1,  # a head's limits are HTTP/1's alone; a proxy before it speaks HTTP/2
        websockets=False,
        workers_kill_timeout=said.stop_seconds,
        backlog=CONNECTIONS_WAITING,
        backpressure=REQUESTS_MAX,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_MS, max_buffer_size=HEAD_BYTES),
    )


def _beside(url: str, home: Path) -> AbstractContextManager[None]:
    from anlan.cli.beside import beside  # noqa: PLC0415 - half a second of every start, for the demo alone

    return beside(url, home)


def _for_demo(held: Held, **values: str) -> None:
    """What a demo has where nobody said otherwise; the server's own process reads it."""
    said = {one.variable for one, _, source in held.shown() if source != "default"}
    os.environ.update({name: value for name, value in values.items() if name not in said})


def ending(server: type[Any], drain_seconds: float) -> type[Any]:
    """A server that, told to stop, first says so (`/readyz`, event streams) and goes on taking requests for a while, so
    that a load balancer can turn elsewhere. Told twice, it stops at once."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    class Ending(server):  # type: ignore[misc] # the class that was given
        near = False

        def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
            if self.near:
                super().signal_handler_interrupt(*args, **kwargs)
                return
            self.near = True
            for child in multiprocessing.active_children():
                if child.name == WORKER and child.pid is not None:
                    os.kill(child.pid, signal.SIGUSR1)
            timer = threading.Timer(drain_seconds, super().signal_handler_interrupt)
            timer.daemon = True
            timer.start()

    return Ending
