"""One installation's data under ANLAN_HOME: `anlan.db` (record, state), `keys.db` (wrapped keys), `keys/` (masters)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from anlan.store.database import MEMORY, Readers
from anlan.store.read import Reader
from anlan.store.secrets import KEY_BYTES, load_or_make, signer
from anlan.store.vault import Vault
from anlan.store.writer import Writer

MASTER_PATH = "ANLAN_MASTER_KEY_FILE"


class Store:
    """Opens everything; `close` when done. One process writes at a time.

    A `home` under `database.MEMORY` is kept in memory, keys too: the same statements, and nothing left after `close`.
    """

    def __init__(self, home: Path, random: Callable[[int], bytes] = os.urandom) -> None:
        self.home, self.path = home, home / "anlan.db"
        master, seed = (random(KEY_BYTES), random(KEY_BYTES)) if home.is_relative_to(MEMORY) else _own_keys(home)
        sign, self.public_key = signer(seed)
        if not home.is_relative_to(MEMORY):
            (home / "keys" / "ledger.pub").write_text(self.public_key.hex() + "\n", "ascii")
        keys = home / "keys.db"
        self.writer = Writer(self.path, keys, sign)
        self.readers = Readers(self.path)
        self.read = Reader(self.readers)
        self.vault = Vault(self.readers, Readers(keys), master, random)

    def close(self) -> None:
        """Finish writing and let go of the files."""
        self.writer.close()


def _own_keys(home: Path) -> tuple[bytes, bytes]:
    """The vault's master key and the ledger's signing seed, made when there are none."""
    home.mkdir(parents=True, exist_ok=True)
    master = load_or_make(Path(os.environ.get(MASTER_PATH, home / "keys" / "master.key")))
    return master, load_or_make(home / "keys" / "ledger.key")
