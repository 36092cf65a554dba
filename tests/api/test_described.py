"""The API's description: in each form, and rendered once, since anyone may ask."""

from __future__ import annotations

import json

import pytest
import yaml
from tests.access.asking import Asking

from anlan.app.world import World

pytestmark = pytest.mark.anyio
AT = "/api/v1/docs/openapi"


async def test_the_slow_form_is_rendered_once_and_says_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered, dump = [], yaml.dump
    monkeypatch.setattr(yaml, "dump", lambda *said, **more: rendered.append(1) or dump(*said, **more))
    asking = Asking(world)
    answers = [(await asking.send("GET", f"{AT}.{form}")).text for form in ("yaml", "yml", "yaml")]
    assert len(set(answers)) == 1
    assert len(rendered) == 1
    assert yaml.safe_load(answers[0]) == json.loads((await asking.send("GET", f"{AT}.json")).text)
