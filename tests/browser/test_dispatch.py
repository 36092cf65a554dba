"""A dispatcher's night in a real browser: a call taken, units sent by the keyboard, seen on another screen at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
Visit = Callable[..., Page]


def test_a_call_is_taken_sent_by_one_key_and_seen_on_another_screen(log_in: Visit) -> None:
    other = log_in("dispatcher", "/command")
    expect(other.locator("#map")).to_have_attribute("data-drawn", "yes", timeout=30_000)
    page = log_in("dispatcher", "/command/call")
    place = page.evaluate("fetch('/api/v1/city/places').then((a) => a.json()).then((all) => all[40])")
    page.fill("[name=text]", "楼道里有烟，闻到糊味")
    page.fill("[name=place]", f"{place[3]},{place[2]}")
    page.locator("[name=category][value='incident.fire']").check()
    expect(page.locator("#part-questions li").first).to_be_visible()
    expect(page.locator("#part-limit")).to_contain_text("分钟内到场")
    page.click(".saving .main")
    page.wait_for_url("**/command?incident=*")
    number = page.url.partition("incident=")[2]
    expect(page.locator("#card .tag.urgent")).to_be_visible()
    expect(other.locator(f".inc[data-number='{number}']")).to_be_visible(timeout=10_000)
    sent = page.locator("#card .rank.on").first.get_attribute("data-sign")
    page.locator("main.command").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#card .out").filter(has_text=str(sent))).to_be_visible()
    expect(other.locator(f".inc[data-number='{number}'] .tag")).to_contain_text("已派", timeout=10_000)
    page.locator("#card .out").first.get_by_role("button", name="到场").click()
    expect(page.locator("#card .out").first).to_contain_text("现场")


def test_a_place_is_chosen_on_the_map(log_in: Visit) -> None:
    page = log_in("dispatcher", "/command/call")
    page.fill("[name=text]", "有人落水")
    page.click("[data-do=map]")
    expect(page.locator("#pick [role=status]")).to_contain_text("点一下", timeout=30_000)
    page.wait_for_timeout(500)
    page.locator("#pick canvas").click()
    expect(page.locator("#picked input")).to_be_checked()
    page.locator("[name=category][value='incident.drowning']").check()
    expect(page.locator("#part-limit")).to_contain_text("分钟内到场")
    expect(page.locator("#picked input")).to_be_checked()


def test_another_unit_than_the_recommended_asks_why(log_in: Visit) -> None:
    page = log_in("dispatcher", "/command/call")
    place = page.evaluate("fetch('/api/v1/city/places').then((a) => a.json()).then((all) => all[90])")
    page.fill("[name=text]", "门口两人吵架")
    page.fill("[name=place]", f"{place[3]},{place[2]}")
    page.locator("[name=category][value='incident.dispute']").check()
    page.click(".saving .main")
    page.wait_for_url("**/command?incident=*")
    page.locator("#card .rank").nth(1).click()
    expect(page.locator("#card details.why")).to_have_attribute("open", "")
    page.click("#send")
    expect(page.locator("#card [role=alert]")).to_contain_text("改派理由")
