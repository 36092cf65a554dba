"""Single sign-on against a provider that lies in every way it can: in only with the right answer, and once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from httpx import Response
from joserfc import jwt
from joserfc.jwk import OctKey
from msgspec.structs import replace

from anlan.app import accounts
from anlan.app.world import World
from anlan.links.oidc import Provider
from anlan.links.oidc_settings import Settings, settings_of
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.settings import Settings as Installation

ISSUER, CLIENT = "https://sso.example.gov.cn/realms/bureau", "anlan"

pytestmark = pytest.mark.anyio

MINUTE_MS = 60_000


async def asked(client: Any) -> str:
    """Press the button: the provider's address."""
    answer = await client.get("/login/oidc", params={"next": "/account"}, follow_redirects=False)
    assert answer.status_code == 303
    return str(answer.headers["location"])


async def sent_back(client: Any, query: dict[str, str]) -> Response:
    answer: Response = await client.get("/login/oidc/back", params=query, follow_redirects=False)
    return answer


def session(answer: Response) -> str:
    return str(answer.cookies.get("anlan_session") or "")


def in_as(world: World, answer: Response) -> Actor | None:
    return accounts.actor_of(world, session(answer)) if session(answer) else None


async def test_who_the_provider_names_is_in_and_goes_where_they_wanted(world: World, client: Any, fake: Any) -> None:
    assert "统一认证登录" in (await client.get("/login")).text
    answer = await sent_back(client, fake.log_in(await asked(client)))
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert in_as(world, answer) == Actor("77001", "", ("officer",))
    (kept,) = accounts.sessions(world, "77001")
    assert kept.kind == "oidc"
    page = await client.get("/account")
    assert "统一认证" in page.text
    token = page.text.split('name="_csrf_token" value="')[1].split('"')[0]
    page = await client.post("/logout", data={"_csrf_token": token}, follow_redirects=True)
    assert ("一并退出" in page.text, accounts.sessions(world, "77001")) == (True, [])
    answer = await client.get("/login/oidc/out", follow_redirects=False)
    assert answer.headers["location"].startswith(f"{ISSUER}/out?client_id={CLIENT}&post_logout_redirect_uri=https%3A")


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"nonce": "another"}, "不是给这次登录的"),
        ({"nonce": None}, "不是给这次登录的"),
        ({"aud": "another"}, "不是给安澜的"),
        ({"aud": None}, "不是给安澜的"),
        ({"aud": [CLIENT, "another"]}, "不是给安澜的"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "不是给安澜的"),
        ({"iss": "https://evil.example"}, "不是来自配置的统一认证"),
        ({"exp": 1_795_492_000}, "已过期"),
        ({"exp": None}, "验不过"),
        ({"sub": None}, "验不过"),
        ({"preferred_username": None}, "没有给出preferred_username"),
        ({"preferred_username": ["77001"]}, "没有给出preferred_username"),
        ({"preferred_username": "nobody"}, "没有账号nobody"),
    ],
)
async def test_a_wrong_answer_lets_nobody_in_and_says_why(
    world: World, client: Any, fake: Any, claims: dict[str, Any], words: str
) -> None:
    fake.claims = claims
    answer = await sent_back(client, fake.log_in(await asked(client)))
    assert (answer.status_code, words in answer.text, session(answer)) == (401, True, "")
    assert accounts.sessions(world, "77001") == []
    assert world.store.read.account("nobody") is None, "no account is ever made"


