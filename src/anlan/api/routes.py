"""The addresses of API v1, and how its errors are worded."""

from __future__ import annotations

from typing import Any

from litestar.exceptions import HTTPException

from anlan.api import (
    calls,
    city,
    files,
    health,
    intakes,
    ledger,
    live,
    matters,
    messages,
    open311,
    points,
    problems,
    sessions,
    today,
    webhooks,
)
from anlan.city.errors import CityError
from anlan.engines.errors import EngineError
from anlan.loop.errors import Refused

ROUTES: list[Any] = [
    intakes.hand_in,
    matters.list_matters,
    matters.one_matter,
    points.matter_points,
    points.matter_titles,
    today.today,
    city.areas,
    city.roads,
    city.places,
    city.units,
    matters.make_move,
    matters.open_child,
    matters.merge,
    matters.undo,
    matters.unmask,
    files.hand_in,
    files.one_file,
    messages.answer,
    calls.call,
    sessions.log_in,
    sessions.me,
    sessions.follow,
    sessions.echo,
    health.alive,
    health.ready,
    health.scraped,
    webhooks.list_webhooks,
    webhooks.add,
    webhooks.change,
    webhooks.settle,
    ledger.heads,
    ledger.checkpoint,
    ledger.cosigned,
    ledger.one_tile,
    ledger.proof,
    ledger.cosign,
    live.live,
    live.facts,
    open311.services,
    open311.hand_in,
    open311.one,
]
ON_ERROR: dict[Any, Any] = {
    Refused: problems.on_refused,
    CityError: problems.on_city_error,
    EngineError: problems.on_city_error,
    HTTPException: problems.on_http,
    500: problems.on_failed,
}
