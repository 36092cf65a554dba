"""Creates over HTTP on PostgreSQL, by one process and by two, beside a COPY of the rows that they made."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from anlan import main
from anlan.city.pack import load_pack
from anlan.cli.bench.client import Run
from anlan.cli.bench.hotline import prepared_home, requests
from anlan.cli.bench.postgres_server import PostgresServer
from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.server import Server
from anlan.cli.bench.texts import Texts
from anlan.store.copy import TABLES
from anlan.store.postgres import Postgres
from anlan.store.verify import verify

OPEN_MATTERS, CREATES, CLIENTS = 5_000, 3_000, 32
CREATE = "/api/v1/intakes/partner"


def bench() -> list[BenchRow]:
    """Creates a second of one and of two processes."""
    if not PostgresServer.there():
        return []
    with PostgresServer() as postgres, tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        home, url = Path(folder) / "home", postgres.schema("anlan")
        home.mkdir()
        (home / "anlan.toml").write_text(f'database_url = "{url}"\n', "utf-8")
        token, source = prepared_home(home, OPEN_MATTERS)
        texts = Texts(load_pack(home / "city"), seed=11)
        runs = [_created(home, token, texts, workers) for workers in (1, 2)]
        copied = _copied(Postgres(url), Postgres(postgres.schema("copied")))
        public = bytes.fromhex((home / "keys" / "ledger.pub").read_text("ascii"))
        faults = len(verify(main.place(home).database, public).faults)
    note = f"{CLIENTS} clients, {OPEN_MATTERS:,} open matters of {source}; server and clients on the same cores"
    return [
        BenchRow(
            f"growth.create.p{workers}",
            run.rate,
            "/s",
            None,
            run.rate / copied,
            CREATES,
            f"{note}; {workers} process{'es' * (workers > 1)}; p99 {run.percentile(0.99):.0f} ms; ratio to COPY of the"
            f" same rows, {copied:.0f} matters/s; {faults} faults",
        )
        for workers, run in zip((1, 2), runs, strict=True)
    ]


def _created(home: Path, token: str, texts: Texts, workers: int) -> Run:
    with Server(home, token, workers=workers) as server:
        asyncio.run(server.load(CLIENTS, requests(texts, CREATES // 3, CREATE)))
        run = asyncio.run(server.load(CLIENTS, requests(texts, CREATES, CREATE)))
    assert set(run.statuses) == {201}, run.statuses
    return run


def _copied(source: Postgres, target: Postgres) -> float:
    """Matters a second when all rows of a record are put into an empty one by COPY, in one transaction."""
    here, there = source.connect(read_only=True), target.connect()
    target.migrate(there)
    columns = {table: source.columns(here, table) for table in TABLES}
    rows = {
        table: here.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall() for table, names in columns.items()
    }
    began = time.perf_counter()
    with there:
        for table, names in columns.items():
            target.fill(there, table, names, rows[table])
    seconds = time.perf_counter() - began
    here.close()
    there.close()
    return len(rows["matters"]) / seconds
