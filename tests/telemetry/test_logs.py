"""The log: a line for each request, by id, account and route; nothing of what anybody typed, wherever they typed it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from anlan.app import accounts
from anlan.app.world import World
from anlan.main import application
from anlan.telemetry import logs

pytestmark = pytest.mark.anyio
PLANTED = ("欧阳翠兰", "13812345678", "370202199001011234", "ouyang@example.com", "%E6%AC%A7")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    kept, level, stream = list(root.handlers), root.level, io.StringIO()
    logs.configure("debug", stream)
    yield stream
    root.handlers = kept
    root.setLevel(level)


async def test_nothing_personal_is_in_the_log_wherever_it_was_in_the_request(
    world: World, somebody: Any, written: io.StringIO
) -> None:
    who, said = somebody("operator"), " ".join(PLANTED)
    world.store.writer.submit(accounts.add(world, who.id, who.unit, who.roles, "long enough"))
    commit, token = accounts.token_for(world, who.id)
    world.store.writer.submit(commit)
    report = {"outside_id": "1", "text": said, "name": said, "phone": PLANTED[1]}
    sent: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/api/v1/intakes/partner", {"json": report}),
        ("POST", "/api/v1/intakes/partner", {"json": {"outside_id": said, "phone": PLANTED[0]}}),
        ("POST", f"/api/v1/intakes/{PLANTED[1]}", {"content": said.encode()}),
        ("GET", f"/{PLANTED[0]}/{PLANTED[1]}", {"params": {"q": said}}),
        ("GET", f"/api/v1/receipts/{PLANTED[1]}", {"params": {"code": PLANTED[0]}}),
        ("GET", "/queue", {"params": {"q": said}}),
        ("POST", "/login", {"data": {"account": PLANTED[1], "password": PLANTED[0]}}),
        ("POST", "/api/v1/tokens", {"json": {"account": PLANTED[1], "password": PLANTED[0]}}),
        ("POST", "/report", {"data": {"text": said, "name": PLANTED[0], "phone": PLANTED[1]}}),
        ("BREW", "/", {}),
    ]  # fmt: skip
    headers = {
        "authorization": f"Bearer {token}", "user-agent": PLANTED[3], "x-request-id": PLANTED[1],
        "cookie": f"anlan_session={PLANTED[1]}; anlan_language={PLANTED[1]}",
        "referer": f"http://testserver.local/{PLANTED[1]}", "traceparent": f"00-{PLANTED[1]}-{PLANTED[1]}-01",
    }  # fmt: skip
    async with AsyncTestClient(application(world), raise_server_exceptions=False) as client:
        for method, path, request in sent:
            answer = await client.request(method, path, headers=headers, follow_redirects=False, **request)
            assert PLANTED[1] not in answer.headers["x-request-id"]
    text = written.getvalue()
    assert not [word for word in (*PLANTED, token) if word in text]
    lines = [json.loads(line) for line in text.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) == len(sent)
    assert len({line["request"] for line in requests}) == len(sent)
    first = requests[0]
    assert (first["account"], first["method"], first["route"], first["status"]) == (
        who.id, "POST", "/api/v1/intakes/{channel}", 201,
    )  # fmt: skip
    assert {line["route"] for line in requests} >= {"unmatched", "/queue", "/login"}


def test_an_exception_is_told_by_type_and_place_without_its_words(written: io.StringIO) -> None:
    try:
        int(PLANTED[0])
    except ValueError:
        logging.getLogger("elsewhere").exception("a library failed")
    line = json.loads(written.getvalue())
    assert (line["event"], line["error"], line["level"]) == ("a library failed", "ValueError", "error")
    assert line["frames"][0].rpartition("/")[2].startswith("test_logs.py:")
    assert PLANTED[0] not in written.getvalue()


def test_a_line_cannot_be_forged(written: io.StringIO) -> None:
    logging.getLogger("anlan").warning("refused: %s", 'x\n{"event": "request"}')
    assert len(written.getvalue().splitlines()) == 1
