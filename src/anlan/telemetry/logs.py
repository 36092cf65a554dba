"""Logs: one JSON object a line on standard error. Ids, codes, route patterns and times; never a name, a number somebody
typed, an address with its query, or a body.

`who` and `request_id` belong to the request under way and stand on every line it writes.
"""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
from opentelemetry import trace

request_id: ContextVar[str] = ContextVar("request_id", default="")
who: ContextVar[str] = ContextVar("who", default="")
"""The account of the request under way."""
TALKATIVE = ("httpx", "httpx2", "httpcore", "httpcore2", "urllib3", "asyncio")
"""Libraries that write whole addresses below a warning."""


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send everything logged in this process, by whatever library, to a stream (standard error) as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Line())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def about(**values: str | int | float) -> dict[str, Any]:
    """What a line says beside its event: `log.info("request", extra=about(status=200))`."""
    return {"about": values}


class Line(logging.Formatter):
    """A record as one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The event, its level and time, and the request that it belongs to."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        line = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "at": at,
            **getattr(record, "about", {}),
        }
        if request := request_id.get():
            line["request"] = request
        if account := who.get():
            line["account"] = account
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            line["trace"] = f"{span.trace_id:032x}"
        return msgspec.json.encode(line | _error(record), enc_hook=str).decode()


def _error(record: logging.LogRecord) -> dict[str, Any]:
    """An exception by its type and place: its message may hold what a person said."""
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    frames, step = [], record.exc_info[2]
    while step is not None:
        frames.append(f"{step.tb_frame.f_code.co_filename}:{step.tb_lineno}")
        step = step.tb_next
    return {"error": record.exc_info[0].__name__, "frames": frames}
