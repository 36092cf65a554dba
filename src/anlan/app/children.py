"""Children: a child matter opens, closes or opens again in one transaction with what its parent must know of it."""

from __future__ import annotations

from typing import Any

from anlan.app.redact import redacted
from anlan.app.world import World
from anlan.engines.text import search_terms
from anlan.loop import child
from anlan.loop.case import Intent
from anlan.loop.domain import first_words
from anlan.loop.evolve import Draft
from anlan.loop.matter import Matter
from anlan.loop.receive import Opening, opening
from anlan.loop.working_calendar import minute_of
from anlan.store.commit import Change, Commit, Shown


def open_beside(world: World, commit: Commit, parent: Matter, intent: Intent) -> None:
    """Put the child before the parent's own change, which then tells its number.

    It stands on the ledger of the unit that gets it and inherits place, channel and, unless it has its own, category.
    It is not offered as a duplicate: a caller's report belongs to the parent.
    """
    flow, fields, text = world.flow_of(parent), intent.fields, str(intent.fields["note"])
    unit = world.city.organisation[fields["unit"]]
    text_id, title = world.store.vault.new_id("t", commit.at), first_words(text)
    world.store.vault.seal(commit, text_id, [(text_id, {"title": title, "text": text, "address": ""})])
    ledger = unit.district or world.ledger
    received: dict[str, Any] = {
        "domain": parent.domain,
        "ledger": ledger,
        "channel": parent.channel,
        "opened_at": commit.at,
        "district": parent.district,
        "place": [parent.place.lon_e6, parent.place.lat_e6] if parent.place else None,
        "text": text_id,
        "parent": parent.number,
    }
    category = fields.get("category") or parent.category
    route = {"lead": unit.key, "assists": [], "route": {"rule": "human"}}
    begin = Opening(received, {"category": category, "by": "human"} if category else None, route, flow.assigned)
    drafts = opening(flow, begin, minute_of(commit.at), world.calendar, world.target)
    commit.changes[0].tells_first = True
    commit.changes.insert(0, Change(flow, ledger, drafts))
    commit.shown = Shown(redacted(title), " ".join(search_terms(redacted(text))), b"")


def tell_parent(world: World, matter: Matter, drafts: list[Draft]) -> list[Change]:
    """The parent's change that follows from a child's facts, if any does.

    That a child closed is told to the parent as it stands in the transaction; a re-opening is judged by the parent as
    it was seen, and conflicts when somebody changed it meanwhile.
    """
    if not matter.parent:
        return []
    parent = world.store.read.matter(matter.parent)
    flow = world.flow_of(parent)
    said = child.told(flow, parent, matter, drafts)
    closed = any(kind == "child_closed" for kind, _ in said)
    return [Change(flow, parent.ledger, said, base=parent, latest=closed)] if said else []
