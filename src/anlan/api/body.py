"""Bodies of requests: JSON of a declared shape, no larger than they may be; and forms."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from litestar import Request

from anlan.loop.errors import Refused

T = TypeVar("T")
BODY_MAX = 256 * 1024


def decoded(decoder: msgspec.json.Decoder[T], body: bytes, length_max: int = BODY_MAX) -> T:
    """The body in its shape. Raises Refused: body.too_large, body.invalid, body.not_json."""
    if len(body) > length_max:
        raise Refused("body.too_large", length=len(body), length_max=length_max)
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Refused("body.invalid", why=str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):  # the second for bytes that are no UTF-8
        raise Refused("body.not_json") from None


async def typed_in(request: Request[Any, Any, Any]) -> dict[str, str]:
    """What was typed into the form of a request, kept beside it for the page that gives it back."""
    sent = await request.form()
    typed = {key: value for key, value in sent.multi_items() if isinstance(value, str)}
    request.state.typed = typed
    return typed
