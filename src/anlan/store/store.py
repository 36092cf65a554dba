"""One installation's data under ANLAN_HOME: `anlan.db` (record, state), `keys.db` (wrapped keys), `keys/` (masters),
`files/` (sealed photos, sounds and documents), `reports/` (reports as they were made)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from anlan.store.blobs import Blobs
from anlan.store.calls import Calls
from anlan.store.database import MEMORY, Readers
from anlan.store.files import Files
from anlan.store.heads import Heads
from anlan.store.messages import Messages
from anlan.store.outbox import Outbox
from anlan.store.read import Reader
from anlan.store.secrets import KEY_BYTES, load_or_make, signer
from anlan.store.vault import Vault
from anlan.store.writer import Writer


class Store:
    """Opens everything; `close` when done. One process writes at a time.

    A `home` under `database.MEMORY` is kept in this process's memory: the same statements, and nothing on any disk.
    `secrets`: master key and signing seed, 32 bytes each; by default they are kept in `home/keys`, or the master key
    at `master`.
    """

    def __init__(
        self,
        home: Path,
        random: Callable[[int], bytes] = os.urandom,
        secrets: tuple[bytes, bytes] | None = None,
        master: Path | None = None,
    ) -> None:
        self.home, self.master, self.path = home, master, home / "anlan.db"
        if secrets is None:
            in_memory = home.is_relative_to(MEMORY)
            secrets = (random(KEY_BYTES), random(KEY_BYTES)) if in_memory else _kept_secrets(home, master)
        kept, seed = secrets
        sign, self.public_key = signer(seed)
        keys = home / "keys.db"
        self.writer = Writer(self.path, keys, sign)
        self.readers = Readers(self.path)
        self.read = Reader(self.readers)
        self.outbox = Outbox(self.readers)
        self.heads = Heads(self.readers, self.public_key)
        self.calls = Calls(self.readers)
        self.messages = Messages(self.readers)
        self.files = Files(home, self.readers)
        self.report_files = Blobs(home / "reports")
        self.vault = Vault(self.readers, Readers(keys), kept, random)

    def close(self) -> None:
        """Finish writing and let go of the files."""
        self.writer.close()


def vault_at(home: Path, master: Path | None) -> Vault:
    """The vault of an installation, for reading only: beside a writer, or in another process."""
    return Vault(Readers(home / "anlan.db"), Readers(home / "keys.db"), _kept_secrets(home, master)[0])


def heads_at(home: Path) -> Heads:
    """The ledgers' heads of an installation, for reading only: beside a server, or in another process."""
    return Heads(Readers(home / "anlan.db"), bytes.fromhex((home / "keys" / "ledger.pub").read_text("ascii").strip()))


def _kept_secrets(home: Path, master: Path | None) -> tuple[bytes, bytes]:
    """The vault's master key and the ledger's signing seed, made when there are none; the public key lies beside."""
    home.mkdir(parents=True, exist_ok=True)
    kept = load_or_make(master or home / "keys" / "master.key")
    seed = load_or_make(home / "keys" / "ledger.key")
    (home / "keys" / "ledger.pub").write_text(signer(seed)[1].hex() + "\n", "ascii")
    return kept, seed
