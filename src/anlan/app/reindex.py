"""Reindex: titles, search terms and feature rows made anew from the vault, in whichever process is asked.

Offline, as part of a rebuild. That the texts are read is put on the ledger first; what was erased comes back nowhere.
"""

from __future__ import annotations

from functools import cache

import msgspec

from anlan.app.redact import redacted
from anlan.app.words import features_of, terms_of
from anlan.app.world import World, year_of
from anlan.engines.text import to_bytes
from anlan.store.commit import Commit
from anlan.store.rebuild import Found, Text
from anlan.store.store import Place, vault_at
from anlan.store.vault import Vault


class Finding(msgspec.Struct, frozen=True):
    """Makes anew what finds the matters of an installation."""

    place: Place

    def __call__(self, texts: list[Text]) -> list[Found]:
        """Title, terms and the lacking feature row of each text that can still be opened."""
        opened = _vault(self.place).open(text for _, text, _ in texts)
        found: list[Found] = []
        for number, text, lacks_row in texts:
            if said := opened.get(text):
                title, body = said["title"], said["text"]
                row = to_bytes(features_of(title, body)) if lacks_row else b""
                found.append((number, redacted(title), terms_of(title, body, said["address"]), row))
        return found


def finding(world: World) -> Finding:
    """Put the reading of all texts on the ledger, then allow it."""
    now = world.clock()
    reading = (int(world.ledger), world.ledger, ("read", {"purpose": "reindex", "what": "text"}))
    world.store.writer.submit(Commit(at=now, actor="system", year=year_of(now), readings=[reading]))
    return Finding(world.store.place)


@cache
def _vault(place: Place) -> Vault:
    return vault_at(place)
