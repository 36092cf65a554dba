"""My account: where I am logged in, ending a session, a new password."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect, Template

from anlan.api.limits import TRIES
from anlan.api.who import SESSION_COOKIE, address_of
from anlan.app import accounts, second
from anlan.app.guesses import guarded
from anlan.loop.errors import Refused
from anlan.web.forms import form_of
from anlan.web.visit import Visit

BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Macintosh", "Linux")


@get("/account")
async def account_page(request: Request[Any, Any, Any]) -> Template:
    """Sessions and password."""
    return _page(Visit(request))


@post("/account/revoke", status_code=200)
async def revoke(request: Request[Any, Any, Any]) -> Response[Any]:
    """End one of the own sessions."""
    visit, form = Visit(request), await form_of(request)
    await visit.world.store.writer.write(accounts.revoke(visit.world, visit.actor.id, form.text("mark")))
    return Redirect("/account", status_code=303)


@post("/account/password", status_code=200, middleware=[TRIES.middleware])
async def password(request: Request[Any, Any, Any]) -> Response[Any]:
    """A new password; the other sessions end."""
    visit, form = Visit(request), await form_of(request)
    keep = request.cookies.get(SESSION_COOKIE, "")
    try:
        prove = partial(accounts.change_password, visit.world, visit.actor.id, form.raw("old"), form.raw("new"), keep)
        commit = await guarded(visit.world, visit.actor.id, address_of(request), prove)
    except Refused as refused:
        if refused.code not in {"account.wrong", "account.password_short", "tries.wait"}:
            raise
        return _page(visit, error=visit.refusal(refused))
    await visit.world.store.writer.write(commit)
    return _page(visit, done=True)


@post("/account/second", status_code=200, middleware=[TRIES.middleware])
async def second_factor(request: Request[Any, Any, Any]) -> Response[Any]:
    """Turn the second factor on (with a code of the secret that was shown) or off (with the password)."""
    visit, form = Visit(request), await form_of(request)
    world, who = visit.world, visit.actor.id
    try:
        if form.text("do") == "off":
            prove = partial(accounts.drop_second, world, who, form.raw("old"))
            commit = await guarded(world, who, address_of(request), prove)
        else:
            secret = second.typed_secret(form.text("secret"))
            commit = accounts.set_second(world, who, secret, form.text("code").replace(" ", ""))
    except ValueError:
        return _page(visit, error=visit.names.refusal("account.code_wrong", {}))
    except Refused as refused:
        if refused.code not in {"account.wrong", "account.code_wrong", "tries.wait"}:
            raise
        return _page(visit, error=visit.refusal(refused))
    await world.store.writer.write(commit)
    return Redirect("/account", status_code=303)


def _page(visit: Visit, error: str = "", *, done: bool = False) -> Template:
    has_second = visit.world.store.read.second(visit.actor.id) is not None
    secret = b"" if has_second else visit.world.random(second.SECRET_BYTES)
    own = accounts.token_hash(visit.request.cookies.get(SESSION_COOKIE, "")).hex()
    return visit.page(
        "account.html", 422 if error else 200, sessions=accounts.sessions(visit.world, visit.actor.id), own=own,
        error=error, done=done, has_second=has_second, secret=second.shown_secret(secret),
        uri=second.uri_of(secret, visit.actor.id), program=program,
        extension=visit.world.store.calls.extension_of(visit.actor.id),
    )  # fmt: skip


def program(agent: str) -> str:
    """A browser's long name for itself, short: Chrome, Linux. Anything else as it says."""
    browser = next((short for mark, short in BROWSERS if f"{mark}/" in agent), "")
    system = next((name for name in SYSTEMS if name in agent), "")
    return ", ".join(part for part in (browser, system) if part) if browser else agent
