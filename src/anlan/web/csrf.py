"""Tokens against forged forms, masked afresh on every page, so that a compressed page gives nothing away about them.

A page that is compressed and shows what its address says (a search, a filter) tells by its length whether the guess
equals something else on it (the BREACH attack). A token that is never written twice in the same way cannot be guessed
so. The cookie keeps the token itself; both ways of writing it are accepted.
"""

from __future__ import annotations

import secrets
from typing import Any

from litestar.config.csrf import CSRFConfig
from litestar.middleware.csrf import CSRFMiddleware
from litestar.utils.scope.state import ScopeState

TOKEN_BYTES = 64
"""A token is 32 random bytes and their mark of 32, both in hex."""


def masked(token: str) -> str:
    """The token as a page carries it: a random mask, and the token under it."""
    mask = secrets.token_bytes(TOKEN_BYTES)
    return (mask + _under(mask, bytes.fromhex(token))).hex()


def unmasked(sent: str) -> str:
    """The token that was sent; what is no masked token comes back as it is."""
    try:
        raw = bytes.fromhex(sent)
    except ValueError:
        return sent
    return sent if len(raw) != 2 * TOKEN_BYTES else _under(raw[:TOKEN_BYTES], raw[TOKEN_BYTES:]).hex()


def _under(mask: bytes, token: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(mask, token, strict=True))


class MaskedTokens(CSRFMiddleware):
    """The framework's own check, of masked tokens."""

    def __init__(self, app: Any, config: CSRFConfig) -> None:
        async def masking(scope: Any, receive: Any, send: Any) -> None:
            state = ScopeState.from_scope(scope)
            if isinstance(state.csrf_token, str):
                state.csrf_token = masked(unmasked(state.csrf_token))
            await app(scope, receive, send)

        super().__init__(masking, config)

    def _csrf_tokens_match(self, request_csrf_token: str, cookie_csrf_token: str) -> bool:
        return super()._csrf_tokens_match(unmasked(request_csrf_token), cookie_csrf_token)
