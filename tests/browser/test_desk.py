"""A day at the desk in real browsers: keys, new work told once, undo, a session that ends, a server that goes away."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import barriers

from anlan.cli.bench.server import Server
from anlan.cli.demo import demo_password

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("desk")]

Visit = Callable[..., Page]


def moved(page: Page, href: str, label: str, words: str) -> None:
    """Make a move with a note on a matter's page."""
    page.goto(href)
    page.locator("summary", has_text=label).first.click()
    form = page.locator("details.move", has_text=label).first
    form.locator("textarea").fill(words)
    form.locator("button.main").click()
    page.wait_for_load_state("networkidle")


def forwarding(boss: Page, unit: str) -> Locator:
    """An overseer's form, filled in, that forwards somebody else's matter to the unit."""
    boss.goto("/queue?view=open&domain=hotline")
    rows = boss.locator("#queue .row").filter(has_text=re.compile("待签收|处置中"))
    away = rows.filter(has_not_text=unit.removesuffix("派出所")).first.get_attribute("href")
    assert away
    boss.goto(away)
    boss.locator("summary", has_text="转办").first.click()
    form = boss.locator("details.move", has_text="转办").first
    form.locator("input[name=unit]").fill(unit)
    form.locator("textarea").fill("属于你们")
    return form


def test_everything_is_reached_from_the_keyboard_and_nothing_fires_while_typing(log_in: Visit) -> None:
    page = log_in("overseer", "/queue?view=open")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("g")
    expect(page.locator("html")).to_have_class(re.compile("going"))
    page.keyboard.press("m")
    page.wait_for_url("**/map")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.wait_for_url(re.compile("/queue"))
    page.wait_for_load_state("networkidle")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("值班大屏")
    assert barriers(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    expect(page.locator("#picked")).to_contain_text("2件")
    assert barriers(page) == []
    page.keyboard.press("b")
    page.wait_for_url(re.compile(r"/bulk\?.*pick="))
    assert page.locator("input[type=checkbox]:checked").count() == 2
    page.goto("/queue?view=verifying&domain=hotline")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/matters/"))
    page.wait_for_load_state("networkidle")
    page.keyboard.press("a")
    expect(page.locator("form.advice textarea, form.advice button").first).to_be_focused()
    page.keyboard.type("jkgm?/x")
    expect(page.locator("form.advice textarea").first).to_have_value("jkgm?/x")
    composing = "new KeyboardEvent('keydown', {key: 'g', isComposing: true, bubbles: true})"
    page.evaluate(f"document.body.dispatchEvent({composing})")
    expect(page.locator("html")).not_to_have_class(re.compile("going"))
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"/queue\?.*view=verifying|/queue\?view=verifying"))
    page.goto("/queue?view=open")
    page.wait_for_load_state("networkidle")
    text = page.locator("#queue .row .t > span:not(.vh, .tag)").nth(1).inner_text()
    word = re.findall(r"[\u4e00-\u9fff]{2}", text)[-1]
    page.keyboard.press("/")
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/queue\?q="))
    expect(page.locator("#queue .row").filter(has_text=word).first).to_be_visible()  # the word may be in a text only


def test_new_work_is_told_once_and_the_latest_word_counts(log_in: Visit) -> None:
    new_work_is_told_in_one_of_two_tabs_and_on_any_page(log_in)
    the_latest_word_takes_the_place_of_the_one_before(log_in)


def new_work_is_told_in_one_of_two_tabs_and_on_any_page(log_in: Visit) -> None:
    tab = log_in("officer", "/queue?view=assigned")
    other = tab.context.new_page()
    other.goto("/account")
    boss = log_in("overseer", "/queue?view=open")
    unit = tab.locator(".rail footer").inner_text().split("\n")[1].strip()
    form = forwarding(boss, unit)
    asked: list[str] = []
    tab.context.on("request", lambda request: asked.append(request.url) if "/news?" in request.url else None)
    with tab.context.expect_event("response", lambda answer: "/news?" in answer.url) as answered:
        form.locator("button.main").click()
    teller = answered.value.frame.page
    silent = other if teller == tab else tab
    expect(teller.locator("#news .toast")).to_contain_text("转来本单位")
    teller.locator("#news .toast").hover()
    assert barriers(teller) == []
    silent.reload()
    silent.wait_for_load_state("networkidle")
    spans = [tuple(map(int, re.findall(r"\d+", url.partition("?")[2]))) for url in asked]
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans)), "nothing is asked for twice"
    expect(silent.locator("#news .toast")).to_have_count(0)
    expect(teller.locator("#news .toast")).to_be_visible()
    teller.get_by_role("button", name="知道了").click()
    teller.goto("/account")
    teller.wait_for_load_state("networkidle")
    expect(teller.locator("#news .toast")).to_have_count(0)


