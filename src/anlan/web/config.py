"""What the web gives the composition root: its routes, templates, tokens against forged forms, and its error pages."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from litestar import Request, Response, Router
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import HTTPException
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig

from anlan.api import problems
from anlan.app.world import World
from anlan.city.errors import CityError
from anlan.engines.errors import EngineError
from anlan.loop.errors import Refused
from anlan.web import (
    account,
    bulk,
    callbacks,
    counted,
    doors,
    export,
    figures,
    intake,
    matter,
    public,
    queue,
    topics,
    wall,
)
from anlan.web import map as map_
from anlan.web.rail import rail
from anlan.web.refusals import on_city_error, on_failed, on_http, on_refused
from anlan.web.visit import YEAR_SECONDS

HERE = Path(str(resources.files("anlan.web")))
STATIC, TEMPLATES = HERE / "static", HERE / "templates"
PAGES: list[Any] = [
    doors.log_in_page, doors.log_in, doors.log_out, doors.theme,
    account.account_page, account.revoke, account.password, account.second_factor, account.readings,
    queue.home, queue.queue, bulk.choose, bulk.act, export.export,
    matter.matter_page, matter.make_move, matter.contact, matter.merge,
    intake.intake_page, intake.save, intake.advice,
    callbacks.desk, callbacks.one, callbacks.contact, callbacks.attempt,
    figures.measures, counted.counted,
    map_.city_map, wall.wall,
    topics.topics,
    public.report_page, public.report, public.follow_page, public.follow, public.rate,
]  # fmt: skip


def routes() -> list[Any]:
    """The pages and what they are drawn with."""
    handlers: dict[Any, Any] = {
        Refused: on_refused,
        CityError: on_city_error,
        EngineError: on_city_error,
        HTTPException: on_http,
        500: on_failed,
    }
    pages = Router("/", route_handlers=PAGES, exception_handlers=handlers, include_in_schema=False)
    cache = CacheControlHeader(public=True, max_age=YEAR_SECONDS, immutable=True)
    path = f"/static/{build_mark()}"
    files = create_static_files_router(path, [STATIC], cache_control=cache, include_in_schema=False)
    return [pages, files]


def web_config(world: World) -> dict[str, Any]:
    """Keywords for Litestar: add `route_handlers` to the API's, and `exception_handlers` for what has no route."""
    secret = world.store.vault.blind("web.csrf").hex()
    return {
        "route_handlers": routes(),
        "template_config": TemplateConfig(instance=templates()),
        "csrf_config": CSRFConfig(
            secret=secret,
            cookie_name="anlan_csrf",
            cookie_httponly=True,
            exclude=["^/api/", "^/open311/", "^/static/", "^/healthz"],
        ),
        "exception_handlers": {HTTPException: on_missing},
    }


def templates() -> JinjaTemplateEngine:
    """Templates: everything escaped, an unknown name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(rail=rail, build=build_mark(), has_assets=has_assets(), zip=zip)
    return JinjaTemplateEngine.from_environment(environment)


def has_assets() -> bool:
    """Whether `make assets` got what maps and charts are drawn with."""
    return (STATIC / "vendor" / ".ready").exists()


@cache
def build_mark() -> str:
    """A mark of the static files. It stands in their address, before the name, so that what a script imports by a
    relative address carries it too and a cached file is never an old one."""
    mark = sha256()
    for path in sorted(STATIC.rglob("*.*")):
        mark.update(path.read_bytes())
    return mark.hexdigest()[:12]


def on_missing(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """An address nobody answers: a page for people, a problem below /api."""
    if request.url.path.startswith(("/api/", "/open311/")):
        return problems.on_http(request, error)
    return on_http(request, error)
