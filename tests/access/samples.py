"""A harmless request for each address: whoever is let in changes nothing that a later request would notice."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.access.rules import STATIC, addresses
from tests.access.town import Cell, Town

from anlan.loop.matter import shown

NOWHERE = {
    "token": "1-00",
    "asked": "services.json",
    "path": "nothing",
    "channel": "web",
    "file_path": "app.css",
    "webhook": "w0",
    "letter": "l0",
    "ledger": "370202",
    "tile": "0/000",
    "version": "1",
    "unit": "no-such",
    "plan": "no-such",
}
STALE = 1


def sample(town: Town, at: str, cell: Cell | None, move: str, kept: dict[str, str]) -> dict[str, Any]:
    """Method, path, form or body; `kept`: a report, its file and the mark of the static files."""
    method, pattern = at.split(" ", 1)
    places: dict[str, str] = NOWHERE | kept | {"key": town.unit, "account": "r-operator", "deed": "session"}
    places |= {"move": move, "form": "csv"}
    if cell:
        matter = town.matters[cell]
        places |= {
            "number": str(matter.number),
            "shown_number": shown(matter.number),
            "file": town.files[matter.number],
        }
    else:
        places["number"] = "1"
    if pattern.startswith("/open311") and (method == "POST" or "requests" in pattern):
        places["asked"] = "requests.json" if method == "POST" else "1.json"
    path = pattern
    for key, value in places.items():
        path = path.replace(f"{{{key}}}", value)
    assert "{" not in path, at
    request: dict[str, Any] = {"method": method, "path": path + _query(at, town, cell)}
    if method == "POST":
        request |= _sent(at, town, cell)
    return request


def _query(at: str, town: Town, cell: Cell | None) -> str:
    queries = {
        "GET /queue/rows": "?number=202600000000001", "GET /news": "?after=0&to=0",
        "GET /measures/matters": "?counter=opened", "GET /api/v1/receipts/{number}": "?code=00000000",
        "GET /api/v1/matters/titles": "?number=1", "GET /api/v1/command/standby/cover": "?hour=9",
    }  # fmt: skip
    return queries.get(at, "")


def _sent(at: str, town: Town, cell: Cell | None) -> dict[str, Any]:
    matter = town.matters[cell] if cell else None
    version = matter.version if matter else 0
    if not at.startswith("POST /api/"):
        forms: dict[str, dict[str, Any]] = {
            "read_contact": {"receipt": matter.number if matter else 0, "purpose": "audit"},
            "merge": {"version": STALE - 2, "into": _other(town, cell)},
        }
        about = addresses()[at].get("about", "")
        return {"form": forms.get(about, {"version": STALE - 2, "receipt": 1, "outcome": "no_answer"})}
    bodies: dict[str, Any] = {
        "POST /api/v1/matters/{number}/moves/{move}": {"version": version, "fields": {"unheard_of": 1}},
        "POST /api/v1/matters/{number}/undo": {"version": version},
        "POST /api/v1/command/incidents/{number}/send": {"version": version, "unit": "no-such"},
        "POST /api/v1/matters/{number}/children": {"version": version, "unit": "no.such", "text": "x"},
        "POST /api/v1/matters/{number}/merge": {"version": STALE - 2, "into": _other(town, cell)},
        "POST /api/v1/matters/{number}/contact": {"receipt": matter.number if matter else 0, "purpose": "audit"},
    }
    return {"body": msgspec.json.encode(bodies.get(at, {}))}


def _other(town: Town, cell: Cell | None) -> int:
    """Another matter of the same kind, so that only the first decides."""
    if cell is None:
        return 0
    relation = "own" if cell.relation == "unassigned" else cell.relation
    return town.matters[Cell(relation, "acting" if cell.stage == "assigned" else "assigned", cell.level)].number


def mark_of(paths: list[str]) -> str:
    """The mark that the static files stand under."""
    found = next(path for path in paths if STATIC.match(path))
    return found.split("/")[2]
