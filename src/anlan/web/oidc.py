"""Single sign-on: to the organisation's provider and back, into an account that exists and is switched on; never a new
one. What was asked (state, nonce, PKCE verifier) waits in a sealed cookie for ten minutes and is good once."""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import Cookie
from litestar.response import Redirect

from anlan.api.limits import TRIES
from anlan.app import accounts
from anlan.app.accounts import SESSION_MS
from anlan.app.world import World
from anlan.loop.errors import Broken, Refused
from anlan.web.doors import inside, log_in_form, session_cookie
from anlan.web.visit import Visit

if TYPE_CHECKING:
    from anlan.links.oidc import Provider

COOKIE, BOUND = "anlan_oidc", "oidc asked"
ASKED_MS = 10 * 60_000
RANDOM_BYTES = 32


class Asked(msgspec.Struct, frozen=True):
    """What was asked of the provider, until when the answer is taken (UTC ms), and where the person wanted to go."""

    state: str
    nonce: str
    verifier: str
    onward: str
    until: int


def provider_of(request: Request[Any, Any, Any]) -> Provider:
    """The installation's provider. Raises Refused("oidc.off")."""
    provider: Provider | None = request.app.state.get("oidc")
    if provider is None:
        raise Refused("oidc.off")
    return provider


@get("/login/oidc", middleware=[TRIES.middleware])
async def begin(request: Request[Any, Any, Any]) -> Response[Any]:
    """To the provider."""
    visit, provider = Visit(request), provider_of(request)
    world = visit.world
    state, nonce, verifier = (_random(world) for _ in range(3))
    asked = Asked(state, nonce, verifier, inside(request.query_params.get("next", "")), world.clock() + ASKED_MS)
    try:
        address = await provider.address(state, nonce, verifier)
    except Refused as refused:
        return _failed(visit, asked.onward, refused)
    sealed = world.store.vault.sealed_by_master(BOUND, msgspec.json.encode(asked))
    value = base64.urlsafe_b64encode(sealed).decode()
    return Redirect(address, status_code=303, cookies=[_cookie(request, value, ASKED_MS // 1000)])


@get("/login/oidc/back", middleware=[TRIES.middleware])
async def back(request: Request[Any, Any, Any]) -> Response[Any]:
    """Back from the provider: a session, or the log-in page that says why not."""
    visit, provider = Visit(request), provider_of(request)
    onward = "/"
    try:
        asked = _asked(visit)
        onward = asked.onward
        token = await _session(visit, provider, asked)
    except Refused as refused:
        return _failed(visit, onward, refused)
    cookies = [session_cookie(request, token, SESSION_MS // 1000), _cookie(request, "", 0)]
    return Redirect(onward, status_code=303, cookies=cookies)


@get("/login/oidc/out")
async def out(request: Request[Any, Any, Any]) -> Response[Any]:
    """End the provider's session too; Anlan's own has ended before."""
    provider = provider_of(request)
    address = await provider.log_out_address(f"{provider.settings.url}/login")
    return Redirect(address or "/login", status_code=303)


async def _session(visit: Visit, provider: Provider, asked: Asked) -> str:
    """The token of a new session, once for what was asked. Raises Refused with what does not hold."""
    world, query = visit.world, visit.request.query_params
    if not hmac.compare_digest(query.get("state", "").encode(), asked.state.encode()):
        raise Refused("oidc.state_wrong")
    if world.clock() > asked.until:
        raise Refused("oidc.too_late")
    if query.get("iss", provider.settings.issuer).rstrip("/") != provider.settings.issuer:
        raise Refused("oidc.issuer_wrong")
    if query.get("error"):
        raise Refused("oidc.refused", why=query["error"][:60])
    once = sha256(f"oidc {asked.state}".encode()).digest()
    if world.store.read.request(once) is not None:
        raise Refused("oidc.state_used")
    account = await provider.account(query.get("code", ""), asked.verifier, asked.nonce)
    agent = visit.request.headers.get("user-agent", "")
    commit, token = accounts.log_in_from_outside(world, account, agent, once)
    done = await world.store.writer.write(commit)
    if done.replayed:
        raise Refused("oidc.state_used")
    return token


def _asked(visit: Visit) -> Asked:
    """What this browser asked. Raises Refused("oidc.state_wrong") for one that asked nothing."""
    try:
        box = base64.urlsafe_b64decode(visit.request.cookies.get(COOKIE, ""))
        return msgspec.json.decode(visit.world.store.vault.opened_by_master(BOUND, box), type=Asked)
    except (ValueError, IndexError, Broken, msgspec.DecodeError):
        raise Refused("oidc.state_wrong") from None


def _failed(visit: Visit, onward: str, refused: Refused) -> Response[Any]:
    words = visit.refusal(refused)
    answer = log_in_form(visit, 401, onward, error=words)
    answer.cookies.append(_cookie(visit.request, "", 0))
    return answer


def _cookie(request: Request[Any, Any, Any], value: str, seconds: int) -> Cookie:
    """Sent back only to these addresses; lax, since the provider sends the browser here from its own site."""
    plain = session_cookie(request, value, seconds)
    return Cookie(
        COOKIE, value=value, max_age=seconds, path="/login/oidc", httponly=True, samesite="lax", secure=plain.secure
    )


def _random(world: World) -> str:
    return base64.urlsafe_b64encode(world.random(RANDOM_BYTES)).rstrip(b"=").decode()
