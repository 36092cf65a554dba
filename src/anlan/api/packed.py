"""An answer that is large and seldom new: with an ETag, so that it is sent once; gzipped for those who can read it."""

from __future__ import annotations

import gzip
from hashlib import blake2b
from typing import Any

from litestar import Request, Response

GZIP_FROM = 2_000
LEVEL = 3
"""Measured on 50,000 points: 2 is as quick and a tenth larger, 6 takes three times as long and saves a twentieth."""


def packed(request: Request[Any, Any, Any], body: bytes, cache: str = "private, no-cache") -> Response[bytes]:
    """The body, or 304 when the caller has it."""
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": cache, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == etag:
        return Response(b"", status_code=304, headers=headers)
    if len(body) >= GZIP_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers = gzip.compress(body, LEVEL, mtime=0), headers | {"Content-Encoding": "gzip"}
    return Response(body, media_type="application/json", headers=headers)
