"""Logs: one JSON object a line on standard error. Ids, codes, route patterns and times; never a name, a number somebody
typed, an address with its query, or a body.

`who` and `request_id` belong to the request under way and stand on every line it writes.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any, TextIO

import msgspec
import structlog
from opentelemetry import trace

request_id: ContextVar[str] = ContextVar("request_id", default="")
who: ContextVar[str] = ContextVar("who", default="")
"""The account of the request under way."""
TALKATIVE = ("httpx", "httpx2", "httpcore", "httpcore2", "urllib3", "asyncio")
"""Libraries that write whole addresses below a warning."""


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send everything logged in this process, by whatever library, to a stream (standard error) as JSON lines."""
    processors: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper("iso", utc=True, key="at"),
        _context,
        _errors,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _line],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *processors,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _context(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """The request that this line belongs to."""
    if request := request_id.get():
        event.setdefault("request", request)
    if account := who.get():
        event.setdefault("account", account)
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace"] = f"{span.trace_id:032x}"
    return event


def _errors(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """An exception by its type and place: its message may hold what a person said."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if isinstance(info, tuple) and info[0] is not None:
        frames, step = [], info[2]
        while step is not None:
            frames.append(f"{step.tb_frame.f_code.co_filename}:{step.tb_lineno}")
            step = step.tb_next
        event |= {"error": info[0].__name__, "frames": frames}
    return event


def _line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return msgspec.json.encode(dict(event), enc_hook=str).decode()
