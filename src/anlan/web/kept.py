"""A form sent after its session ended: what was typed waits, sealed, in the log-in page, and comes back after it.

Nothing is stored here. The seal opens only in the same browser (it is bound to the browser's form token), only for the
account whose session had ended, and only for half a day. What comes back is shown to be checked, never sent by itself.
Forms that ask for a password keep nothing.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import Cookie

from anlan.loop.errors import Refused
from anlan.web.forms import Form
from anlan.web.visit import Visit

COOKIE, FORM_TOKEN = "anlan_account", "anlan_csrf"
COOKIE_SECONDS = 7 * 24 * 3600
KEPT_MS = 12 * 3600 * 1000
DROPPED = ("_csrf_token", "_kept")
BACK = "_kept"


class Kept(msgspec.Struct, frozen=True):
    """A form: whose, where it was to go, what was typed, when (UTC ms)."""

    account: str
    path: str
    typed: dict[str, str]
    at: int


def account_cookie(visit: Visit, account: str, *, secure: bool) -> Cookie:
    """Tells this browser, and nobody who looks into it, whose session it had; gone with a log-out (account "")."""
    value = visit.world.store.vault.sealed_by_master(COOKIE, account.encode()).hex() if account else ""
    age = COOKIE_SECONDS if account else 0
    return Cookie(COOKIE, value=value, max_age=age, httponly=True, samesite="lax", secure=secure)


def sealed(visit: Visit) -> str:
    """The form of this request, sealed for its log-in page; "" when there is none to keep."""
    request = visit.request
    typed = getattr(request.state, "typed", None)
    if not request.route_handler.opt.get("keeps") or typed is None:
        return ""
    account = _account(visit)
    if not account:
        return ""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    body = Kept(account, path, {k: v for k, v in typed.items() if k not in DROPPED}, visit.world.clock())
    return visit.world.store.vault.sealed_by_master(_bound(request), msgspec.json.encode(body)).hex()


def opened(visit: Visit, text: str) -> Kept | None:
    """What was sealed in this browser, if it was and is not too old."""
    body = _unsealed(visit, _bound(visit.request), text)
    if body is None:
        return None
    kept = msgspec.json.decode(body, type=Kept)
    return kept if visit.world.clock() - kept.at <= KEPT_MS else None


def check(form: Form) -> None:
    """Stop a form that has just come back, so that it is shown and not sent. Raises Refused("session.resumed")."""
    if form.values.get(BACK):
        raise Refused("session.resumed")


def _account(visit: Visit) -> str:
    found = _unsealed(visit, COOKIE, visit.request.cookies.get(COOKIE, ""))
    return found.decode() if found else ""


def _unsealed(visit: Visit, bound_to: str, text: str) -> bytes | None:
    try:
        box = bytes.fromhex(text)
    except ValueError:
        return None
    return visit.world.store.vault.unsealed(bound_to, box) if box else None


def _bound(request: Request[Any, Any, Any]) -> str:
    return f"kept {request.cookies.get(FORM_TOKEN, '')}"
