"""What an attacker tries first, one test each."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.access.asking import Answer, Asking
from tests.access.rules import addresses
from tests.conftest import NOON

from anlan.api import access
from anlan.app import accounts, receive
from anlan.app.world import World
from anlan.loop.domain import Intake
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter, shown
from anlan.telemetry import logs
from anlan.web.doors import inside
from anlan.web.export import as_csv, as_xlsx

pytestmark = pytest.mark.anyio
UNIT = "branch.370202"
OFFICER, PASSWORD = "77001", "long enough"


@pytest.fixture
def asking(world: World) -> Asking:
    world.store.writer.submit(accounts.add(world, OFFICER, UNIT, ("overseer",), PASSWORD))
    return Asking(world)


@pytest.fixture
def token(world: World, asking: Asking) -> str:
    commit, made = accounts.token_for(world, OFFICER)
    world.store.writer.submit(commit)
    return made


@pytest.fixture
def matter(world: World) -> Matter:
    intake = Intake("call_968110", "c-1", "路灯不亮", "路灯不亮三天了", NOON, unit=UNIT, by_hand=True)
    desk = Actor("o", "bureau", ("operator",))
    return world.store.writer.submit(receive.prepare(world, world.domains["hotline"], intake, desk).commit).matters[0]


# ---- tokens that are used again


async def test_a_token_of_a_session_that_was_left_opens_nothing(world: World, asking: Asking, token: str) -> None:
    assert (await asking.send("GET", "/queue", token)).status == 200
    await asking.send("POST", "/logout", token, form={})
    for path, status in (("/queue", 303), ("/api/v1/me", 401)):
        assert (await asking.send("GET", path, token)).status == status


async def test_a_new_password_ends_every_other_session(world: World, asking: Asking, token: str) -> None:
    commit, stolen = accounts.token_for(world, OFFICER)
    world.store.writer.submit(commit)
    form = {"old": PASSWORD, "new": "another long one"}
    assert (await asking.send("POST", "/account/password", token, form=form)).status == 200
    assert (await asking.send("GET", "/api/v1/me", stolen)).status == 401
    assert (await asking.send("GET", "/api/v1/me", token)).status == 200


async def test_a_token_is_nobody_elses_and_cannot_be_made_up(world: World, asking: Asking, token: str) -> None:
    for made in ("", "a", token[:-1], token + "A", token.swapcase(), token[::-1], "null", "../" + token, token * 50):
        assert (await asking.send("GET", "/api/v1/me", made)).status == 401
    kept = [bytes(row[0]) for row in world.store.read.listed(("SELECT hash FROM tokens", ()))]
    for mark in kept:
        assert (await asking.send("GET", "/api/v1/me", mark.hex())).status == 401, "what is kept is no token"


async def test_a_tokens_bytes_stand_in_no_file(world: World, asking: Asking, token: str) -> None:
    await asking.send("GET", "/queue", token)
    for path in world.store.home.rglob("*"):
        if path.is_file() and "city" not in path.parts:
            assert token.encode() not in path.read_bytes(), path


# ---- forged forms


async def test_every_form_of_a_page_wants_its_token(asking: Asking, token: str) -> None:
    """All addresses a page can post to, with a session and without the form's own token: as another site would."""
    forms = [at.removeprefix("POST ") for at in addresses() if at.startswith("POST ")]
    pages = [path for path in forms if not path.startswith(("/api/", "/open311/"))]
    assert len(pages) >= 30
    for path in pages:
        at = re.sub(r"\{\w+\}", "1", path)
        for headers in ({}, {"x-csrftoken": "0" * 128}, {"origin": "https://evil.example"}):
            sent = {"cookie": f"anlan_session={token}", **headers}
            answer = await asking._call("POST", at, "", {"host": "here", **sent}, b"a=b", "127.0.0.1")
            assert answer.status == 403, (path, headers)


async def test_the_api_knows_no_cookie_that_changes_anything(asking: Asking, token: str, matter: Matter) -> None:
    forms = [at.removeprefix("POST ") for at, about in addresses().items() if at.startswith("POST /api/")]
    for path in forms:
        at = path.replace("{number}", f"{matter.number}").replace("{move}", "note").replace("{channel}", "partner")
        headers = {"host": "here", "cookie": f"anlan_session={token}", "content-type": "text/plain"}
        answer = await asking._call("POST", at, "", headers, b'{"version": 1, "text": "x"}', "127.0.0.1")
        assert answer.status in {401, 422}, path
        assert answer.status == 401 or path.endswith(("tokens", "echo", "cosignatures")), path


