"""Errors as RFC 9457 problems: a stable `code`, a status, and the text in the reader's language."""

from __future__ import annotations

import logging
import tomllib
import traceback
from functools import cache
from importlib import resources
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from anlan.api.access import note
from anlan.city.errors import CityError
from anlan.engines.errors import EngineError
from anlan.loop.errors import Conflict, Refused
from anlan.telemetry import metrics

STATUS = {
    "access.denied": 403,
    "access.masked": 403,
    "access.undeclared": 403,
    "access.confidential": 403,
    "move.not_yours": 403,
    "account.wrong": 401,
    "account.code_missing": 401,
    "account.code_wrong": 401,
    "oidc.off": 404,
    "account.once": 401,
    "account.once_over": 401,
    "people.unknown": 404,
    "report.unknown": 404,
    "report.no_file": 404,
    "report.not_yours": 403,
    "people.own": 403,
    "unit.unknown": 404,
    "standby.unknown": 404,
    "patrol.unknown": 404,
    "campaign.moved_on": 409,
    "duty.changed": 409,
    "report.file_lost": 500,
    "token.missing": 401,
    "tries.wait": 429,
    "body.too_slow": 408,
    "metrics.closed": 403,
    "matter.unknown": 404,
    "channel.unknown": 404,
    "follow.unknown": 404,
    "file.unknown": 404,
    "message.unknown": 404,
    "call.unknown": 404,
    "call.no_link": 503,
    "webhook.unknown": 404,
    "webhook.no_letter": 404,
    "file.too_large": 413,
    "file.no_room": 507,
    "request.key_reused": 422,
    "body.too_large": 413,
    "cap.too_large": 413,
    "store.full": 507,
    "store.busy": 503,
    "live.too_many": 503,
    "server.stopping": 503,
    "store.failed": 503,
    "ledger.unknown": 404,
    "ledger.no_fact": 404,
    "ledger.no_tile": 404,
    "ledger.not_cosigned": 404,
    "ledger.not_signed_yet": 409,
    "move.not_in_stage": 409,
    "matter.closed": 409,
    "callback.already_final": 409,
}
OTHERWISE = 422
_log = logging.getLogger("anlan")
BY_STATUS = {404: "address.unknown", 405: "method.not_allowed", 413: "body.too_large", 429: "tries.too_many"}


class Problem(msgspec.Struct):
    """RFC 9457, with Anlan's `code` and the parameters its text was made from."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    params: dict[str, Any]


def status_of(refused: Refused) -> int:
    """The HTTP status of a refusal."""
    return 409 if isinstance(refused, Conflict) else STATUS.get(refused.code, OTHERWISE)


@cache
def texts(language: str) -> dict[str, str]:
    """Texts of error codes in a language."""
    source = resources.files("anlan.api").joinpath(f"errors.{language}.toml").read_text("utf-8")
    return {key: str(value) for key, value in tomllib.loads(source).items()}


def text_of(code: str, params: dict[str, Any], language: str) -> str:
    """The words for a code; the code itself where a text is missing a parameter."""
    text = texts(language).get(code, code)
    try:
        return text.format(**params)
    except (KeyError, IndexError):
        return text


def language_of(request: Request[Any, Any, Any]) -> str:
    """zh unless English is asked for first."""
    return "en" if request.headers.get("accept-language", "").lower().startswith("en") else "zh"


def on_refused(request: Request[Any, Any, Any], refused: Refused) -> Response[bytes]:
    """A refusal as a problem."""
    note(request, refused)
    metrics.REFUSED.labels(refused.code).inc()
    return problem(request, status_of(refused), refused.code, refused.params)


def on_city_error(request: Request[Any, Any, Any], error: CityError | EngineError) -> Response[bytes]:
    """A place, a unit or a question that cannot be: a problem of the caller's making."""
    return problem(request, OTHERWISE, error.code, dict(error.params))


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the framework refuses, by our codes: a parameter of the wrong type, no such address, too many tries."""
    if isinstance(error, ValidationException):
        found = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
        return problem(request, 422, "query.invalid", {"field": found.get("key", ""), "why": found.get("message", "")})
    code = BY_STATUS.get(error.status_code, "server.failed" if error.status_code >= 500 else "request.invalid")
    params = {"path": request.url.path, "method": request.method} if error.status_code in {404, 405} else {}
    return problem(request, error.status_code, code, params)


def on_failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A bug of ours: it is in the log, and nothing of it in the answer."""
    log_failure(request, error)
    return problem(request, 500, "server.failed", {})


def log_failure(request: Request[Any, Any, Any], error: Exception) -> None:
    """Where a bug of ours struck, without its message, which may hold what a person said."""
    metrics.FAILED.inc()
    where = "".join(traceback.format_tb(error.__traceback__))
    route = request.scope.get("path_template", "")
    _log.error("%s %s failed with %s\n%s", request.method, route, type(error).__name__, where)


async def only_known(request: Request[Any, Any, Any]) -> None:  # not async, it would wait for a thread every time
    """Refuse a query parameter that the address does not know: a mistyped filter must not become "everything"."""
    if request.scope["query_string"] and request.url.path.startswith("/api/"):
        known = request.route_handler.parsed_fn_signature.parameters
        for name in request.query_params:
            if name not in known:
                raise Refused("field.unknown", field=name)


def problem(request: Request[Any, Any, Any], status: int, code: str, params: dict[str, Any]) -> Response[bytes]:
    """The answer with that code."""
    language = language_of(request)
    body = Problem(
        type=f"/problems/{code}",
        title=texts(language).get("problem", "Problem"),
        status=status,
        code=code,
        detail=text_of(code, params, language),
        params=params,
    )
    headers = {"Content-Language": language, **({"Retry-After": "5"} if status in {503, 507} else {})}
    if "seconds" in params:
        headers["Retry-After"] = str(params["seconds"])
    return Response(
        msgspec.json.encode(body), status_code=status, media_type="application/problem+json", headers=headers
    )
