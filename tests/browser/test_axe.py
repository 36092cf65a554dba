"""No page has a barrier that axe finds, light and dark; the public ones are light to load and fit a telephone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from tests.browser.conftest import barriers

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("axe")]

Visit = Callable[..., Page]
PHONE = {"width": 390, "height": 844}
SEEN_BY = (
    ("operator", "/queue"),
    ("operator", "/intake"),
    ("overseer", "/queue?view=open"),
    ("overseer", "/measures"),
    ("overseer", "/reports"),
    ("overseer", "/bulk?view=open"),
    ("callback", "/callbacks"),
    ("auditor", "/readings"),
    ("overseer", "/messages"),
    ("overseer", "/review/topics"),
    ("chief", "/measures"),
    ("auditor", "/account"),
    ("security", "/people"),
    ("security", "/people/new"),
    ("security", "/people/900001"),
    ("security", "/rights"),
    ("chief", "/units"),
    ("chief", "/units/station.370202001"),
    ("chief", "/units/station.370202001/duty"),
    ("chief", "/views"),
    ("dispatcher", "/command"),
    ("dispatcher", "/command/units"),
    ("dispatcher", "/command/call"),
    ("overseer", "/command/response"),
)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("role", "path"), SEEN_BY)
def test_staff_pages_have_no_barrier_that_axe_finds(log_in: Visit, role: str, path: str, theme: str) -> None:
    page = log_in(role, path)
    page.context.add_cookies([{"name": "anlan_theme", "value": theme, "url": page.url}])
    page.reload()
    assert barriers(page) == []
    if page.locator("#queue .row").count():
        page.locator("#queue .row").first.click()
        assert barriers(page) == []


@pytest.mark.parametrize("path", ["/report", "/follow", "/login"])
def test_public_pages_have_no_barrier_and_are_light(open_page: Visit, path: str) -> None:
    loaded = 0

    def count(size: int) -> None:
        nonlocal loaded
        loaded += size

    page = open_page("/login", PHONE)
    page.on("response", lambda answer: count(len(answer.body())))
    page.goto(path)
    page.wait_for_load_state("networkidle")
    assert loaded <= 150_000, "the first load on a phone, before compression"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
    assert barriers(page) == []
