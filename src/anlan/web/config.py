"""What the web gives the composition root: its routes, templates, tokens against forged forms, and its error pages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from litestar import Request, Response
from litestar.config.compression import CompressionConfig
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig

from anlan.api import problems
from anlan.api.access import Access
from anlan.api.framework import Routes
from anlan.app.world import World
from anlan.city.errors import CityError
from anlan.engines.errors import EngineError
from anlan.loop.domain import Domain
from anlan.loop.errors import Refused
from anlan.web import (
    account,
    bulk,
    callbacks,
    calls,
    charts,
    counted,
    doors,
    duty,
    export,
    figures,
    files,
    fresh,
    intake,
    ledger,
    matter,
    messages,
    oidc,
    people,
    public,
    queue,
    record,
    reports,
    saved,
    topics,
    units,
    wall,
    webhooks,
)
from anlan.web import map as map_
from anlan.web.csrf import MaskedTokens
from anlan.web.rail import rail
from anlan.web.refusals import on_city_error, on_failed, on_http, on_refused
from anlan.web.visit import YEAR_SECONDS

COMPRESSED_FROM, COMPRESSED_AT = 1_000, 4
"""Bytes, and gzip's level. What the API packs itself, and streams that must not wait, are left alone."""
HERE = Path(str(resources.files("anlan.web")))
STATIC, TEMPLATES = HERE / "static", HERE / "templates"
DOMAINS = HERE.parent / "domains"
"""Each line of work may have `templates/` (as `KEY/page.html`) and `static/` (as `/static/MARK/KEY/`) of its own."""
PAGES: list[Any] = [
    doors.log_in_page, doors.log_in, doors.log_out, doors.theme, oidc.begin, oidc.back, oidc.out,
    account.account_page, account.revoke, account.password, account.second_factor,
    record.readings, record.record,
    saved.home, saved.my_views, saved.keep, saved.read,
    queue.queue, fresh.rows, fresh.counts, fresh.whats_new, bulk.choose, bulk.act, export.export,
    matter.matter_page, matter.make_move, matter.undo, matter.contact, matter.merge,
    files.file_page, files.file_bytes, files.file_small,
    intake.intake_page, intake.save, intake.advice,
    callbacks.desk, callbacks.one, callbacks.contact, callbacks.dial, callbacks.attempt,
    calls.now, calls.extension,
    figures.measures, counted.counted,
    reports.list_reports, reports.define, reports.one_report, reports.make_now, reports.schedule, reports.download,
    map_.city_map, wall.wall,
    topics.topics,
    units.list_units, units.one_unit, duty.roster, duty.save, duty.take_out, duty.bring_in,
    people.list_people, people.new_person, people.add_person, people.one_person, people.change_person, people.rights,
    messages.messages, messages.again,
    webhooks.list_webhooks, webhooks.add, webhooks.change, webhooks.settle,
    ledger.heads,
    public.report_page, public.report, public.follow_page, public.follow, public.linked, public.rate, public.quiet,
]  # fmt: skip


def routes(domains: Mapping[str, Domain]) -> list[Any]:
    """The pages, the house's and those of the lines of work, and what they are drawn with."""
    handlers: dict[Any, Any] = {
        Refused: on_refused,
        CityError: on_city_error,
        EngineError: on_city_error,
        HTTPException: on_http,
        500: on_failed,
    }
    mine = [page for domain in domains.values() for page in domain.page_routes]
    pages = Routes("/", route_handlers=[*PAGES, *mine], exception_handlers=handlers, include_in_schema=False)
    cache = CacheControlHeader(public=True, max_age=YEAR_SECONDS, immutable=True)
    folders = {"": STATIC} | {f"/{key}": folder for key in domains if (folder := DOMAINS / key / "static").is_dir()}
    static = [
        create_static_files_router(
            f"/static/{build_mark()}{under}",
            [folder],
            cache_control=cache,
            include_in_schema=False,
            name=f"static{under}",
        )
        for under, folder in folders.items()
    ]
    return [pages, *static]


def web_config(world: World) -> dict[str, Any]:
    """Keywords for Litestar: add `route_handlers` to the API's, and `exception_handlers` for what has no route."""
    csrf = CSRFConfig(
        secret=world.store.vault.blind("web.csrf").hex(),
        cookie_name="anlan_csrf",
        cookie_httponly=True,
        exclude=["^/api/", "^/open311/", "^/ledger/", "^/static/", "^/healthz", "^/readyz", "^/metrics"],
    )
    return {
        "route_handlers": routes(world.domains),
        "template_config": TemplateConfig(instance=templates()),
        "middleware": [DefineMiddleware(MaskedTokens, config=csrf), Access],
        "compression_config": CompressionConfig(
            "gzip", COMPRESSED_FROM, gzip_compress_level=COMPRESSED_AT, exclude=["^/live", "^/api/"]
        ),
        "exception_handlers": {HTTPException: on_missing},
    }


def templates() -> JinjaTemplateEngine:
    """Templates: everything escaped, an unknown name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(TEMPLATES), jinja2.PrefixLoader(_of_domains())]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(rail=rail, build=build_mark(), has_assets=has_assets(), zip=zip, chart_path=charts.path)
    return JinjaTemplateEngine.from_environment(environment)


def _of_domains() -> dict[str, jinja2.BaseLoader]:
    return {path.parent.name: jinja2.FileSystemLoader(path) for path in sorted(DOMAINS.glob("*/templates"))}


def has_assets() -> bool:
    """Whether `make assets` got what maps and charts are drawn with."""
    return (STATIC / "vendor" / ".ready").exists()


@cache
def build_mark() -> str:
    """A mark of the static files. It stands in their address, before the name, so that what a script imports by a
    relative address carries it too and a cached file is never an old one."""
    mark = sha256()
    for path in (*sorted(STATIC.rglob("*.*")), *sorted(DOMAINS.glob("*/static/*.*"))):
        mark.update(path.read_bytes())
    return mark.hexdigest()[:12]


def on_missing(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """An address nobody answers: a page for people, a problem below /api."""
    if request.url.path.startswith(("/api/", "/open311/")):
        return problems.on_http(request, error)
    return on_http(request, error)
