"""Traces: spans around a request, handling an intent, a commit and every call to the outside (OpenTelemetry's API).

Without an SDK in the process no span is made; a bureau that wants them starts Anlan under
`opentelemetry-instrument`. What comes in with a W3C `traceparent` is taken up, and goes on with every call out.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()


@contextmanager
def span(name: str, kind: SpanKind = SpanKind.INTERNAL, **about: str | int) -> Iterator[Span]:
    """A span around what is done inside. `about`: ids and codes only."""
    if not _collected():
        yield INVALID_SPAN
        return
    with trace.get_tracer("anlan").start_as_current_span(
        name, kind=kind, attributes=about, record_exception=False, set_status_on_exception=False
    ) as made:
        yield made


@contextmanager
def request_span(traceparent: str) -> Iterator[Span]:
    """The span of a request that may belong to a caller's trace. Its name is given when the route is known."""
    if not traceparent and not _collected():
        yield INVALID_SPAN
        return
    context = _propagator.extract({"traceparent": traceparent}) if traceparent else None
    with trace.get_tracer("anlan").start_as_current_span(
        "request", context, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
    ) as made:
        yield made


def _collected() -> bool:
    """Whether an SDK is in the process."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def carried(headers: MutableMapping[str, str]) -> MutableMapping[str, str]:
    """The headers of a call out, with the trace it belongs to."""
    _propagator.inject(headers)
    return headers