async def test_a_log_in_ends_the_session_that_the_browser_had(asking: Asking, token: str) -> None:
    form = {"account": OFFICER, "password": PASSWORD, "next": "/"}
    answer = await asking.send("POST", "/login", token, form=form)
    assert answer.status == 303
    assert (await asking.send("GET", "/api/v1/me", token)).status == 401
    left = await asking.send("POST", "/logout", form={})
    assert left.headers["clear-site-data"] == '"cache", "storage"'


# ---- headers


async def test_every_answer_tells_the_browser_what_it_may_not_do(asking: Asking, token: str, matter: Matter) -> None:
    paths = (
        "/api/v1/matters", f"/api/v1/matters/{matter.number}", "/api/v1/me", "/healthz", "/api/v1/matters/1",
        "/open311/v2/services.json", "/api/v1/city/places", f"{static_of(asking)}/app.css", "/queue", "/people",
        "/queue/export/csv", "/nowhere", "/api/v1/nowhere",
    )  # fmt: skip
    for path in paths:
        for sent in (token, ""):
            answer = await asking.send("GET", path, sent, headers={"x-forwarded-proto": "https"})
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
            assert "access-control-allow-origin" not in answer.headers
            assert answer.headers["strict-transport-security"].startswith("max-age=31536000; includeSubDomains")
        plain = await asking.send("GET", path, token)
        assert "strict-transport-security" not in plain.headers, "on http it would say nothing"


async def pages(asking: Asking, token: str, matter: Matter) -> list[tuple[str, Answer]]:
    paths = [
        "/login", "/report", "/follow", "/queue", "/map", "/wall", "/account", "/units", "/measures", "/views",
        f"/matters/{shown(matter.number)}", "/nothing-here", "/people", "/queue?view=none", "/matters/none",
    ]  # fmt: skip
    return [(path, await asking.send("GET", path, token)) for path in paths]


async def test_no_page_is_framed_and_none_runs_what_is_not_ours(asking: Asking, token: str, matter: Matter) -> None:
    for path, answer in await pages(asking, token, matter):
        policy = answer.headers["content-security-policy"]
        for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
            assert part in policy, path
        assert "unsafe" not in policy
        assert "*" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert b"<script>" not in answer.text
        assert not re.search(rb"\son\w+=", answer.text), path


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(asking: Asking, world: World) -> None:
    form = {"account": OFFICER, "password": PASSWORD, "next": "/"}
    for proto, secure in (("https", True), ("http", False)):
        headers = {"x-forwarded-proto": proto}
        answer = await asking.send("POST", "/login", form=form, headers=headers)
        cookies = {one.split("=")[0]: one.lower() for one in answer.headers["set-cookie"].split("\n")}
        for name in ("anlan_session", "anlan_account"):
            assert "httponly" in cookies[name]
            assert "samesite=lax" in cookies[name]
            assert ("secure" in cookies[name]) == secure
            assert "domain" not in cookies[name]
    page = await asking.send("GET", "/login")
    token = next(one for one in page.headers["set-cookie"].lower().split("\n") if one.startswith("anlan_csrf"))
    assert "httponly" in token
    assert "samesite=lax" in token


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
        "/\t/evil.example", "/\n//evil.example", "\t//evil.example", "https:evil.example", "%2f%2fevil.example",
        "//evil.example/..;/", "http:///evil.example", "@evil.example", ".evil.example", " //evil.example",
        "/\x00//evil.example", "/\x0b/evil.example", "///evil.example",
    ],
)  # fmt: skip
async def test_a_log_in_leads_to_this_site_only(asking: Asking, onward: str) -> None:
    form = {"account": OFFICER, "password": PASSWORD, "next": onward}
    answer = await asking.send("POST", "/login", form=form)
    assert answer.status == 303
    location = answer.headers["location"]
    assert location.startswith("/")
    assert not re.match(r"/[/\\\s\x00-\x1f]", location)
    assert inside(onward).startswith("/")
    theme = await asking.send("GET", "/theme?" + "to=dark&next=" + re.sub(r"\s|\x00", "", onward))
    assert not re.match(r"/[/\\]|\w+:", theme.headers["location"])


