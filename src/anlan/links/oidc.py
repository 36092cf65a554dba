"""A log-in at the organisation's own provider (OpenID Connect Core 1.0): authorisation code with PKCE, state and nonce.

The provider's own description (discovery) is kept for an hour, its keys until a token names one that is not among them.
What a token says is believed only after its signature, issuer, audience, times and nonce are checked (3.1.3.7). Which
account it means is not decided here; nothing is ever made or written here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx2
from authlib.common.errors import AuthlibBaseError
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError
from joserfc.jwk import KeySet

from anlan.links.oidc_settings import Settings, is_safe
from anlan.loop.errors import Refused

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures with a public key only: neither none nor a shared secret."""
KEPT_MS = 3_600_000
KEYS_AGAIN_MS = 60_000
"""An unknown key is asked for again, but no more often than this."""
LEEWAY_S = 60
TIMEOUT_S = 10.0
SCOPE = "openid profile"
DISCOVERY = "/.well-known/openid-configuration"


class Provider:
    """One provider. `clock` gives UTC milliseconds; `transport` is another's in tests."""

    def __init__(
        self, settings: Settings, clock: Callable[[], int], transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self.settings, self._clock, self._transport = settings, clock, transport
        self._about: dict[str, Any] = {}
        self._about_at = self._keys_at = 0
        self._keys: KeySet | None = None

    async def address(self, state: str, nonce: str, verifier: str) -> str:
        """Where to send somebody to log in."""
        about = await self._discovered()
        more = {"acr_values": " ".join(self.settings.acr)} if self.settings.acr else {}
        async with self._client() as client:
            address, _ = client.create_authorization_url(
                about["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier, **more
            )
        return str(address)

    async def account(self, code: str, verifier: str, nonce: str) -> str:
        """Whom the provider names for a code it gave. Raises Refused with what does not hold."""
        about = await self._discovered()
        try:
            async with self._client() as client:
                answer = await client.fetch_token(about["token_endpoint"], code=code, code_verifier=verifier)
        except AuthlibBaseError as error:
            raise Refused("oidc.refused", why=str(error.error)) from None
        except (httpx2.HTTPError, ValueError) as error:
            raise Refused("oidc.unreachable", issuer=self.settings.issuer) from error
        claims = await self._claims(str(answer.get("id_token", "")))
        self._check(claims, nonce)
        named = claims.get(self.settings.claim)
        if not isinstance(named, str) or not named:
            raise Refused("oidc.no_claim", claim=self.settings.claim)
        return named

    async def log_out_address(self, onward: str) -> str:
        """Where to end the provider's own session too; "" when it has no such place."""
        about = await self._discovered()
        end = str(about.get("end_session_endpoint", ""))
        query = {"client_id": self.settings.client_id, "post_logout_redirect_uri": onward}
        return f"{end}{'&' if '?' in end else '?'}{urlencode(query)}" if is_safe(end) else ""

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            return await self._decoded(token)
        except (JoseError, ValueError) as error:
            raise Refused("oidc.token_wrong", why=type(error).__name__) from None

    async def _decoded(self, token: str) -> dict[str, Any]:
        """The claims of a token whose signature holds; the keys are fetched again when none of them made it."""
        try:
            return jwt.decode(token, await self._key_set(), algorithms=ALGORITHMS).claims
        except (JoseError, ValueError):
            if self._clock() - self._keys_at < KEYS_AGAIN_MS:
                raise
            self._keys = None
            return jwt.decode(token, await self._key_set(), algorithms=ALGORITHMS).claims

    def _check(self, claims: dict[str, Any], nonce: str) -> None:
        """What OpenID Connect Core 3.1.3.7 asks of a token."""
        mine, now = self.settings.client_id, self._clock() // 1000
        audience = claims.get("aud")
        audiences = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
        if mine not in audiences or claims.get("azp", mine) != mine or (len(audiences) > 1 and "azp" not in claims):
            raise Refused("oidc.audience_wrong")
        if claims.get("iss") != self._about["issuer"]:
            raise Refused("oidc.issuer_wrong")
        if not nonce or claims.get("nonce") != nonce:
            raise Refused("oidc.nonce_wrong")
        registry = jwt.JWTClaimsRegistry(
            now, LEEWAY_S, exp={"essential": True}, iat={"essential": True}, sub={"essential": True}
        )
        try:
            registry.validate(claims)
        except (ExpiredTokenError, InvalidClaimError):
            raise Refused("oidc.token_expired") from None
        except JoseError as error:
            raise Refused("oidc.token_wrong", why=str(error)) from None
        acr, amr = claims.get("acr"), claims.get("amr")
        if self.settings.acr and acr not in self.settings.acr:
            raise Refused("oidc.second_missing")
        if self.settings.amr and not (isinstance(amr, list) and set(self.settings.amr) & {str(one) for one in amr}):
            raise Refused("oidc.second_missing")

    async def _key_set(self) -> KeySet:
        if self._keys is None:
            about = await self._discovered()
            raw = await self._get(about["jwks_uri"])
            try:
                self._keys = KeySet.import_key_set(raw)  # type: ignore[arg-type] # whatever it is, it is checked
            except (JoseError, KeyError, TypeError, ValueError):
                raise Refused("oidc.unreachable", issuer=self.settings.issuer) from None
            self._keys_at = self._clock()
        return self._keys

    async def _discovered(self) -> dict[str, Any]:
        """The provider's description of itself, at most an hour old."""
        now = self._clock()
        if not self._about or now - self._about_at >= KEPT_MS:
            about = await self._get(self.settings.issuer + DISCOVERY)
            if str(about.get("issuer", "")).rstrip("/") != self.settings.issuer:
                raise Refused("oidc.issuer_wrong")
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if not all(is_safe(str(about.get(name, ""))) for name in needed):
                raise Refused("oidc.unreachable", issuer=self.settings.issuer)
            self._about, self._about_at = about, now
        return self._about

    async def _get(self, address: str) -> dict[str, Any]:
        try:
            async with httpx2.AsyncClient(transport=self._transport, timeout=TIMEOUT_S) as client:
                answer = await client.get(address)
                answer.raise_for_status()
                found = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise Refused("oidc.unreachable", issuer=self.settings.issuer) from error
        if not isinstance(found, dict):
            raise Refused("oidc.unreachable", issuer=self.settings.issuer)
        return found

    def _client(self) -> Any:
        from authlib.integrations.httpx_client import AsyncOAuth2Client  # noqa: PLC0415 - not waited for at every start

        settings = self.settings
        return AsyncOAuth2Client(
            settings.client_id, settings.client_secret or None, scope=SCOPE, redirect_uri=settings.back,
            token_endpoint_auth_method="client_secret_basic" if settings.client_secret else "none",
            code_challenge_method="S256", transport=self._transport, timeout=TIMEOUT_S,
        )  # fmt: skip
