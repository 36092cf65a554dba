"""What a browser must know of any answer: no guessing at types, no frames, nothing to run; https only, where it was so.
What an answer says itself stands."""

from __future__ import annotations

from typing import Any

GUARDS = {
    b"x-content-type-options": b"nosniff",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    b"referrer-policy": b"same-origin",
}
WORKER = b"default-src 'self'; frame-ancestors 'none'"
"""A script's own policy holds where the script runs as a worker (the map's)."""
HTTPS_ONLY = {b"strict-transport-security": b"max-age=31536000; includeSubDomains"}


def guarded(scope: Any, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with those it lacks."""
    said = {name.lower(): value for name, value in headers}
    more = GUARDS | (HTTPS_ONLY if _secure(scope) else {})
    if b"javascript" in said.get(b"content-type", b""):
        more |= {b"content-security-policy": WORKER}
    return [*headers, *((name, value) for name, value in more.items() if name not in said)]


def _secure(scope: Any) -> bool:
    return scope["scheme"] == "https" or (b"x-forwarded-proto", b"https") in scope["headers"]