async def test_what_is_downloaded_names_itself_in_one_line(asking: Asking, token: str) -> None:
    for name in ('a"; filename="evil.html', "a\r\nSet-Cookie: x=1", "日报\n", "../../etc/passwd"):
        form = {
            "name": name, "domain": "hotline", "period": "day", "measure": "received", "by": "unit", "form": "xlsx",
            "language": "zh",
        }  # fmt: skip
        made = await asking.send("POST", "/reports", token, form=form)
        report = made.headers["location"].rsplit("/", 1)[1]
        ready = await asking.send("POST", f"/reports/{report}/make", token, form={"day": "2026-11-23"})
        number = ready.headers["location"].rsplit("-", 1)[1]
        answer = await asking.send("GET", f"/reports/files/{number}", token)
        assert answer.status == 200
        told = answer.headers["content-disposition"]
        assert re.fullmatch(r"attachment; filename\*=UTF-8''[\w%.~-]+", told), told
        assert "x=1" not in answer.headers.get("set-cookie", "").lower()


# ---- paths


@pytest.mark.parametrize(
    "name", ["../keys/master.key", "..%2f..%2fkeys%2fmaster.key", "....//master.key", "/etc/passwd", "a\x00.jpg", "%00"]
)
async def test_no_name_of_a_file_leads_out_of_its_folder(
    world: World, asking: Asking, token: str, matter: Matter, name: str
) -> None:
    for path in (
        f"/api/v1/matters/{matter.number}/files/{name}", f"/matters/{shown(matter.number)}/files/{name}",
        f"{static_of(asking)}/{name}", f"/reports/files/{name}",
    ):  # fmt: skip
        answer = await asking.send("GET", path, token)
        assert answer.status in {404, 422, 400}, path
        assert b"root:" not in answer.text
    key = world.store.home / "keys" / "master.key"
    assert not key.exists() or key.read_bytes() not in answer.text
    staged = await asking.send("POST", f"/api/v1/files?name={name.replace(chr(0), '')}", token, body=b"not a picture")
    assert staged.status in {422, 415, 400}
    assert not [p for p in Path(world.store.home).parent.iterdir() if p.name in {"passwd", "master.key"}]


def static_of(asking: Asking) -> str:
    path = next(route.path for route in asking.app.routes if route.path.startswith("/static/"))
    return "/".join(path.split("/")[:3])


# ---- logs


async def test_no_line_of_the_log_can_be_forged(asking: Asking, world: World, token: str, matter: Matter) -> None:
    stream, before = io.StringIO(), logging.getLogger().handlers[:]
    evil = 'x\r\n{"event": "forged", "level": "info"}\x1b[2J\u2028\u0085'
    plain = "x%0d%0aforged%1b[2J"
    logs.configure("info", stream)
    try:
        headers = {"user-agent": evil.replace("\r\n", ""), "referer": plain}
        await asking.send("GET", f"/queue?q={plain}", token, headers=headers)
        await asking.send("POST", "/login", form={"account": evil, "password": evil})
        await asking.send("GET", f"/matters/{plain}", token)
        await asking.send("POST", f"/api/v1/matters/{matter.number}/moves/{plain}", token, body=b'{"version": 1}')
        logging.getLogger("anlan").warning("said %s", evil)
    finally:
        logging.getLogger().handlers = before
    lines = stream.getvalue().split("\n")
    assert lines.pop() == ""
    assert len(lines) >= 5
    for line in lines:
        told: dict[str, Any] = json.loads(line)
        assert told.get("event") != "forged"
        assert line.isprintable() or "\\u001b" in line
        assert "\x1b" not in line
        assert "\r" not in line


# ---- tables


def test_a_cell_that_a_spreadsheet_would_run_is_text() -> None:
    evil = ["=cmd|' /C calc'!A0", "+1+1", "-1", "@SUM(1)", "\t=1", "\r=1", '=HYPERLINK("http://evil")']
    text = as_csv([evil]).decode("utf-8-sig")
    assert text.count("'") >= len(evil)
    with zipfile.ZipFile(io.BytesIO(as_xlsx([evil]))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet


# ---- slow ones


async def test_a_body_that_does_not_come_is_given_up(
    asking: Asking, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that promises more than it sends: the rest is waited for, and not for ever."""
    monkeypatch.setattr(access, "BODY_SECONDS", 0.05)

    async def never() -> Any:
        await asyncio.Event().wait()

    with pytest.raises(Refused, match=r"body\.too_slow"):
        await access.in_time(never)()
    assert (await asking.send("POST", "/api/v1/echo", token, body=b'{"text": "a"}')).status == 200


async def test_what_follows_a_whole_body_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "BODY_SECONDS", 0.05)
    messages = [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]

    async def received() -> Any:
        if len(messages) == 1:
            await asyncio.sleep(0.1)  # longer than a body may take
        return messages.pop(0)

    receive = access.in_time(received)
    assert [(await receive())["type"], (await receive())["type"]] == ["http.request", "http.disconnect"]
