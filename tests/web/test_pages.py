"""The pages over HTTP: what each role finds, moves with their refusals, forms that keep what was typed."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.app.world import World
from anlan.loop.matter import Matter, shown
from anlan.store.read import Shape

pytestmark = pytest.mark.anyio
Browser = Any
"""conftest.Browser"""


def path_of(matter: Matter) -> str:
    return f"/matters/{shown(matter.number)}"


async def test_pages_ask_for_a_log_in_and_carry_a_strict_policy(browser: Browser) -> None:
    answer = await browser.get("/queue", view="open")
    assert answer.url.path == "/login"
    assert "%2Fqueue" in str(answer.url) or "/queue" in answer.url.params["next"]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert " style=" not in answer.text
    assert "<script>" not in answer.text


async def test_wrong_password_is_refused_and_nobody_is_sent_elsewhere(browser: Browser) -> None:
    await browser.get("/login", next="//elsewhere.example")
    answer = await browser.post("/login", account="900013", password="wrong-one", next="//elsewhere.example")
    assert answer.status_code == 401
    assert "账号或密码不对" in answer.text
    assert "elsewhere" not in answer.text


async def test_a_form_without_its_token_is_refused(browser: Browser) -> None:
    browser.text = ""
    answer = await browser.post("/login", account="900013", password="x")
    assert answer.status_code == 403
    assert "刷新" in answer.text


async def test_session_cookie_cannot_be_read_by_scripts_and_ends_with_log_out(browser: Browser, world: World) -> None:
    await browser.role("operator")
    assert (await browser.get("/queue")).status_code == 200
    answer = await browser.post("/logout")
    assert answer.url.path == "/login"
    assert (await browser.get("/queue")).url.path == "/login"


async def test_officer_sees_own_unit_and_accepts(browser: Browser, world: World, received: Matter) -> None:
    officer = world.city.roster.of_unit(received.lead, "officer")[-1]
    actor = await browser.log_in(officer.number)
    listed = await browser.get("/queue")
    assert shown(received.number) in listed.text
    page = await browser.get(path_of(received))
    assert page.status_code == 200
    assert "签收" in page.text
    assert "13812345678" not in page.text
    answer = await browser.post(f"{path_of(received)}/moves/accept", version=received.version)
    assert answer.status_code == 200
    after = world.store.read.matter(received.number)
    assert (after.stage, after.officer) == ("acting", actor.id)


async def test_other_units_officer_sees_nothing(browser: Browser, world: World, received: Matter) -> None:
    other = next(
        o for o in world.city.roster.with_role("officer") if o.roles == ("officer",) and o.unit != received.lead
    )
    await browser.log_in(other.number)
    assert shown(received.number) not in (await browser.get("/queue")).text
    assert (await browser.get(path_of(received))).status_code == 404


async def test_conflict_keeps_what_was_typed(browser: Browser, world: World, received: Matter) -> None:
    officer = world.city.roster.of_unit(received.lead, "officer")[-1]
    await browser.log_in(officer.number)
    await browser.get(path_of(received))
    await browser.post(f"{path_of(received)}/moves/accept", version=received.version)
    answer = await browser.post(
        f"{path_of(received)}/moves/progress", version=received.version, note="夜里去看过，<b>还在</b>"
    )
    assert answer.status_code == 409
    assert "刚才有人动过" in answer.text
    assert "夜里去看过，&lt;b&gt;还在&lt;/b&gt;" in answer.text


async def test_refused_move_names_the_field(browser: Browser, world: World, received: Matter) -> None:
    officer = world.city.roster.of_unit(received.lead, "officer")[-1]
    await browser.log_in(officer.number)
    await browser.get(path_of(received))
    answer = await browser.post(
        f"{path_of(received)}/moves/return", version=received.version, reason="place_wrong", note=""
    )
    assert answer.status_code == 422
    assert "缺少必填项：说明" in answer.text


async def test_contact_is_opened_for_a_purpose_and_told(browser: Browser, world: World, received: Matter) -> None:
    officer = world.city.roster.of_unit(received.lead, "officer")[-1]
    await browser.log_in(officer.number)
    await browser.get(path_of(received))
    answer = await browser.post(f"{path_of(received)}/contact", receipt=received.number, purpose="handle")
    assert "13812345678" in answer.text
    again = await browser.get(path_of(received))
    assert "13812345678" not in again.text
    assert "查看联系方式" in again.text


async def test_number_in_the_search_goes_to_its_matter(browser: Browser, received: Matter) -> None:
    await browser.role("operator")
    answer = await browser.get("/queue", q=str(received.number))
    assert answer.url.path == path_of(received)


async def test_search_finds_by_words_and_filters_live_in_the_address(browser: Browser, received: Matter) -> None:
    await browser.role("overseer")
    assert shown(received.number) in (await browser.get("/queue", q="夜里很吵")).text
    assert shown(received.number) not in (await browser.get("/queue", q="窨井盖")).text
    assert shown(received.number) in (await browser.get("/queue", view="assigned", category="public_order.noise")).text
    assert shown(received.number) not in (await browser.get("/queue", view="all", channel="web")).text
    assert (await browser.get("/queue", view="nonsense")).status_code == 422


async def test_english_is_complete(browser: Browser, received: Matter) -> None:
    await browser.role("overseer")
    for path in ("/queue", path_of(received), "/measures", "/review/topics", "/follow", "/report"):
        answer = await browser.get(path, lang="en")
        assert answer.status_code == 200, path
        assert 'lang="en"' in answer.text
    assert "What can be done now" in (await browser.get(path_of(received))).text


async def test_call_back_desk_excludes_own_cases(browser: Browser, world: World, received: Matter) -> None:
    await browser.work(received)
    actor = await browser.role("callback")
    desk = await browser.get("/callbacks")
    assert shown(received.number) in desk.text
    page = await browser.get(f"/callbacks/{shown(received.number)}")
    assert "138****5678" in page.text
    opened = await browser.post(f"/callbacks/{shown(received.number)}/contact", receipt=received.number)
    assert "13812345678" in opened.text
    now = world.store.read.matter(received.number)
    await browser.post(
        f"/callbacks/{shown(received.number)}/attempt", version=now.version, receipt=received.number,
        outcome="satisfied", solved="yes", note="",
    )  # fmt: skip
    after = world.store.read.matter(received.number)
    assert after.stage == "closed"
    assert actor.id not in after.handlers


async def test_measures_show_formula_and_link(browser: Browser, received: Matter) -> None:
    await browser.role("overseer")
    for by in ("category", "unit", "ledger", "channel", "month"):
        answer = await browser.get("/measures", by=by)
        assert answer.status_code == 200
        assert "签收时限内签收 ÷ 签收" in answer.text
        assert "/measures/matters?domain=hotline&amp;counter=accepted_in_time" in answer.text
    assert (await browser.get("/measures", **{"from": "2026-13-01"})).status_code == 422


async def test_theme_is_kept(browser: Browser) -> None:
    answer = await browser.get("/theme", to="dark", next="/login")
    assert answer.url.path == "/login"
    assert 'data-theme="dark"' in answer.text


async def test_a_bug_is_told_as_a_page(browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await browser.role("overseer")
    monkeypatch.setattr("anlan.web.figures.measure", lambda *_: 1 // 0)
    answer = await browser.get("/measures")
    assert answer.status_code == 500
    assert "系统出错" in answer.text


async def test_merging_from_the_page(browser: Browser, world: World, received: Matter) -> None:
    await browser.role("operator")
    await browser.get("/intake")
    place = world.city.places.places[0].name
    await browser.post("/intake", text="每晚十一点以后有人在楼下大声唱歌，孩子睡不着", place=place, outside_id="second")
    other = next(r.matter for r in world.store.read.rows(Shape()) if r.matter.number != received.number)
    page = await browser.get(path_of(other))
    assert "并入那一件" in page.text
    answer = await browser.post(f"{path_of(other)}/merge", version=other.version, into=received.number)
    assert answer.url.path == path_of(received)
    assert world.store.read.matter(other.number).merged_into == received.number
    gone = await browser.get(path_of(other))
    assert f"已并入{shown(received.number)}" in gone.text


async def test_search_keeps_its_place_between_pages(browser: Browser, received: Matter) -> None:
    await browser.role("overseer")
    first = await browser.get("/queue", view="open", unit=received.lead)
    link = next(part for part in first.text.split('href="') if part.startswith(f"{path_of(received)}?"))
    assert "view=open" in link.split('"')[0]
    assert f"unit={received.lead}" in link.split('"')[0]
    assert (await browser.get("/queue", after="nonsense")).status_code == 422
    assert (await browser.get("/queue", after="1.2")).status_code == 200


async def test_a_place_chosen_on_the_map_counts_and_comes_back_with_the_form(browser: Browser, world: World) -> None:
    at = world.city.places.places[0]
    chosen = f"@{at.lon:.6f},{at.lat:.6f}"
    form = {"outside_id": "web-9", "text": "健身器材的踏板断了", "place": "儿童乐园东侧", "spot": chosen, "seen": "yes"}
    await browser.get("/report")
    refused = await browser.post("/report", **{**form, "phone": "1"})
    assert f'value="{chosen}" checked' in refused.text
    assert (await browser.post("/report", **form)).status_code == 201
    (matter,) = [row.matter for row in world.store.read.rows(Shape())]
    assert matter.place is not None
    assert (matter.place.lon_e6, matter.place.lat_e6) == (round(at.lon * 1e6), round(at.lat * 1e6))


async def test_script_in_every_field_is_stored_and_shown_as_words(browser: Browser, world: World) -> None:
    script = "<script>alert('x')</script>"
    typed = {name: f"{name} {script}" for name in ("text", "title", "place", "name")}
    await browser.role("operator")
    await browser.get("/intake")
    form = {"outside_id": script, "channel": "call_968110", "unit_other": "市南区分局", **typed}
    assert (await browser.post("/intake", **form)).status_code == 201
    (matter,) = [row.matter for row in world.store.read.rows(Shape())]
    assert world.store.vault.open([matter.text])[matter.text]["text"] == typed["text"]
    await browser.role("overseer")
    for path in ("/queue?view=open", f"/matters/{shown(matter.number)}", "/readings"):
        page = await browser.get(path)
        assert "<script>alert" not in page.text
        assert "unsafe-inline" not in page.headers["content-security-policy"]


async def test_a_name_of_ten_thousand_characters_is_refused_and_every_word_kept(browser: Browser, world: World) -> None:
    await browser.get("/report")
    answer = await browser.post("/report", outside_id="w", text="路灯不亮", name="王" * 10_000, seen="yes")
    assert (answer.status_code, "王" * 10_000 in answer.text, "路灯不亮" in answer.text) == (422, True, True)
    assert world.store.read.rows(Shape()) == []
