"""The ledgers' newest heads as a page for everybody: to print, sign and put in a drawer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import Request, get
from litestar.response import Template

from anlan.store.heads import grouped
from anlan.web.visit import Visit


@get("/ledger")
async def heads(request: Request[Any, Any, Any]) -> Template:
    """Each ledger's newest head: size, root in groups, moment, key, witnesses."""
    visit = Visit(request)
    kept = visit.world.store.heads
    rows = [
        {
            "ledger": head.checkpoint.ledger,
            "size": head.checkpoint.size,
            "root": grouped(head.checkpoint.root),
            "at": datetime.fromtimestamp(head.checkpoint.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
            "key": kept.key(head.checkpoint.ledger).text(),
            "witnesses": ", ".join(one.name for one in head.note.signatures[1:]),
        }
        for head in kept.newest()
    ]
    return visit.page("ledger.html", rows=rows)
