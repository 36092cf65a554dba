"""The pages with a provider of OpenID Connect beside them, in this process: each test bends what it says."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from litestar import Litestar
from litestar.testing import AsyncTestClient

from anlan.app import accounts
from anlan.app.world import World
from anlan.links.oidc import Provider
from anlan.links.oidc_settings import Settings
from anlan.web import web_config

ISSUER, CLIENT = "https://sso.example.gov.cn/realms/bureau", "anlan"


class FakeProvider:
    """Answers discovery, keys and tokens; `log_in` plays the person at its form. `bend` changes the claims."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self.clock = clock
        self.keys = [RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})]
        self.claims: dict[str, Any] = {}
        self.about: dict[str, Any] = {}
        self.asked: list[str] = []
        self.down = False
        self._codes: dict[str, dict[str, str]] = {}

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self._answer)

    def rotate(self) -> None:
        """From now on another key signs; the old one is gone."""
        self.keys = [RSAKey.generate_key(2048, {"kid": f"k{len(self.asked)}x", "use": "sig"})]

    def log_in(self, address: str) -> dict[str, str]:
        """Somebody logs in at the form of that address: the query with which they are sent back."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{ISSUER}/auth"
        query = {key: value[0] for key, value in parse_qs(parts.query).items()}
        assert (query["client_id"], query["response_type"], query["code_challenge_method"]) == (CLIENT, "code", "S256")
        code = f"code-{len(self._codes)}"
        self._codes[code] = query
        return {"code": code, "state": query["state"], "iss": ISSUER}

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        path = str(request.url).removeprefix(ISSUER)
        self.asked.append(path)
        if self.down:
            raise httpx2.ConnectError("down")
        if path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/keys",
                    "end_session_endpoint": "/out"}  # fmt: skip
            return httpx2.Response(200, json={"issuer": ISSUER} | {k: ISSUER + v for k, v in ends.items()} | self.about)
        if path == "/keys":
            return httpx2.Response(200, json=KeySet(self.keys).as_dict(private=False))
        if path == "/token":
            return self._token({k: v[0] for k, v in parse_qs(request.content.decode()).items()})
        return httpx2.Response(404)

    def _token(self, form: dict[str, str]) -> httpx2.Response:
        asked = self._codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return httpx2.Response(400, json={"error": "invalid_grant"})
        now = self.clock() // 1000
        claims = {"iss": ISSUER, "aud": CLIENT, "sub": "u-1", "nonce": asked["nonce"], "iat": now, "exp": now + 300,
                  "preferred_username": "77001"} | self.claims  # fmt: skip
        key = self.keys[0]
        header = {"alg": self.about.get("test_alg", "RS256"), "kid": key.kid}
        kept = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode(header, kept, key)
        return httpx2.Response(200, json={"access_token": "a", "token_type": "Bearer", "id_token": token})


SETTINGS = Settings(ISSUER, CLIENT, "hush", "https://anlan.example.gov.cn")


@pytest.fixture
def now(world: World) -> Callable[[], int]:
    """The world's clock, also after a test has put another in its place."""

    def read() -> int:
        return world.clock()

    return read


@pytest.fixture
def fake(now: Callable[[], int]) -> FakeProvider:
    return FakeProvider(now)


@pytest.fixture
async def client(world: World, fake: FakeProvider, now: Callable[[], int]) -> AsyncIterator[AsyncTestClient[Litestar]]:
    app = Litestar(**web_config(world))
    app.state.world = world
    app.state.oidc = Provider(SETTINGS, now, fake.transport)
    world.store.writer.submit(accounts.add(world, "77001", "", ("officer",), "password-1"))
    async with AsyncTestClient(app=app) as opened:
        opened.headers["accept-language"] = "zh-CN"
        yield opened
