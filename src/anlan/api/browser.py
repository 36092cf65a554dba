"""What a browser must know of any answer: no guessing at types, no frames, nothing to run; https only, if it came so.

an answer says itself stands."""

from __future__ import annotations

from typing import Any

GUARDS = {
    b"x-content-type-options": b"nosniff",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    b"referrer-policy": b"same-origin",
}
HTTPS_ONLY = {b"strict-transport-security": b"max-age=31536000; includeSubDomains"}


def guarded(scope: Any, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with those it lacks."""
    said = {name.lower() for name, _ in headers}
    more = GUARDS | (HTTPS_ONLY if _secure(scope) else {})
    return [*headers, *((name, value) for name, value in more.items() if name not in said)]


def _secure(scope: Any) -> bool:
    return scope["scheme"] == "https" or (b"x-forwarded-proto", b"https") in scope["headers"]