def the_latest_word_takes_the_place_of_the_one_before(log_in: Visit) -> None:
    page, boss = log_in("officer", "/account"), log_in("overseer", "/queue")
    forwarding(boss, page.locator(".rail footer").inner_text().split("\n")[1].strip()).locator("button.main").click()
    toasts = page.locator("#news .toast")
    expect(toasts).to_contain_text("转来本单位")
    toasts.hover()
    boss.locator("summary", has_text="督办").first.click()
    form = boss.locator("details.move", has_text="督办").first
    form.locator("textarea").fill("久拖不办")
    form.locator("button.main").click()
    expect(toasts).to_have_count(1)
    expect(toasts).to_contain_text("已升级督办")
    expect(toasts).to_have_class(re.compile("stays"))


def test_the_last_move_is_taken_back_from_the_toast(log_in: Visit) -> None:
    page = log_in("overseer", "/queue?view=open&domain=hotline")
    classify = page.locator("summary", has_text="改类别")
    for n in range(page.locator("#queue .row").count()):
        page.locator("#queue .row").nth(n).click()
        page.wait_for_url(re.compile(r"/matters/\d"))
        page.wait_for_load_state("networkidle")
        if classify.count():  # a notice has no category to change
            break
    category = page.locator(".m-head .push")
    expect(category).to_be_visible()
    before = category.inner_text()
    classify.click()
    form = page.locator("details.move", has_text="改类别")
    other = form.locator("optgroup option").filter(has_not_text=before.split("›")[-1].strip()).last
    form.locator("select").select_option(value=other.get_attribute("value"))
    form.locator("button.main").click()
    toast = page.locator("#undo")
    expect(toast).to_be_visible()
    assert barriers(page) == []
    expect(category).not_to_have_text(before)
    toast.get_by_role("button", name="撤回").click()
    expect(category).to_have_text(before)
    expect(page.locator(".time")).to_contain_text("（已撤回）")


def test_a_session_that_ends_in_the_middle_of_a_form_loses_no_word(log_in: Visit, accounts: dict[str, str]) -> None:
    page = log_in("overseer", "/queue?view=open")
    page.goto(page.locator("#queue .row").first.get_attribute("href") or "")
    page.locator("summary", has_text="备注").click()
    form = page.locator("details.move", has_text="备注")
    form.locator("textarea").fill("写了一半的备注")
    page.context.clear_cookies(name="anlan_session")
    form.locator("button.main").click()
    expect(page.get_by_role("alert")).to_contain_text("刚才填的内容都在")
    page.get_by_label("警号").fill(accounts["overseer"])
    page.get_by_label("密码").fill(demo_password())
    page.keyboard.press("Enter")
    page.get_by_role("button", name="回到表单").click()
    expect(page.locator("details.move[open] textarea")).to_have_value("写了一半的备注")
    page.locator("details.move[open] button.main").click()
    expect(page.locator(".time")).to_contain_text("写了一半的备注")


def test_a_server_that_is_killed_and_started_again_finds_its_pages_waiting(log_in: Visit, city: Server) -> None:
    watching, acting = log_in("overseer", "/queue?view=open"), log_in("overseer", "/queue?view=open")
    free = watching.locator("#queue .row").filter(has_not_text="督办")
    hrefs = [free.nth(n).get_attribute("href") or "" for n in (0, 1)]
    moved(acting, hrefs[0], "催办", "重启之前")
    expect(watching.locator(f'#queue .row[href="{hrefs[0]}"]')).to_contain_text("督办")
    acting.goto(hrefs[1])
    acting.locator("summary", has_text="催办").first.click()
    acting.locator("details.move", has_text="催办").first.locator("textarea").fill("重启之后")
    city.kill()
    city.start()
    acting.locator("details.move", has_text="催办").first.locator("button.main").click()
    expect(acting.locator(".time")).to_contain_text("重启之后")
    expect(watching.locator(f'#queue .row[href="{hrefs[1]}"]')).to_contain_text("督办", timeout=15_000)
    assert watching.locator(f'#queue .row[href="{hrefs[1]}"]').count() == 1
