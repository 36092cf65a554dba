"""In and out: log-in, log-out, the choice of theme. The session is a cookie no script can read."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect, Template

from anlan.api.limits import TRIES
from anlan.api.who import SESSION_COOKIE, address_of, is_secure
from anlan.app import accounts, seen
from anlan.app.accounts import SESSION_MS
from anlan.app.guesses import guarded
from anlan.loop.errors import Refused
from anlan.web import kept
from anlan.web.forms import form_of
from anlan.web.visit import THEME_COOKIE, THEMES, YEAR_SECONDS, Visit


@get("/login")
async def log_in_page(request: Request[Any, Any, Any]) -> Template:
    """The log-in form."""
    visit = Visit(request)
    return log_in_form(visit, 200, inside(request.query_params.get("next", "")))


@post("/login", status_code=200, middleware=[TRIES.middleware])
async def log_in(request: Request[Any, Any, Any]) -> Response[Any]:
    """A session for an account and its password, and on to where the person wanted to go. A password that was given by
    an administrator is good once: the form comes back and asks for the owner's own."""
    visit, form = Visit(request), await form_of(request)
    account, onward = form.text("account"), inside(form.text("next"))
    try:
        agent, code = request.headers.get("user-agent", ""), form.text("code").replace(" ", "")
        told = (visit.world, account, form.raw("password"))
        if form.raw("new"):
            prove = partial(accounts.first_password, *told, form.raw("new"), agent, code)
        else:
            prove = partial(accounts.log_in, *told, agent, code)
        commit, token = await guarded(visit.world, account, address_of(request), prove)
        commit.rows += seen.forgotten(account, visit.world.clock())
        commit.rows += accounts.left(request.cookies.get(SESSION_COOKIE, ""))
        await visit.world.store.writer.write(commit)
    except Refused as refused:
        error = visit.refusal(refused)
        choose = refused.code == "account.once" or bool(form.raw("new"))
        return log_in_form(visit, 401, onward, account, error, choose=choose, typed=form.raw("kept"))
    cookies = [session_cookie(request, token, SESSION_MS // 1000)]
    cookies.append(kept.account_cookie(visit, account, secure=is_secure(request)))
    if found := kept.opened(visit, form.raw("kept")):
        page = visit.page("resume.html", next=onward, kept=found if found.account == account else None)
        page.cookies = [*page.cookies, *cookies]
        return page
    return Redirect(onward, status_code=303, cookies=cookies)


def log_in_form(
    visit: Visit,
    status: int,
    onward: str,
    account: str = "",
    error: str = "",
    *,
    choose: bool = False,
    typed: str = "",
) -> Template:
    """The log-in form; with `choose`, it asks for a new password beside the one that was good once;
    `typed` is a form that waits for its person (`kept`)."""
    outside = visit.request.app.state.get("oidc") is not None
    left = outside and visit.request.query_params.get("left") == "oidc"
    return visit.page(
        "login.html",
        status,
        next=onward,
        account=account,
        error=error,
        choose=choose,
        outside=outside,
        left=left,
        kept=typed,
    )


@post("/logout", status_code=200)
async def log_out(request: Request[Any, Any, Any]) -> Response[Any]:
    """End the session, here and on the server. Who came from the provider is shown the way to end that one too: the
    pages' policy lets no form lead off this site."""
    visit = Visit(request)
    onward = "/login"
    if visit.actor_or_none is not None:
        token = request.cookies[SESSION_COOKIE]
        if accounts.kind_of(visit.world, visit.actor.id, token) == "oidc":
            onward = "/login?left=oidc"
        await visit.world.store.writer.write(accounts.log_out(visit.world, token, visit.actor.id))
    cookies = [session_cookie(request, "", 0), kept.account_cookie(visit, "", secure=is_secure(request))]
    return Redirect(onward, status_code=303, cookies=cookies, headers={"Clear-Site-Data": '"cache", "storage"'})


@get("/theme")
async def theme(request: Request[Any, Any, Any]) -> Response[Any]:
    """Choose light or dark, and back."""
    to = request.query_params.get("to", "")
    chosen = to if to in THEMES else "light"
    back = inside(request.query_params.get("next", ""))
    cookie = Cookie(THEME_COOKIE, value=chosen, max_age=YEAR_SECONDS, samesite="lax")
    return Redirect(back, status_code=303, cookies=[cookie])


def session_cookie(request: Request[Any, Any, Any], token: str, seconds: int) -> Cookie:
    """The session's cookie; Secure where the page came over https."""
    secure = is_secure(request)
    return Cookie(SESSION_COOKIE, value=token, max_age=seconds, httponly=True, samesite="lax", secure=secure)


def inside(address: str) -> str:
    """An address of this site, or the first page: a log-in never sends anyone elsewhere."""
    ok = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if ok and not any(c in address for c in "\r\n\t") else "/"
