"""One installation's data under ANLAN_HOME: `anlan.db` (record, state), `keys.db` (wrapped keys), `keys/` (masters)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from anlan.store.database import Readers
from anlan.store.read import Reader
from anlan.store.secrets import load_or_make, signer
from anlan.store.vault import Vault
from anlan.store.writer import Writer

MASTER_PATH = "ANLAN_MASTER_KEY_FILE"


class Store:
    """Opens everything; `close` when done. One process writes at a time."""

    def __init__(self, home: Path, random: Callable[[int], bytes] = os.urandom) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home, self.path = home, home / "anlan.db"
        keys = home / "keys.db"
        master = load_or_make(Path(os.environ.get(MASTER_PATH, home / "keys" / "master.key")))
        sign, self.public_key = signer(load_or_make(home / "keys" / "ledger.key"))
        (home / "keys" / "ledger.pub").write_text(self.public_key.hex() + "\n", "ascii")
        self.writer = Writer(self.path, keys, sign)
        self.readers = Readers(self.path)
        self.read = Reader(self.readers)
        self.vault = Vault(self.readers, Readers(keys), master, random)

    def close(self) -> None:
        """Finish writing and let go of the files."""
        self.writer.close()
