"""Access: what each address needs (`access.toml`), asked before anything else is done; what is not declared is refused.

Who asks is looked up afresh for each request. Denials, this table's and the loop's alike, are on the ledger before the
answer goes out.
"""

from __future__ import annotations

import asyncio
import tomllib
from functools import cache
from importlib import resources
from itertools import cycle
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from anlan.api.body import typed_in
from anlan.api.who import actor, bearer, reader, session, world_of
from anlan.app.denials import tell
from anlan.loop.denial import DENIED, NOBODY, Denial
from anlan.loop.errors import Refused
from anlan.loop.fact import whole
from anlan.loop.grants import Actor

BODY_SECONDS = 30.0
"""A telephone on a poor line sends four megabytes in it."""
APART = cycle(n / 64 for n in range(64))
"""Seconds more: bodies that began together are not given up in one moment."""
ANYONE, ACCOUNT = "anyone", "account"


class Need(msgspec.Struct, frozen=True):
    """What an address needs: one of `actions`; `by` says how its caller is known: page, token or either."""

    by: str
    actions: tuple[str, ...]


@cache
def table() -> dict[str, Need]:
    """By method and path pattern ("GET /queue"; a last `*` stands for the rest): this table, and those that lines of
    work have beside their pages."""
    lines = sorted(resources.files("anlan").joinpath("domains").iterdir(), key=lambda folder: folder.name)
    tables = [resources.files("anlan.api").joinpath("access.toml"), *(line.joinpath("access.toml") for line in lines)]
    return {
        address: Need(by, tuple(actions.split()))
        for table in tables
        if table.is_file()
        for by, needs in tomllib.loads(table.read_text("utf-8")).items()
        for actions, addresses in needs.items()
        for address in addresses
    }


@cache
def need_of(method: str, path: str) -> Need | None:
    """What an address needs; None where nobody has said. To ask which methods there are, nobody needs anything."""
    if method == "OPTIONS":
        return Need("page", (ANYONE,))
    known = table().get(f"{method} {path}")
    starred = (need for at, need in table().items() if at.endswith("*") and f"{method} {path}".startswith(at[:-1]))
    return known or next(starred, None)


class Access:
    """The middleware that asks."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or go on."""
        if not scope["path"].isprintable():
            raise NotFoundException  # a control character names nothing, and breaks what looks for files
        receive = in_time(receive)
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        request.state.denials = []
        try:
            admit(request)
        except Refused as refused:
            if refused.code == "token.missing" and request.route_handler.opt.get("keeps"):
                await typed_in(request)
            note(request, refused)
            await _told(request)
            raise

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                await _told(request)
            await send(message)

        await self.app(scope, receive, answer)


def in_time(receive: Receive) -> Receive:
    """The way a body comes in: all of it within `BODY_SECONDS` or a second more; what follows it may take its time.

    Raises Refused("body.too_slow"): the connection is of no more use then.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + BODY_SECONDS + next(APART)
    whole_body = False

    async def received() -> Any:
        nonlocal whole_body
        if whole_body:
            return await receive()
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise Refused("body.too_slow", seconds=int(BODY_SECONDS)) from None
        whole_body = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    return received


def admit(request: Request[Any, Any, Any]) -> None:
    """Refuse who may not call this address. Raises Refused: access.undeclared, token.missing, access.denied."""
    need = need_of(request.scope["method"], pattern(request))
    if need is None:
        raise Refused("access.undeclared")
    if need.actions == (ANYONE,):
        return
    who = {"page": _in_session, "token": actor, "either": reader}[need.by](request)
    grants = world_of(request).grants
    if need.actions != (ACCOUNT,) and not any(grants.relations(who, action) for action in need.actions):
        raise Refused("access.denied", action=need.actions[0])


def pattern(request: Request[Any, Any, Any]) -> str:
    """The address as it was declared, without what stands in its places."""
    return str(request.scope["path_template"])


def note(request: Request[Any, Any, Any], refused: Refused) -> None:
    """Keep a denial for the ledger; any other refusal is none."""
    if refused.code not in DENIED:
        return
    matter = _matter(request, refused)
    if refused.code == "matter.unknown" and not matter:
        return
    who = session(request) or bearer(request)
    params = refused.params
    action = str(params.get("action") or params.get("move") or "")
    endpoint = f"{request.scope['method']} {pattern(request)}"
    request.state.denials.append(Denial(who.id if who else NOBODY, action, refused.code, endpoint, matter))


def _in_session(request: Request[Any, Any, Any]) -> Actor:
    found = session(request)
    if found is None:
        raise Refused("token.missing")
    return found


def _matter(request: Request[Any, Any, Any], refused: Refused) -> int:
    """The matter it was about, if there is one of that number."""
    path = request.path_params
    said = refused.params.get("matter") or path.get("number") or path.get("shown_number", "")
    number = whole(str(said).replace("-", "")) or 0
    known = number and world_of(request).store.read.is_matter(number)
    return number if known else 0


async def _told(request: Request[Any, Any, Any]) -> None:
    denials: list[Denial] = request.state.denials
    while denials:
        await tell(world_of(request), denials.pop(0))
