"""A few journeys through the whole of it, as people make them: with the keyboard, on a phone, without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.app.test_media import picture
from tests.browser.conftest import barriers

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Visit = Callable[..., Page]
PHONE = {"width": 390, "height": 844}


def test_the_operator_sees_who_said_it_before_and_saves_with_the_keyboard(log_in: Visit) -> None:
    first = log_in("operator", "/intake")
    first.wait_for_load_state("networkidle")  # the key is the script's
    first.get_by_label("反映什么").fill("香港中路地铁口共享单车堆成山，行人只能走机动车道")
    first.keyboard.press("Control+Enter")
    number = first.locator(".big-no").first.inner_text()
    page = log_in("operator", "/intake")
    page.get_by_label("反映什么").press_sequentially("香港中路地铁口共享单车堆成山，堵住人行道", delay=5)
    offer = page.locator("#part-same .dup").first
    expect(offer).to_contain_text("共享单车")
    offer.get_by_role("button", name="并入").click()
    expect(page.locator("main")).to_contain_text(f"已并入{number}")
    assert page.locator(".big-no").first.inner_text() != number


def test_a_citizen_reports_on_the_phone_without_scripts_and_follows_it(open_page: Visit, log_in: Visit) -> None:
    page = open_page("/report", PHONE, java_script_enabled=False)
    page.get_by_label("照片").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": picture("PNG")})
    page.get_by_label("您想反映什么？").fill("燕儿岛路口红绿灯整夜不亮，过街很危险")
    page.get_by_label("在哪里？").fill("市南区")
    page.get_by_role("button", name="提交").last.click()
    number, code = page.locator(".big-no").all_inner_texts()
    page.get_by_role("link", name="查进度").last.click()
    expect(page.get_by_label("回执号")).to_have_value(number)
    page.get_by_label("查询码").fill(code)
    page.get_by_role("button", name="查进度").click()
    expect(page.locator("main")).to_contain_text("办结")
    page.goto("/follow")
    page.get_by_label("回执号").fill(number)
    page.get_by_label("查询码").fill("00000000")
    page.get_by_role("button", name="查进度").click()
    expect(page.get_by_role("alert")).to_be_visible()
    seen = log_in("overseer", f"/matters/{number}")
    seen.get_by_role("link", name="照片1").click()
    large = seen.locator(".file-large img")
    assert large.evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    assert barriers(seen) == []


def test_somebody_not_satisfied_reopens_the_matter_and_the_auditor_sees_who_read_the_number(
    log_in: Visit, accounts: dict[str, str]
) -> None:
    page = log_in("callback", "/callbacks")
    show = page.get_by_role("button", name="查看号码")
    for n in range(page.locator("#queue .row").count()):
        page.locator("#queue .row").nth(n).click()
        page.wait_for_url(re.compile(r"/callbacks/\d"))
        page.wait_for_load_state("networkidle")
        if show.count():  # some reporters left no number
            break
    number = page.locator(".m-head .num").first.inner_text()
    show.first.click()
    expect(page.locator(".dial").first).to_have_text(re.compile(r"1\d{10}"))
    page.get_by_label("不满意").first.check()
    page.locator(".attempt textarea").first.fill("邻居说夜里又响了")
    page.get_by_role("button", name="登记").first.click()
    page.goto(f"/matters/{number}")
    # back to the unit (an appeal), to whoever must explain the decision (a notice) or report anew (an incident)
    expect(page.locator(".m-head")).to_contain_text(re.compile("待签收|待释明|待反馈"))
    auditor = log_in("auditor", f"/readings?matter={number}")
    reading = auditor.locator("tbody tr").filter(has_text="联系方式").first
    expect(reading).to_contain_text(accounts["callback"])
    expect(reading).to_contain_text("回访")


def test_an_officer_returns_one_matter_and_reports_another_done(log_in: Visit) -> None:
    officer = log_in("officer", "/queue")
    unit = officer.locator(".rail footer").inner_text().splitlines()[1].strip()
    desk, numbers = log_in("operator", "/intake"), []
    for words in ("楼道灯坏了三天，老人夜里看不见", "门口的井盖松了，车一过就响"):
        desk.goto("/intake")
        desk.locator("#text").fill(words)
        desk.locator("#unit_other").fill(unit)
        desk.get_by_role("button", name="受理并派出").click()
        numbers.append(desk.locator(".big-no").first.inner_text())
    officer.goto(f"/matters/{numbers[0]}")
    officer.locator("summary", has_text="退回").click()
    back = officer.locator("details.move[open]")
    back.locator("select").select_option("not_our_work")
    back.locator("textarea").fill("路灯归城管维护")
    back.locator("button.main").click()
    expect(officer.locator("body")).to_contain_text("退回")
    officer.goto(f"/matters/{numbers[1]}")
    officer.locator("form.advice button.main").click()
    officer.locator("form.advice textarea").fill("已加固井盖")
    officer.locator("form.advice button.main").click()
    expect(officer.locator(".m-head")).to_contain_text("待核实")


def test_the_supervisor_finds_the_late_one_and_takes_it_over(log_in: Visit) -> None:
    page = log_in("overseer", "/queue?view=late&domain=hotline")
    page.locator("#queue .row").filter(has_text=re.compile("处置中|待签收")).filter(
        has_not_text=re.compile("青岛市公安局|子事项")
    ).first.click()
    page.wait_for_url(re.compile("/matters/"))
    number = page.locator(".m-head .num").first.inner_text()
    page.locator("summary", has_text="提级办理").click()
    form = page.locator("details.move[open]")
    form.locator("textarea").fill("逾期未动，提级办理")
    form.locator("button.main").click()
    page.goto(f"/matters/{number}")
    expect(page.locator(".time")).to_contain_text("提级办理")


def test_a_new_colleague_gets_in_with_a_password_that_is_good_once(log_in: Visit, open_page: Visit) -> None:
    page = log_in("security", "/people/new")
    page.get_by_label("警号").fill("77001")
    page.locator("main #unit").fill("安湖路派出所")
    page.get_by_label("民警").check()
    page.get_by_role("button", name="添加账号").click()
    once = page.locator("#once").inner_text()
    mine = open_page("/login?next=/account")
    mine.get_by_label("警号").fill("77001")
    mine.get_by_label("密码").fill(once)
    mine.keyboard.press("Enter")
    mine.get_by_label("新密码").fill("my own words")
    mine.get_by_label("密码", exact=True).fill(once)
    mine.keyboard.press("Enter")
    mine.wait_for_url("**/account")
    page.get_by_role("button", name="停用账号").click()
    expect(page.locator("main")).to_contain_text("已停用")
    mine.reload()
    mine.wait_for_url("**/login?**")


def test_a_list_stays_true_while_it_is_open(log_in: Visit) -> None:
    a_move_is_seen_where_its_row_stands(log_in)
    what_comes_and_goes_waits_at_the_top(log_in)


def a_move_is_seen_where_its_row_stands(log_in: Visit) -> None:
    watching, acting = log_in("overseer", "/queue?view=open"), log_in("overseer", "/queue?view=open")
    href = watching.locator("#queue .row").filter(has_not_text="督办").first.get_attribute("href")
    assert href
    hrefs = "rows => rows.map(row => row.getAttribute('href'))"
    order = watching.locator("#queue .row").evaluate_all(hrefs)
    other = log_in("overseer", href)
    looks: list[str] = []
    other.on("request", lambda request: looks.append(request.url) if "/matters/" in request.url else None)
    watching.locator(f'#queue .row[href="{href}"]').focus()
    acting.goto(href)
    acting.locator("summary", has_text="催办").click()
    form = acting.locator("details.move", has_text="催办")
    form.locator("textarea").fill("请今天办完")
    form.locator("button.main").click()
    expect(watching.locator(f'#queue .row[href="{href}"]')).to_contain_text("督办")
    expect(watching.locator(f'#queue .row[href="{href}"]')).to_be_focused()
    assert watching.locator("#queue .row").evaluate_all(hrefs) == order, "nothing moves under the pointer"
    expect(other.locator("#changed")).to_be_visible()
    expect(other.locator('#queue .row[aria-current="true"]')).to_contain_text("督办")
    assert looks == [], "a page that is only open puts no reading on the ledger"


def what_comes_and_goes_waits_at_the_top(log_in: Visit) -> None:
    address = "/queue?view=verifying&domain=hotline"
    watching, acting = log_in("overseer", address), log_in("overseer", address)
    href = watching.locator("#queue .row").first.get_attribute("href")
    assert href
    acting.goto(href)
    acting.locator("form.advice button.main").click()
    row = watching.locator(f'#queue .row[href="{href}"]')
    expect(watching.locator("#fresh button")).to_be_visible()
    expect(row).to_have_class(re.compile("gone"))
    watching.locator("#fresh button").click()
    expect(row).to_have_count(0)
    expect(watching.locator("#fresh button")).to_be_hidden()
