"""Follow: what a reporter sees with a receipt's number and its code. The two are wrong together or right together."""

from __future__ import annotations

import hmac

from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.matter import Matter, Party


def follow(world: World, receipt: int, code: str) -> tuple[Matter, Party]:
    """The matter a receipt has come to, and the reporter's stake in it. Raises Refused("follow.unknown")."""
    read = world.store.read
    found = read.receipt(receipt)
    if found is None or not hmac.compare_digest(found[1], world.store.vault.code_mark(code)):
        raise Refused("follow.unknown")
    matter = read.matter(found[0])
    party = next((p for p in matter.parties if p.receipt == receipt), None)
    if party is None:
        raise Refused("follow.unknown")
    return matter, party
