"""Facts out over HTTP by the rules of Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` and `webhook-signature`.

The signature is `v1,` and base64 of HMAC-SHA-256 over `<id>.<timestamp>.<body>` under the subscription's secret. Only
public addresses are called, at the number that was looked at; nobody is followed elsewhere; the answer is not read.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from anlan.links.outside import Resolve, check_address, looked_up
from anlan.links.port import Undelivered
from anlan.loop.errors import Refused

if TYPE_CHECKING:
    import httpx2

PREFIX = "whsec_"
SECRET_BYTES = 24
SECONDS = 15.0
GONE = 410
"""The receiver wants no more (Standard Webhooks): the subscription stops by itself."""


def secret_text(secret: bytes) -> str:
    """A secret as it is handed over, once."""
    return PREFIX + base64.b64encode(secret).decode()


def signed(secret: bytes, message: str, at_s: int, body: bytes) -> dict[str, str]:
    """The headers of one message sent at a UTC second."""
    mark = hmac.digest(secret, f"{message}.{at_s}.".encode() + body, sha256)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(mark).decode()}",
    }


class Poster:
    """Posts to subscribers. `allow`: hosts and networks of the installation's own; `resolve` and `transport` are
    another's in tests."""

    def __init__(
        self,
        allow: Collection[str] = (),
        resolve: Resolve = looked_up,
        transport: httpx2.AsyncBaseTransport | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._allow, self._resolve, self._transport, self._seconds = tuple(allow), resolve, transport, seconds

    async def check(self, url: str) -> None:
        """Refuse an address that would not be called. Raises Refused (outside.…)."""
        await asyncio.to_thread(check_address, url, self._allow, self._resolve)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """One message; 2xx takes it. Raises Undelivered; final for 410 and an address that may not be called."""
        import httpx2  # noqa: PLC0415 - not waited for at every start

        try:
            async with asyncio.timeout(self._seconds):
                address = await asyncio.to_thread(check_address, url, self._allow, self._resolve)
                said = {**headers, **address.headers, "Content-Type": "application/json", "User-Agent": "Anlan"}
                async with (
                    httpx2.AsyncClient(transport=self._transport, trust_env=False, timeout=self._seconds) as client,
                    client.stream(
                        "POST", address.url, content=body, headers=said, extensions=dict(address.extensions),
                        follow_redirects=False,
                    ) as answer,
                ):  # fmt: skip
                    status = answer.status_code
        except Refused as refused:
            raise Undelivered(refused.code, final=refused.code != "outside.no_such_host") from None
        except (httpx2.HTTPError, OSError, TimeoutError) as error:
            raise Undelivered(type(error).__name__, final=False) from None
        if not 200 <= status < 300:
            raise Undelivered(f"http {status}", final=status == GONE)
