"""One visit to a page: who asks, in which language and theme, at what minute; and the page that answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Request
from litestar.datastructures import Cookie
from litestar.response import Template

from anlan.api.access import note
from anlan.api.who import session
from anlan.app import look
from anlan.app.world import World
from anlan.city.errors import CityError
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import shown
from anlan.loop.working_calendar import minute_of
from anlan.store.read import Shape
from anlan.web.language import LANGUAGES, Strings, strings
from anlan.web.names import Names
from anlan.web.timing import Times
from anlan.web.waterline import bar, ticks

LANGUAGE_COOKIE, THEME_COOKIE = "anlan_language", "anlan_theme"
THEMES = ("light", "dark")
YEAR_SECONDS = 365 * 24 * 3600
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""On every page: nothing inline runs, nothing from elsewhere loads, nothing personal stays in a cache."""

WebRequest = Request[Any, Any, Any]


class Visit:
    """What every page needs to answer this request."""

    def __init__(self, request: WebRequest) -> None:
        self.request = request
        self.world: World = request.app.state.world
        self.pos = self.world.store.outbox.last()
        """What happened after this may not be on the page: it asks for it."""
        self.language = language_of(request)
        self.theme = theme if (theme := request.cookies.get(THEME_COOKIE, "")) in THEMES else "light"
        self.t: Strings = strings(self.language, tuple(self.world.domains))
        self.now = minute_of(self.world.clock())
        self.times = Times(self.now, self.t, self.world.calendar)
        self.names = Names(self.world, self.t)

    @property
    def actor_or_none(self) -> Actor | None:
        """Whose session this is, if anyone's."""
        return session(self.request)

    @property
    def actor(self) -> Actor:
        """Whose session this is. Raises Refused("token.missing")."""
        if self.actor_or_none is None:
            raise Refused("token.missing")
        return self.actor_or_none

    def refusal(self, error: Refused | CityError, domain: str = "") -> str:
        """What a page says of a refusal that it shows itself; a denial goes on the ledger."""
        if isinstance(error, Refused):
            note(self.request, error)
        return self.names.refusal(error.code, dict(error.params), domain)

    def may(self, action: str) -> bool:
        """Whether the actor may do this to any matter at all."""
        return bool(self.actor_or_none and self.world.grants.relations(self.actor_or_none, action))

    def counted(self, shape: Shape, at_most: int = 1000) -> str:
        """How many the actor may see of a shape: 23, or 999+."""
        count = self.world.store.read.count(look.narrowed(self.world, self.actor, shape), at_most)
        return f"{count}" if count < at_most else f"{at_most - 1}+"

    def with_query(self, **changed: Any) -> str:
        """This address with some of its query replaced; None or "" takes a part away."""
        query: dict[str, Any] = {
            k: v for k, v in sorted(self.request.query_params.multi_items()) if k not in {"lang", "moved"}
        }
        kept = {k: v for k, v in (query | changed).items() if v is not None and v != ""}
        return f"{self.request.url.path}?{urlencode(kept)}" if kept else self.request.url.path

    @property
    def here(self) -> str:
        """This address, to come back to; where a form was sent, the page it was on."""
        if self.request.method == "GET":
            return self.with_query()
        page = urlsplit(self.request.headers.get("referer", ""))
        if page.netloc != self.request.headers.get("host", "") or not page.path.startswith("/"):
            return "/"
        return f"{page.path}?{page.query}" if page.query else page.path

    def page(self, template: str, status: int = 200, **context: Any) -> Template:
        """The page of that template."""
        every = {
            "visit": self, "t": self.t, "times": self.times, "names": self.names, "actor": self.actor_or_none,
            "shown": shown, "bar": bar, "ticks": ticks(),
        }  # fmt: skip
        wish = self.request.query_params.get("lang", "")
        cookies = (
            [Cookie(LANGUAGE_COOKIE, value=wish, max_age=YEAR_SECONDS, samesite="lax")] if wish in LANGUAGES else []
        )
        headers = HEADERS | {"Content-Language": self.language}
        return Template(
            template,
            context=every | context,
            status_code=status,
            media_type="text/html",
            headers=headers,
            cookies=cookies,
        )


def language_of(request: WebRequest) -> str:
    """?lang=, else the cookie, else the browser's first wish; zh otherwise."""
    wishes = (request.query_params.get("lang", ""), request.cookies.get(LANGUAGE_COOKIE, ""))
    for wish in wishes:
        if wish in LANGUAGES:
            return str(wish)
    return "en" if request.headers.get("accept-language", "").lower().startswith("en") else "zh"