async def test_an_audience_of_several_with_the_right_party_is_taken(world: World, client: Any, fake: Any) -> None:
    fake.claims = {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert in_as(world, await sent_back(client, fake.log_in(await asked(client))))


async def test_a_state_is_good_once_even_when_the_browser_says_it_again(world: World, client: Any, fake: Any) -> None:
    address = await asked(client)
    cookie = client.cookies["anlan_oidc"]
    assert in_as(world, await sent_back(client, fake.log_in(address)))
    client.cookies.clear()
    for query in (fake.log_in(address), fake.log_in(address)):
        client.cookies.set("anlan_oidc", cookie, path="/login/oidc")
        again = await sent_back(client, query)
        assert (again.status_code, "已用过" in again.text) == (401, True)
    assert len(accounts.sessions(world, "77001")) == 1


async def test_the_same_answer_in_the_same_moment_makes_one_session(world: World) -> None:
    world.store.writer.submit(accounts.add(world, "77001", "", ("officer",), "password-1"))
    one, two = (accounts.log_in_from_outside(world, "77001", "", b"x" * 32)[0] for _ in range(2))
    assert [done.replayed for done in world.store.writer.submit_many([one, two]) if not isinstance(done, Refused)] == [
        False, True,
    ]  # fmt: skip
    assert len(accounts.sessions(world, "77001")) == 1


async def test_an_answer_from_another_browser_or_too_late_is_refused(world: World, client: Any, fake: Any) -> None:
    address = await asked(client)
    query = fake.log_in(address)
    for wrong in (query | {"state": "another"}, {"code": query["code"]}):
        assert "不是从这个浏览器发起的" in (await sent_back(client, wrong)).text
    assert "不是从这个浏览器发起的" in (await sent_back(client, query)).text, "the cookie went with the first wrong one"
    query = fake.log_in(await asked(client))
    now = world.clock()
    world.clock = lambda: now + 10 * MINUTE_MS + 1
    assert "超过10分钟" in (await sent_back(client, query)).text
    world.clock = lambda: now
    query = fake.log_in(await asked(client))
    assert "access_denied" in (await sent_back(client, query | {"error": "access_denied"})).text
    query = fake.log_in(await asked(client)) | {"iss": "https://evil.example"}
    assert "不是来自配置的统一认证" in (await sent_back(client, query)).text
    client.cookies.set("anlan_oidc", "bm90IGEgYm94", path="/login/oidc")
    assert "不是从这个浏览器发起的" in (await sent_back(client, query)).text
    assert accounts.sessions(world, "77001") == []


async def test_a_code_that_the_provider_does_not_know_is_refused(client: Any, fake: Any) -> None:
    query = fake.log_in(await asked(client)) | {"code": "guessed"}
    assert "invalid_grant" in (await sent_back(client, query)).text


async def test_who_is_switched_off_is_not_let_in(world: World, client: Any, fake: Any) -> None:
    query = fake.log_in(await asked(client))
    off = accounts.commit_of(world, "x", "account_off", {"account": "77001"},
                             ("UPDATE accounts SET active = 0 WHERE id = ?", ("77001",)))  # fmt: skip
    world.store.writer.submit(off)
    assert "已停用" in (await sent_back(client, query)).text


async def test_new_keys_are_fetched_once_a_token_names_them(world: World, client: Any, fake: Any) -> None:
    assert in_as(world, await sent_back(client, fake.log_in(await asked(client))))
    assert in_as(world, await sent_back(client, fake.log_in(await asked(client))))
    assert (fake.asked.count("/keys"), fake.asked.count("/.well-known/openid-configuration")) == (1, 1), "both are kept"
    fake.rotate()
    assert "验不过" in (await sent_back(client, fake.log_in(await asked(client)))).text, "not so soon after"
    now = world.clock()
    world.clock = lambda: now + MINUTE_MS
    assert in_as(world, await sent_back(client, fake.log_in(await asked(client))))
    assert fake.asked.count("/keys") == 2
    world.clock = lambda: now + 61 * MINUTE_MS
    await asked(client)
    assert fake.asked.count("/.well-known/openid-configuration") == 2


async def test_a_token_signed_with_a_shared_secret_or_not_at_all_is_refused(world: World, fake: Any) -> None:
    provider = Provider(Settings(ISSUER, CLIENT, "", "https://a.example"), world.clock, fake.transport)
    claims = {"iss": ISSUER, "aud": CLIENT, "sub": "u", "nonce": "n"}
    shared = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key("x" * 32))
    unsigned = "eyJhbGciOiJub25lIn0." + shared.split(".")[1] + "."
    for token in (shared, unsigned, "", "a.b.c"):
        with pytest.raises(Refused, match=r"oidc\.token_wrong"):
            await provider._claims(token)


@pytest.mark.parametrize(
    ("settings", "claims", "let_in"),
    [
        ({"acr": ("gold",)}, {"acr": "gold"}, True),
        ({"acr": ("gold",)}, {"acr": "1"}, False),
        ({"acr": ("gold",)}, {}, False),
        ({"amr": ("otp", "hwk")}, {"amr": ["pwd", "otp"]}, True),
        ({"amr": ("otp", "hwk")}, {"amr": ["pwd"]}, False),
        ({"amr": ("otp",)}, {"amr": "otp"}, False),
    ],
)
async def test_a_second_factor_can_be_demanded(
    world: World, client: Any, fake: Any, settings: dict[str, Any], claims: dict[str, Any], let_in: bool
) -> None:
    state = client.app.state
    state.oidc = Provider(msgspec.structs.replace(state.oidc.settings, **settings), fake.clock, fake.transport)
    fake.claims = claims
    address = await asked(client)
    assert ("acr_values=gold" in address) == ("acr" in settings)
    answer = await sent_back(client, fake.log_in(address))
    assert (in_as(world, answer) is not None, "第二重验证" in answer.text) == (let_in, not let_in)


async def test_a_provider_that_is_away_or_is_another_is_told_plainly(client: Any, fake: Any) -> None:
    fake.about = {"issuer": "https://evil.example"}
    assert "不是来自配置的统一认证" in (await client.get("/login/oidc")).text
    fake.about = {"token_endpoint": "http://sso.example.gov.cn/token"}
    assert "连不上" in (await client.get("/login/oidc")).text, "nothing goes unencrypted"
    fake.down = True
    page = await client.get("/login/oidc")
    assert (page.status_code, "连不上" in page.text, 'name="password"' in page.text) == (401, True, True)
    client.app.state.oidc = None
    assert (await client.get("/login/oidc")).status_code == 404
    assert "统一认证登录" not in (await client.get("/login")).text


def test_settings_come_from_the_installation(tmp_path: Any) -> None:
    (tmp_path / "secret").write_text("hush\n", "utf-8")
    said = Installation(
        oidc_issuer=f"{ISSUER}/", oidc_client_id=CLIENT, public_url="https://anlan.example/",
        oidc_client_secret_file=str(tmp_path / "secret"), oidc_amr="otp hwk",
    )  # fmt: skip
    found = settings_of(said)
    assert found == Settings(ISSUER, CLIENT, "hush", "https://anlan.example", amr=("otp", "hwk"))
    assert found.back == "https://anlan.example/login/oidc/back"
    assert settings_of(Installation()) is None
    assert settings_of(replace(said, public_url="http://127.0.0.1:8110")) is not None, "on this machine"
    for change in (
        {"public_url": ""},
        {"public_url": "http://anlan.example"},
        {"oidc_client_id": ""},
        {"oidc_issuer": "http://sso.example"},
        {"oidc_client_secret_file": "/none"},
    ):
        with pytest.raises(Refused, match=r"oidc\.settings"):
            settings_of(replace(said, **change))
