"""Text messages out through a gateway over HTTP: one POST of JSON each, signed, answered 2xx when it is taken.

The body is {"id", "to", "text"}. `X-Anlan-Signature` is the hex of HMAC-SHA-256 over the body under the shared key; a
gateway that has another shape gets a small relay in front of it.
"""

from __future__ import annotations

import hmac
import json
import urllib.error
import urllib.request
from hashlib import sha256
from urllib.parse import urlsplit

from anlan.links.port import Message, Undelivered
from anlan.settings import wrong

TIMEOUT_SECONDS = 15
TRY_AGAIN = frozenset({408, 425, 429})


class SmsGateway:
    """A gateway by its http(s) address and the key it shares with us."""

    def __init__(self, url: str, key: str) -> None:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise wrong("sms_url", "http:// or https://")
        self._url, self._key = url, key.encode()

    def send(self, message: Message) -> None:
        """Hand one message over. Raises Undelivered; final for a 4xx that says the message itself is wrong."""
        body = json.dumps({"id": message.id, "to": message.to, "text": message.text}, ensure_ascii=False).encode()
        signature = hmac.new(self._key, body, sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Anlan-Signature": signature}
        request = urllib.request.Request(self._url, body, headers, method="POST")  # noqa: S310 - the scheme is checked
        try:
            with _opener.open(request, timeout=TIMEOUT_SECONDS):
                return
        except urllib.error.HTTPError as refused:
            refused.close()
            final = 400 <= refused.code < 500 and refused.code not in TRY_AGAIN
            raise Undelivered(f"gateway {refused.code}", final=final) from None
        except OSError as error:
            raise Undelivered(f"gateway {type(error).__name__}", final=False) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A gateway that sends us elsewhere is misconfigured: numbers do not follow."""

    def redirect_request(self, *_: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)
