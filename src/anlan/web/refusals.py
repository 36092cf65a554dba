"""How a refusal looks on a page: its words, the way back; those who are not logged in are asked to."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from anlan.api import problems
from anlan.api.access import note
from anlan.city.errors import CityError
from anlan.engines.errors import EngineError
from anlan.loop.errors import Refused
from anlan.telemetry import metrics
from anlan.web import kept
from anlan.web.doors import log_in_form
from anlan.web.visit import Visit

status_of = problems.status_of


def on_refused(request: Request[Any, Any, Any], refused: Refused) -> Response[Any]:
    """The page that says no; the log-in for those who have no session."""
    metrics.REFUSED.labels(refused.code).inc()
    visit = Visit(request)
    if refused.code == "token.missing":
        note(request, refused)
        if form := kept.sealed(visit):
            return log_in_form(visit, 401, visit.here, error=visit.t("kept.expired"), typed=form)
        onward = f"?next={quote(visit.here, safe='')}" if visit.here != "/" else ""
        return Redirect(f"/login{onward}", status_code=303)
    return _page(visit, status_of(refused), visit.refusal(refused))


def on_city_error(request: Request[Any, Any, Any], error: CityError | EngineError) -> Response[Any]:
    """A place, a unit or a question that cannot be."""
    visit = Visit(request)
    return _page(visit, 422, visit.names.refusal(error.code, dict(error.params)))


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the framework refuses: no such page, a form without its token, too many tries."""
    visit = Visit(request)
    status = error.status_code
    key = f"http.{status}"
    return _page(visit, status, visit.t(key if key in visit.t else "http.other"))


def on_failed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A bug of ours: it is in the log; the person is told plainly."""
    problems.log_failure(request, error)
    visit = Visit(request)
    return _page(visit, 500, visit.t("http.500"))


def _page(visit: Visit, status: int, words: str) -> Response[Any]:
    return visit.page("refused.html", status, words=words, code=status)
