"""The playground in headless Chromium: editing, running, examples and security."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final

import pytest

from corekit_cli.demo.command import Demo, Ports, run_demo
from corekit_cli.demo.form import Origins, list_examples
from corekit_cli.demo.form import fill as fill_form
from tests.browsers.chromium import require_chromium
from tests.browsers.playground import ENDED, fill, go, run, settle
from tests.browsers.tab import Tab, open_tab

pytestmark = pytest.mark.browser

AGREEMENTS: Final = {
    "any-origin-with-credentials": "problems",
    "trailing-slash": "problems",
    "authorization-under-wildcard": "deviate",
    "scheme-differs": "model",
    "public-page": "model",
}
"""The marks of the examples where model and browser do not agree."""


def test_problems_are_shown_fixed_and_run(demo: Demo, tab: Tab) -> None:
    page = demo.origins.page
    fill(tab, "allow_origins", f"{page}/")
    fill(tab, "allow_methods", "put")
    tab.wait_for("byId('problems').innerText.includes('2 problems')")
    assert tab.text("#stale") == "The form has changed. Run it again."
    assert f"Did you mean '{page}'?" in tab.text("#allow_origins-error")
    assert "Did you mean 'PUT'?" in tab.text("#allow_methods-error")

    assert "Nothing was sent" in run(tab)
    assert tab.focused() == "allow_origins"
    assert tab.evaluate("byId('shown').hidden")
    assert "allow_origins[0]" in tab.text("#summary")
    tab.click("#summary li:nth-child(2) a")
    assert tab.focused() == "allow_methods"

    fill(tab, "allow_origins", page)
    fill(tab, "allow_methods", "PUT")
    tab.wait_for("byId('problems').innerText === ''")
    assert tab.evaluate("document.querySelectorAll('#form .error, [aria-invalid]').length") == 0
    assert run(tab) == "\u2713 Allowed This browser agrees."
    assert tab.evaluate("byId('stale').hidden")
    assert "Allowed" in tab.text("#model")
    assert "Response read: 200" in tab.text("#browser")
    assert "log of the API: OPTIONS 204, PUT 200" in tab.text("#browser")
    assert "allow_methods=['PUT']" in tab.text("#policy")


def test_edited_policy_applies_to_this_browser(demo: Demo, tab: Tab) -> None:
    fill(tab, "allow_methods", "DELETE")
    assert run(tab) == "\u2717 Blocked This browser agrees."
    assert "MethodDisallowedByPreflightResponse" in tab.text("#model")
    assert "Request not sent" in tab.text("#browser")
    assert "log of the API: OPTIONS 204" in tab.text("#browser")


def test_fix_is_applied_by_its_button(demo: Demo, tab: Tab) -> None:
    tab.click("#example-method-not-allowed")
    tab.wait_for("byId('model').innerText.includes('PATCH')")
    tab.click("#model .fixes button")
    tab.wait_for("byId('status').innerText === '\u2713 Allowed This browser agrees.'")
    assert tab.evaluate("byId('allow_methods').value") == "PUT, DELETE, PATCH"
    assert tab.focused() == "results"


def test_every_example_fills_the_form_and_runs(demo: Demo, tab: Tab) -> None:
    for example in list_examples(demo.origins, demo.origins.page):
        name, _, form = example
        tab.evaluate("byId('status').textContent = ''")
        tab.click(f"#example-{name}")
        tab.wait_for(ENDED)
        marked = tab.wait_for(f"document.querySelector('#example-{name} .mark').dataset.mark")
        assert marked == AGREEMENTS.get(name, "agree"), (name, tab.text("#results"))
        read = tab.evaluate("readForm()")
        assert read == form, name


def test_public_page_is_not_run(demo: Demo, tab: Tab) -> None:
    tab.click("#page-here")
    tab.click("#public_page")
    assert run(tab) == "\u2717 Blocked Not run in this browser."
    assert "LocalNetworkAccessPermissionDenied" in tab.text("#model")
    assert "Not run: the pages of the demo come from this computer." in tab.text("#browser")
    assert tab.text("#legend") == "Nothing was sent."


def test_all_examples_run_at_once(demo: Demo, tab: Tab) -> None:
    tab.click("#all")
    tab.wait_for("!busy && byId('progress').innerText.includes('Done')")
    names = [one.name for one in list_examples(demo.origins, demo.origins.page)]
    agreeing = len(names) - len(AGREEMENTS)
    assert tab.text("#progress") == (
        f"\u2713 Done. As the standard requires: {agreeing}. Known deviations: 1."
        " Other deviations: 0."
    )
    for name in names:
        marked = tab.evaluate(f"document.querySelector('#example-{name} .mark').dataset.mark")
        assert marked == AGREEMENTS.get(name, "agree"), name


def test_known_deviation_is_shown(demo: Demo, tab: Tab) -> None:
    tab.click("#example-authorization-under-wildcard")
    tab.wait_for("byId('status').innerText.includes('known deviation')")
    assert "Known deviation of Chromium, Firefox, WebKit" in tab.text("#model")
    assert "Response read: 200" in tab.text("#browser")
    described = tab.evaluate("byId('diagram-desc').textContent")
    assert "From browser to API: GET, sent nevertheless (reached the API)." in described


def test_guard_refuses_a_write_without_preflight(demo: Demo, tab: Tab) -> None:
    fill(tab, "method", "POST")
    fill(tab, "path", "/session")
    fill(tab, "headers", "content-type: text/plain")
    tab.click("#page-other")
    assert run(tab) == "\u2717 Blocked This browser agrees."
    assert "log of the API: POST 200" in tab.text("#browser")
    assert "uard" not in tab.text("#model")
    assert "guard" not in tab.text("#policy")

    tab.click("#guard")
    assert run(tab) == "\u2717 Blocked \u2717 Refused by the guard This browser agrees."
    model = tab.text("#model")
    assert "Refused by the guard" in model
    assert "The page belongs to another origin of the same site. [SAME_SITE]" in model
    assert f"Add '{demo.origins.untrusted}' to allow_origins." in model
    assert tab.text("#browser").count("POST 403 refused by the guard") == 1
    assert "    guard=CrossOriginGuard(policy),\n" in tab.text("#policy")
    assert "the application did not process it" in tab.text("#steps")
    assert tab.text("#wire summary").endswith(", refused by the guard")
    described = tab.evaluate("byId('diagram-desc').textContent")
    assert "From browser to API: POST, /session. \u2717 refused by the guard." in described

    tab.click("#page-here")
    assert run(tab) == "\u2713 Allowed This browser agrees."
    assert "Passed by the guard" in tab.text("#model")
    assert "The policy lists the origin of the page. [LISTED_ORIGIN]" in tab.text("#model")
    assert "log of the API: POST 200" in tab.text("#browser")


def test_guard_is_shown_if_the_page_can_read_the_refusal(demo: Demo, tab: Tab) -> None:
    go(tab, f"{demo.origins.page}/#allow_origins=*&guard=true&method=POST&path=/session&body=x")
    assert tab.evaluate("byId('guard').checked")
    assert run(tab) == "\u2713 Allowed \u2717 Refused by the guard This browser agrees."
    assert "With '*' every page may read." in tab.text("#model")
    assert "Response read: 403" in tab.text("#browser")
    fill(tab, "headers", "x-a: 1")
    assert run(tab) == "\u2717 Blocked This browser agrees."
    assert "The guard is not asked: the browser does not send the request." in tab.text("#model")
    fill(tab, "headers", "")
    fill(tab, "typed", "https://app.example.org")
    assert run(tab) == "\u2713 Allowed \u2717 Refused by the guard Not run in this browser."
    assert "The page belongs to another site. [CROSS_SITE]" in tab.text("#model")
    assert "\u2717 refused by the guard" in tab.evaluate("byId('diagram-desc').textContent")


def test_guard_refuses_a_cookie_without_credentials(demo: Demo, tab: Tab) -> None:
    tab.click("#example-sign-in")
    tab.wait_for("byId('status').innerText === '\u2713 Allowed This browser agrees.'")
    tab.click("#guard")
    assert run(tab) == "\u2713 Allowed This browser agrees."
    tab.click("#allow_credentials")
    assert run(tab) == "\u2717 Blocked \u2717 Refused by the guard This browser agrees."
    assert "[CREDENTIALS_NOT_ALLOWED]" in tab.text("#model")
    assert "POST 403 with the cookie refused by the guard" in tab.text("#browser")


def test_sandboxed_iframe_has_an_opaque_origin(demo: Demo, tab: Tab) -> None:
    tab.click("#page-null")
    assert run(tab) == "\u2717 Blocked This browser agrees."
    assert "log of the API: OPTIONS 403" in tab.text("#browser")
    fill(tab, "allow_origins", "null")
    tab.click("#allow_credentials")
    settle(tab)
    assert "1 problem" in tab.text("#problems")
    tab.click("#accept_risks-opaque-origin")
    tab.wait_for("byId('problems').innerText === ''")
    assert run(tab) == "\u2713 Allowed This browser agrees."
    steps = tab.text("#steps")
    assert "Origin: null" in steps
    assert tab.evaluate("document.querySelectorAll('iframe').length") == 0


def test_untrusted_page_calls_from_its_own_origin(demo: Demo, tab: Tab) -> None:
    tab.click("#page-other")
    assert run(tab) == "\u2717 Blocked This browser agrees."
    fill(tab, "allow_origins", f"{demo.origins.page}\n{demo.origins.untrusted}")
    assert run(tab) == "\u2713 Allowed This browser agrees."
    assert f"Access-Control-Allow-Origin: {demo.origins.untrusted}" in tab.text("#steps")


def test_other_origin_is_not_run_in_this_browser(demo: Demo, tab: Tab) -> None:
    fill(tab, "typed", "https://app.example.org")
    assert tab.evaluate("byId('page-typed').checked")
    assert run(tab) == "\u2717 Blocked Not run in this browser."
    assert "no page on https://app.example.org" in tab.text("#browser")
    assert tab.text("#legend") == "Nothing was sent."


def test_invalid_call_is_reported_at_its_field(demo: Demo, tab: Tab) -> None:
    for field, text, words in (
        ("method", "TRACE", "Browsers do not let scripts send this method."),
        ("path", "//evil.example/", "The path is not valid."),
        ("headers", "no colon", "The line is not a header."),
    ):
        before = tab.evaluate(f"byId('{field}').value")
        fill(tab, field, text)
        told = tab.wait_for(f"byId('{field}-error')?.innerText")
        assert words in told
        fill(tab, field, before)
        tab.wait_for(f"!byId('{field}-error')")


def test_diagram_shows_requests_that_reached_the_api(demo: Demo, tab: Tab) -> None:
    described = tab.evaluate("byId('diagram-desc').textContent")
    assert described == (
        "From page to browser: fetch PUT, /items/1."
        " From browser to API: OPTIONS, asks for PUT, content-type (reached the API)."
        f" From API to browser: 204, allows {demo.origins.page}. \u2713 preflight passed."
        " From browser to API: PUT, /items/1 (reached the API)."
        f" From API to browser: 200, allows {demo.origins.page}."
        " \u2713 the page can read the response."
        " From browser to page: response."
    )
    drawn = tab.evaluate(
        "[...document.querySelectorAll('#diagram text')].map((t) => t.textContent)"
    )
    assert drawn[:3] == ["Page", "Browser", "API"]
    assert "\u2713 OPTIONS" in drawn


def test_url_holds_the_form_and_runs_nothing(demo: Demo, tab: Tab) -> None:
    fill(tab, "allow_headers", "x-a, x-b")
    fill(tab, "headers", "x-a: 1 & 2\nx-b: #")
    tab.click("#allow_credentials")
    tab.click("#guard")
    tab.click("#page-other")
    run(tab)
    form = tab.evaluate("readForm()")
    address = tab.evaluate("location.href")
    assert "guard=true" in address
    go(tab, address)
    assert tab.evaluate("readForm()") == form
    tab.evaluate("new Promise((done) => setTimeout(done, 300))")
    assert tab.text("#status") == "Not run yet."
    assert run(tab).startswith("\u2717 Blocked")


def test_problems_in_the_url_are_shown(demo: Demo, tab: Tab) -> None:
    go(tab, f"{demo.origins.page}/#allow_origins=x%20y&max_age=-1&nonsense=1&credentials=include")
    tab.wait_for("byId('problems').innerText.includes('problems')")
    assert tab.evaluate("byId('more').open")
    assert "below 0" in tab.text("#max_age-error")


def test_security_policy_blocks_everything_else(demo: Demo, tab: Tab) -> None:
    ran = tab.evaluate(
        "(() => { const one = document.createElement('div');"
        "try { one.innerHTML = '<img src=x onerror=\"window.ran = true\">'; }"
        "catch (error) { return error.name; } return 'no error'; })()"
    )
    assert ran == "TypeError", "no text becomes HTML"
    reached = tab.evaluate(
        f"fetch('{demo.origins.untrusted}/demo.json').then(() => 'reached', () => 'refused')"
    )
    assert reached == "refused"


def test_stopped_demo_is_reported(tmp_path: Path) -> None:
    require_chromium()
    with run_demo(Ports(0, 0, 0)) as running:
        opened = open_tab(f"{running.origins.page}/")
        tab = opened.__enter__()
        try:
            tab.wait_for(ENDED)
        except BaseException:
            opened.__exit__(None, None, None)
            raise
    try:
        tab.click("#run")
        tab.wait_for("byId('status').innerText.includes('Is it running?')")
        tab.click("#all")
        tab.wait_for("byId('progress').innerText.includes('Is it running?')")
    finally:
        opened.__exit__(None, None, None)


def test_untrusted_site_is_a_playground_too(demo: Demo, browser: Tab) -> None:
    go(browser, f"{demo.origins.untrusted}/")
    browser.wait_for(ENDED)
    assert browser.text("#status") == "\u2717 Blocked This browser agrees."
    assert browser.text("#other-label") == "Allowed page"
    browser.click("#page-other")
    assert run(browser) == "\u2713 Allowed This browser agrees."
    assert browser.text("#here") == demo.origins.untrusted


HEADERS: Final = (
    "x-a: 1",
    "Content-Type: text/plain",
    "Content-Type: application/json",
    "authorization: Bearer x",
    "Accept: text/html",
    "Cookie: a=b",
    "range: bytes=0-1",
)


def draw_form(random: Random, origins: Origins) -> dict[str, str | bool]:
    """Make a random form; some have an invalid policy or call."""

    def some(*values: str) -> str:
        return "\n".join(random.sample(values, random.choice([0, 1, 1, 2])))

    page, untrusted = origins.page, origins.untrusted
    method = random.choice(
        "GET GET HEAD POST POST POST put PUT DELETE PATCH patch OPTIONS LOCK".split()
    )
    any_origin = random.random() < 0.2
    return fill_form(
        {},
        allow_origins="*" if any_origin else some(page, untrusted, "http://localhost:*", "null"),
        allow_credentials=random.random() < 0.4,
        allow_methods=some("PUT", "DELETE", "PATCH", "*", "LOCK"),
        allow_headers=some("x-a", "content-type", "authorization", "*"),
        expose_headers=some("x-items-total", "x-request-id"),
        preflight_status=random.choice(["204", "200", "299"]),
        accept_risks=random.choice(["", "opaque-origin"]),
        guard=random.random() < 0.5,
        page=random.choice([page, page, untrusted, "null"]),
        method=method,
        path=random.choice(["/items", "/items/1?a=b", "/me", "/session", "/nowhere"]),
        headers=some(*HEADERS),
        credentials=random.choice(["omit", "same-origin", "include"]),
        body=random.choice(["", "", "{}"]) if method not in ("GET", "HEAD") else "",
    )


def test_browser_agrees_with_the_model_on_random_forms(demo: Demo, tab: Tab) -> None:
    random = Random(6)
    endings: Counter[str] = Counter()
    for _ in range(1000):
        form = draw_form(random, demo.origins)
        result = tab.evaluate(f"perform({json.dumps(form)})")
        if result["problems"]:
            endings["problems"] += 1
            continue
        ending = result["agreement"]
        endings[f"{ending} {result['verdict']['allowed']}"] += 1
        assert ending == "agree" or "chromium" in result["verdict"]["deviating"], result
        guard = result["verdict"]["guard"]
        refused = [each["refused"] for each in result["seen"] if each["refused"]]
        assert refused == ([guard["reason"]] if guard and not guard["allowed"] else []), result
        endings.update(refused)
    for ending in ("problems", "agree True", "agree False"):
        assert endings[ending] >= 50, endings
    for reason in ("SAME_SITE", "CROSS_SITE"):
        assert endings[reason] >= 5, endings
