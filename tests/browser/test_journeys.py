"""A few journeys through the whole of it, as people make them: with the keyboard, on a phone, without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.app.test_media import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

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
    ("auditor", "/account"),
    ("security", "/people"),
    ("security", "/people/new"),
    ("security", "/people/900001"),
    ("security", "/rights"),
    ("chief", "/units"),
    ("chief", "/units/station.370202001"),
    ("chief", "/units/station.370202001/duty"),
    ("chief", "/views"),
)


def test_the_operator_sees_who_said_it_before_and_saves_with_the_keyboard(log_in: Visit) -> None:
    first = log_in("operator", "/intake")
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
    assert _barriers(seen) == []


def test_the_list_is_walked_and_searched_by_keys(log_in: Visit) -> None:
    page = log_in("overseer", "/queue?view=open")
    page.wait_for_load_state("networkidle")
    word = page.locator("#queue .row .t > span:not(.vh, .tag)").nth(1).inner_text()[2:4]
    page.keyboard.press("j")
    page.keyboard.press("j")
    row = page.locator("#queue .row").nth(1)
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/matters/\d{6}-\d\d-\d{7}"))
    page.wait_for_load_state("networkidle")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/queue\?q="))
    expect(page.locator("#queue .row").first).to_contain_text(word)


def test_somebody_not_satisfied_reopens_the_matter(log_in: Visit) -> None:
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
    # back to the unit (an appeal) or to whoever must explain the decision (a notice)
    expect(page.locator(".m-head")).to_contain_text(re.compile("待签收|待释明"))


def test_two_people_on_one_matter_the_second_is_told_and_loses_no_word(log_in: Visit) -> None:
    one, two = log_in("overseer", "/queue?view=open"), log_in("overseer", "/queue?view=open")
    href = one.locator("#queue .row").nth(3).get_attribute("href")
    assert href
    for page in (one, two):
        page.goto(href)
        page.locator("summary", has_text="备注").click()
    for page, words in ((one, "先到的备注"), (two, "后到的备注")):
        form = page.locator("details.move", has_text="备注")
        form.locator("textarea").fill(words)
        form.locator("button.main").click()
    expect(one.locator("#matter")).to_contain_text("先到的备注")
    expect(two.get_by_role("alert")).to_be_visible()
    expect(two.locator("details.move[open] textarea")).to_have_value("后到的备注")


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


def test_a_report_is_made_and_taken_home(log_in: Visit) -> None:
    page = log_in("overseer", "/reports")
    page.get_by_label("名称").fill("值班周报")
    page.get_by_label("文件格式").select_option("docx")
    page.get_by_role("button", name="保存报表").click()
    page.get_by_role("button", name="生成", exact=True).click()
    with page.expect_download() as taken:
        page.locator("main table a").first.click()
    assert re.fullmatch(r"值班周报_\d{4}-\d\d-\d\d_\d{4}-\d\d-\d\d\.docx", taken.value.suggested_filename)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("role", "path"), SEEN_BY)
def test_staff_pages_have_no_barrier_that_axe_finds(log_in: Visit, role: str, path: str, theme: str) -> None:
    page = log_in(role, path)
    page.context.add_cookies([{"name": "anlan_theme", "value": theme, "url": page.url}])
    page.reload()
    assert _barriers(page) == []
    if page.locator("#queue .row").count():
        page.locator("#queue .row").first.click()
        assert _barriers(page) == []


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
    assert _barriers(page) == []


def _barriers(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def test_a_move_in_one_browser_is_seen_in_the_other_where_its_row_stands(log_in: Visit) -> None:
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


def test_what_comes_and_goes_waits_at_the_top_until_it_is_let_in(log_in: Visit) -> None:
    watching, acting = log_in("overseer", "/queue?view=verifying"), log_in("overseer", "/queue?view=verifying")
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
