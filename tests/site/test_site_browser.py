"""The site in a browser: every page at two widths, and the ways that people take through it."""

from typing import Any

import pytest

from thorough import WHOLE

PAGES = {
    "home": "/",
    "search": "/search?q=thief",
    "package": "/package/npm/thief",
    "analysis": "/analysis/20261120-120002-00000002",
    "compare": "/compare?run=20261120-120002-00000002&with=20261120-120001-00000001",
    "report": "/report/MAL-2026-0001",
    "withdrawn": "/report/MAL-2026-0002",
    "analyses": "/analyses",
    "reports": "/reports",
    "rules": "/rules",
    "rule": "/rule/exfil/canary-leak",
    "attack": "/attack",
    "operations": "/operations",
    "sql": "/sql",
    "answer": "/sql/answer?name=rule-yield",
    "feeds": "/feeds",
    "signin": "/signin",
}
SERIOUS = {"serious", "critical"}


def axe(page: Any) -> list[str]:
    """What axe-core has against a page, as far as it is serious."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['html'][:200]} {node['failureSummary'][:300]}"
        for one in found if one["impact"] in SERIOUS for node in one["nodes"][:5]
    ]  # fmt: skip


@pytest.mark.parametrize("width", ["desk", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_at_any_width(windows: Any, name: str, width: str) -> None:
    window = windows[width]
    window.said.clear()
    window.asked.clear()
    answer = window.go(PAGES[name])
    window.shot(f"{name}-{width}")
    assert answer.status == 200
    assert window.said == []
    assert window.away() == []
    wide = window.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], "it scrolls sideways"
    if WHOLE or (width == "desk") == (len(name) % 2 == 0):  # each page once, at one width or the other
        assert axe(window.page) == []


@pytest.mark.parametrize("name", PAGES if WHOLE else ["home", "analysis", "sql", "attack", "operations"])
def test_a_page_can_be_read_in_the_dark(window: Any, name: str) -> None:
    window.page.emulate_media(color_scheme="dark")
    window.go(PAGES[name])
    window.shot(f"{name}-dark")
    assert axe(window.page) == []


def test_from_a_word_to_the_evidence(window: Any) -> None:
    page = window.page
    window.go("/")
    page.fill("#ask", "thief")
    page.press("#ask", "Enter")
    page.wait_for_url("**/search?**")
    page.click("main a[href='/package/npm/thief']")
    page.wait_for_url("**/package/npm/thief")
    page.click("main a[href^='/analysis/']")
    page.wait_for_url("**/analysis/**")
    assert "collect.example" in page.inner_text("main, article")
    assert (window.said, window.away()) == ([], [])


def test_a_lock_file_that_is_pasted_is_answered(window: Any) -> None:
    page = window.page
    window.go("/")
    lock = '{"lockfileVersion": 3, "packages": {"node_modules/thief": {"version": "1.0.0"}}}'
    page.fill("#ask", lock)
    page.click("form.ask button")
    page.wait_for_load_state()
    assert "thief" in page.inner_text("main")
    assert window.said == []
    window.shot("lockfile-desk")


def test_a_chart_leads_to_the_list_behind_it(window: Any) -> None:
    page = window.page
    window.go("/")
    page.click("#c-verdict ~ .keys a")
    page.wait_for_url("**/analyses?**since=**")
    assert page.locator("#analyses > li.row").count() > 0


def test_the_keyboard_reaches_the_page_first(window: Any) -> None:
    page = window.page
    window.go("/rules")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"


def test_light_and_dark_are_kept(window: Any) -> None:
    page = window.page
    window.go("/")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#site-theme")
    window.go("/rules")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_a_question_in_sql_is_answered_and_taken_along(window: Any) -> None:
    page = window.page
    window.go("/sql")
    page.fill("#q", "SELECT name, count(*) AS analyses FROM dossiers GROUP BY name ORDER BY 2 DESC")
    page.press("#q", "Control+Enter")
    page.wait_for_url("**/sql/answer?**")
    assert page.inner_text(".sql-table tbody tr:first-child") == "thief\t2"
    assert page.locator(".bars-list .share-bar").count() == 4
    for words, ending in (("CSV", "csv"), ("Parquet", "parquet")):
        with page.expect_download() as waiting:
            page.click(f"a.button:text-is('{words}')")
        assert waiting.value.suggested_filename == f"answer.{ending}"
    assert window.said == []


def test_a_saved_question_takes_another_value(window: Any) -> None:
    page = window.page
    window.go("/sql/answer?name=malicious-lately")
    page.fill("[data-value=days]", "3650")
    page.click(".sql-form button")
    page.wait_for_url("**v=days%3D3650**")
    assert "thief" in page.inner_text(".sql-table")


def test_an_operator_signs_in_withdraws_and_signs_out(window: Any, served: Any) -> None:
    page = window.page
    window.go("/report/MAL-2026-0003")
    assert page.locator("#act").count() == 0
    window.go("/signin?then=/report/MAL-2026-0003")
    page.fill("#token", served.token)
    page.click(".narrow-form button")
    page.wait_for_url("**/report/MAL-2026-0003")
    page.click("#act > summary")
    page.fill("#act [name=note]", "a test of ours")
    window.shot("report-operator-desk")
    assert axe(page) == []
    page.click("#act button:text-is('Withdraw')")
    page.wait_for_load_state()
    assert "Withdrawn" in page.inner_text("main")
    window.go("/operations")
    window.shot("operations-operator-desk")
    assert axe(page) == []
    window.go("/account")
    window.shot("account-desk")
    assert "withdraw" in page.inner_text("main table")
    assert axe(page) == []
    page.click("text=Sign out")
    window.go("/account")
    assert "/signin" in page.url
    assert window.said == []
