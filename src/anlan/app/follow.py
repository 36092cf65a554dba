"""Follow: what a reporter sees with a receipt's number and its code, or by the link in a message. Both are wrong
together or right together."""

from __future__ import annotations

import base64
import hmac

from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.matter import Matter, Party

LINK_LENGTH = 10


def follow(world: World, receipt: int, code: str) -> tuple[Matter, Party]:
    """The matter a receipt has come to, and the reporter's stake in it. Raises Refused("follow.unknown")."""
    read = world.store.read
    found = read.receipt(receipt)
    if found is None:
        raise Refused("follow.unknown")
    by_code = hmac.compare_digest(found[1], world.store.vault.code_mark(code))
    by_link = hmac.compare_digest(link_mark(world, receipt).encode(), code.encode())
    if not by_code and not by_link:
        raise Refused("follow.unknown")
    matter = read.matter(found[0])
    party = next((p for p in matter.parties if p.receipt == receipt), None)
    if party is None:
        raise Refused("follow.unknown")
    return matter, party


def link_mark(world: World, receipt: int) -> str:
    """What stands for the code in the link that a message carries: 50 bits that only this installation can make."""
    return base64.b32encode(world.store.vault.blind(f"follow {receipt}"))[:LINK_LENGTH].decode().lower()
