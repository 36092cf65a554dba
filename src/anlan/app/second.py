"""The second factor (动态口令): a code that changes every 30 seconds, made from a secret both sides keep.

RFC 6238 (TOTP) over RFC 4226 (HOTP): HMAC-SHA-1, 6 digits, as every authenticator app makes them. The step before and
after is taken too, for clocks that differ; a code works once.
"""

from __future__ import annotations

import base64
import hmac
from urllib.parse import quote, urlencode

STEP_MS = 30_000
DIGITS = 6
DRIFT = 1
SECRET_BYTES = 20


def code_at(secret: bytes, step: int) -> str:
    """The code of a 30-second step (RFC 4226, 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(secret: bytes, code: str, at_ms: int, last: int) -> int:
    """The step whose code this is, around a moment and after the last one used; 0 when there is none."""
    now = at_ms // STEP_MS
    steps = range(max(last + 1, now - DRIFT), now + DRIFT + 1)
    typed = code.encode()
    return next((step for step in steps if hmac.compare_digest(code_at(secret, step).encode(), typed)), 0)


def shown_secret(secret: bytes) -> str:
    """The secret as it is typed into an app: base32 in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def uri_of(secret: bytes, account: str) -> str:
    """The address that an authenticator app reads (otpauth)."""
    label = quote(f"Anlan:{account}")
    return f"otpauth://totp/{label}?{urlencode({'secret': base64.b32encode(secret).decode(), 'issuer': 'Anlan'})}"


def typed_secret(text: str) -> bytes:
    """The secret as `shown_secret` wrote it. Raises ValueError for anything else."""
    return base64.b32decode(text.replace(" ", ""))
