"""One installation's data: a home folder (`keys/` masters, `files/` sealed photos, sounds and documents, `reports/` as
they were made) and a database: `anlan.db` and `keys.db` (wrapped keys) in the home, or a PostgreSQL server."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from anlan.store.blobs import Blobs
from anlan.store.calls import Calls
from anlan.store.database import Database, Readers
from anlan.store.files import Files
from anlan.store.heads import Heads
from anlan.store.messages import Messages
from anlan.store.outbox import Outbox
from anlan.store.read import Reader
from anlan.store.secrets import KEY_BYTES, load_or_make, signer
from anlan.store.series import Series, series_at
from anlan.store.sqlite import MEMORY, Sqlite, SqliteKeys
from anlan.store.vault import Vault
from anlan.store.webhooks import Webhooks
from anlan.store.writer import Writer

if TYPE_CHECKING:
    from anlan.store.neighbours import Neighbours


class Place(msgspec.Struct, frozen=True):
    """Where an installation is. `master`: the vault's master key, by default in the home; `url`, `keys_url`: PostgreSQL
    instead of SQLite. A home under `sqlite.MEMORY` is kept in this process's memory, nothing of it on any disk."""

    home: Path
    master: Path | None = None
    url: str = ""
    keys_url: str = ""

    @property
    def database(self) -> Database:
        """Record and state."""
        if not self.url:
            return Sqlite(self.home / "anlan.db")
        from anlan.store.postgres import Postgres  # noqa: PLC0415 - its library is only waited for where it is used

        return Postgres(self.url)

    @property
    def keys(self) -> Database:
        """The wrapped keys."""
        if not self.url:
            return SqliteKeys(self.home / "keys.db")
        from anlan.store.postgres import PostgresKeys  # noqa: PLC0415 - as above

        return PostgresKeys(self.keys_url or self.url)

    def secrets(self) -> tuple[bytes, bytes]:
        """The vault's master key and the ledger's signing seed, made when there are none; the public key beside."""
        self.home.mkdir(parents=True, exist_ok=True)
        master = load_or_make(self.master or self.home / "keys" / "master.key")
        seed = load_or_make(self.home / "keys" / "ledger.key")
        (self.home / "keys" / "ledger.pub").write_text(signer(seed)[1].hex() + "\n", "ascii")
        return master, seed


class Store:
    """Opens everything; `close` when done. One process writes a SQLite home at a time.

    `secrets`: master key and signing seed, 32 bytes each, instead of those kept in the home.
    """

    def __init__(
        self,
        place: Place,
        random: Callable[[int], bytes] = os.urandom,
        secrets: tuple[bytes, bytes] | None = None,
    ) -> None:
        self.place, self.home, self.database = place, place.home, place.database
        if secrets is None:
            in_memory = place.home.is_relative_to(MEMORY)
            secrets = (random(KEY_BYTES), random(KEY_BYTES)) if in_memory else place.secrets()
        kept, seed = secrets
        sign, self.public_key = signer(seed)
        self.writer = Writer(self.database, place.keys, sign)
        self.neighbours = neighbours(place, self.writer.tell)
        self.readers = Readers(self.database)
        self.read = Reader(self.readers)
        self.outbox = Outbox(self.readers)
        self.heads = Heads(self.readers, self.public_key)
        self.calls = Calls(self.readers)
        self.messages = Messages(self.readers)
        self.webhooks = Webhooks(self.readers)
        self.files = Files(self.home, self.readers)
        self.report_files = Blobs(self.home / "reports")
        self.series = Series(series_at(self.home, place.url))
        self.vault = Vault(self.readers, Readers(place.keys), kept, random)

    @property
    def leads(self) -> bool:
        """Whether this process does what is done once, such as sending messages."""
        return self.neighbours is None or self.neighbours.leads()

    def close(self) -> None:
        """Finish writing and let go of the files."""
        if self.neighbours:
            self.neighbours.close()
        self.series.close()
        self.writer.close()


def neighbours(place: Place, tell: Callable[[], None]) -> Neighbours | None:
    """The other processes on a PostgreSQL database; `tell` is called when one of them has committed."""
    if not place.url:
        return None
    from anlan.store.neighbours import Neighbours  # noqa: PLC0415 - as above
    from anlan.store.postgres import Postgres  # noqa: PLC0415 - as above

    return Neighbours(Postgres(place.url), tell)


def vault_at(place: Place) -> Vault:
    """The vault of an installation, for reading only: beside a writer, or in another process."""
    return Vault(Readers(place.database), Readers(place.keys), place.secrets()[0])


def heads_at(place: Place) -> Heads:
    """The ledgers' heads of an installation, for reading only: beside a server, or in another process."""
    public = (place.home / "keys" / "ledger.pub").read_text("ascii").strip()
    return Heads(Readers(place.database), bytes.fromhex(public))
