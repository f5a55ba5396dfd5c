"""`corekit explain MESSAGE`: messages of browsers, and corekit's own words."""

from __future__ import annotations

import json
import re
import shlex
import sys
from typing import Final

import pytest

from corekit import CorsPolicy
from corekit.browser import FAILURES, HttpRequest, HttpResponse
from corekit.events import DecisionEvent
from corekit.explain import ERRORS
from corekit.explain.codes import CODES, find_code
from corekit_django.messages import TEXTS
from tests.browsers.broken_servers import BROKEN_SERVERS, BrokenServer, as_wsgi
from tests.cli.explaining import run, text_of
from tests.cli.live import serving
from tests.probe.servers import PAGE


def chromium_message(case: BrokenServer, url: str) -> str:
    names = [name for name, _ in case.call.get("headers", ())]
    template = FAILURES[case.name].chromium or FAILURES[case.name].chromium_variant
    of_header = case.name == "HeaderDisallowedByPreflightResponse"
    value = names[0] if of_header else case.call.get("method", "GET")
    return (
        f"Access to fetch at '{url}' from origin '{PAGE}' has been blocked by CORS policy:"
        f" {template.replace('{}', value)}"
    )


LIVE: Final = [case for case in BROKEN_SERVERS if case.url == "{url}"]


@pytest.mark.parametrize("case", LIVE, ids=lambda case: case.name)
def test_proposed_command_finds_the_same_failure(case: BrokenServer) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        return case.respond(request, PAGE)

    with serving(as_wsgi(answer)) as live:
        message = chromium_message(case, f"{live.origin}/x/")
        proposed = json.loads(run(message, "--json").stdout)
        assert proposed["name"] == case.name
        program, name, *arguments = shlex.split(proposed["next"])
        result = run(*arguments, "--json")
    assert (program, name) == ("corekit", "explain")
    assert json.loads(result.stdout)["failure"]["code"] == case.name


@pytest.mark.parametrize(
    ("message", "words", "notes"),
    [
        (
            (
                "Access to fetch at 'http://localhost:8000/items/1' from origin"
                " 'http://localhost:5173' has been blocked by CORS policy: Method PATCH is not"
                " allowed by Access-Control-Allow-Methods in preflight response."
            ),
            "--url http://localhost:8000/items/1 --origin http://localhost:5173 --method PATCH",
            0,
        ),
        (
            (
                "Access to fetch at 'http://b.example/' (redirected from 'http://a.example/x') from"
                " origin 'http://c.example' has been blocked by CORS policy: No"
                " 'Access-Control-Allow-Origin' header is present on the requested resource."
            ),
            "--url http://a.example/x --origin http://c.example",
            0,
        ),
        (
            (
                "Access to XMLHttpRequest at 'http://a.example/' from origin 'http://c.example'"
                " has been blocked by CORS policy: Response to preflight request doesn\u2019t pass"
                " access control check: The value of the 'Access-Control-Allow-Credentials' header"
                " in the response is '' which must be 'true' when the request's credentials mode"
                " is 'include'."
            ),
            (
                "--url http://a.example/ --origin http://c.example --header"
                " content-type:application/json --credentials include"
            ),
            1,
        ),
        (
            (
                "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote"
                " resource at http://a.example/x. (Reason: header \u2018x-a\u2019 is not allowed"
                " according to header \u2018Access-Control-Allow-Headers\u2019 from CORS preflight"
                " response)."
            ),
            "--url http://a.example/x --origin ORIGIN --header x-a",
            1,
        ),
        (
            (
                "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote"
                " resource at http://a.example/. (Reason: CORS preflight response did not succeed)."
                " Status code: 405."
            ),
            "--url http://a.example/ --origin ORIGIN --header content-type:application/json",
            2,
        ),
        (
            (
                "[Error] Origin http://c.example is not allowed by Access-Control-Allow-Origin."
                " Status code: 200\n[Error] Fetch API cannot load http://a.example/x due to access"
                " control checks."
            ),
            "--url http://a.example/x --origin http://c.example",
            0,
        ),
        (
            "Origin http://c.example is not allowed by Access-Control-Allow-Origin.",
            "--url URL --origin http://c.example",
            1,
        ),
        (
            (
                "Method PATCH is not allowed by Access-Control-Allow-Methods.\nXMLHttpRequest"
                " cannot load http://a.example/x due to access control checks."
            ),
            "--url http://a.example/x --origin ORIGIN --method PATCH",
            1,
        ),
    ],
)
def test_message_of_each_engine_leads_to_a_call(message: str, words: str, notes: int) -> None:
    found = json.loads(run(message, "--json").stdout)
    assert found["next"] == f"corekit explain {words}"
    assert len(found["notes"]) == notes
    printed = text_of(run(message))
    assert all(note in printed for note in found["notes"])


@pytest.mark.parametrize(
    "message",
    [
        "MethodDisallowedByPreflightResponse",
        (
            "Access to fetch at 'http://localhost/' from origin 'https://c.example' has been"
            " blocked by CORS policy: Permission was denied for this request to access the"
            " `loopback` address space."
        ),
        "Fetch API cannot load http://a.example:6000/ due to access control checks.",
        "GET http://a.example:6000/ net::ERR_UNSAFE_PORT",
    ],
)
def test_no_call_shows_what_no_server_decides(message: str) -> None:
    result = run(message, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["next"] is None


@pytest.mark.parametrize(
    "message",
    [
        "MissingAllowOriginHeader",
        "CORSMissingAllowOrigin",
        "Reason: CORS header 'Access-Control-Allow-Origin' missing",
    ],
)
def test_message_of_a_browser_is_explained(message: str) -> None:
    result = run(message)
    assert result.exit_code == 0, result.output
    assert "Add the page's origin to allow_origins" in text_of(result)
    told = json.loads(run(message, "--json").stdout)
    assert ERRORS[told["name"]].message == told["message"]


def test_message_with_a_url_leads_to_the_next_command() -> None:
    message = (
        "Access to fetch at 'http://localhost:8011/items?a=1&b=2' from origin"
        " 'http://localhost:3000' has been blocked by CORS policy: No"
        " 'Access-Control-Allow-Origin' header is present on the requested resource."
    )
    question = (
        "corekit explain --url 'http://localhost:8011/items?a=1&b=2' --origin http://localhost:3000"
    )
    assert question in run(message).stdout
    assert json.loads(run(message, "--json").stdout)["next"] == question
    strange = message.replace("'http://localhost:3000'", "'$(reboot)'")
    assert "To see what the server responds" not in run(strange).stdout


@pytest.mark.parametrize("code", ["any-origin", "ORIGIN_NOT_ALLOWED", "x: y [any-origin]"])
def test_code_of_corekit_is_explained(code: str) -> None:
    result = run(code)
    assert result.exit_code == 0, result.output
    (meaning,) = find_code(code)
    assert meaning.message in text_of(result)
    assert f"How to fix it: {meaning.hint}" in text_of(result)
    assert json.loads(run(code, "--json").stdout) == {
        "version": 1,
        **meaning._asdict(),
        "others": [],
        "next": None,
        "notes": [],
    }


def test_code_with_several_causes_lists_them() -> None:
    text = text_of(run("max-age"))
    assert f"It is reported for one of {len(CODES['max-age'])} causes: 1. The value is" in text
    found = json.loads(run("max-age", "--json").stdout)
    shown = [{"message": found["message"], "hint": found["hint"]}, *found["others"]]
    assert shown == [
        {"message": meaning.message, "hint": meaning.hint} for meaning in CODES["max-age"]
    ]
    for each in shown:
        assert each["message"] in text
        assert each["hint"] in text


def test_cause_without_a_hint_has_none() -> None:
    assert "How to fix it" not in run("string-not-collection").stdout
    assert any(not meaning.hint for meaning in CODES["malformed-origin"])
    assert run("malformed-origin").exit_code == 0


@pytest.mark.parametrize("number", TEXTS)
def test_every_check_is_described_in_words(number: str) -> None:
    result = run(f"corekit_django.{number}", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["name"] == f"corekit_django.{number}"
    for text in (found["message"], found["hint"]):
        assert text == text.strip()
        assert text[0].isupper() or text.startswith(("corekit_django ", "runserver ", "django-"))
        assert text.endswith((".", "/docs/migrating-from-django-cors-headers.md"))
        # Neither the name of a parameter, nor the place of one that is empty.
        assert re.search(r"[{}<>]|  | [,:]| \.(?!\w|\.\.)|\.{4}", text) is None


def test_text_of_a_check_has_words_for_what_differs() -> None:
    found = json.loads(run("corekit_django.W005", "--json").stdout)
    assert found["message"].startswith("Requests from allowed origins to the hosts in ALLOWED_")
    assert "browsers send them without the session cookie: SESSION_COOKIE_" in found["message"]
    assert "Set SESSION_COOKIE_SAMESITE = 'None'" in found["hint"]
    hint = json.loads(run("corekit_django.W007", "--json").stdout)["hint"]
    assert "the CSRF check. Change nothing" in hint


@pytest.mark.parametrize(
    "text", ["w001", "?: (corekit_django.W001) The CORS middleware comes after x."]
)
def test_check_is_found_in_the_output_of_django(text: str) -> None:
    assert json.loads(run(text, "--json").stdout)["name"] == "corekit_django.W001"


def test_unknown_check_is_not_explained() -> None:
    result = run("corekit_django.E999")
    assert result.exit_code == 2
    assert "This is not a known message or code." in result.stderr


def test_check_needs_django(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "corekit_cli.django_settings", None)
    monkeypatch.delitem(sys.modules, "corekit_cli.django_settings")
    monkeypatch.setitem(sys.modules, "django", None)
    monkeypatch.setitem(sys.modules, "django.conf", None)
    result = run("corekit_django.W001")
    assert result.exit_code == 2
    assert "corekit_django.W001 needs Django, which is not installed." in result.stderr


@pytest.mark.parametrize(
    "message",
    [
        "TypeError: Failed to fetch",
        "NetworkError when attempting to fetch resource.",
        "TypeError: Load failed",
    ],
)
def test_error_of_a_script_leads_to_the_console(message: str) -> None:
    result = run(message)
    assert result.exit_code == 2
    assert "Pass the message of the browser's console" in result.stderr


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_name_is_explained(name: str) -> None:
    assert run(name).exit_code == 0


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("any-origin-with-credential", "any-origin-with-credentials"),
        ("origin_not_alowed", "ORIGIN_NOT_ALLOWED"),
        ("corekit_django.W0O1", "corekit_django.W001"),
        ("MissingAlowOriginHeader", "MissingAllowOriginHeader"),
    ],
)
def test_typo_in_a_code_has_a_suggestion(text: str, near: str) -> None:
    result = run(text)
    assert result.exit_code == 2
    assert f"Did you mean {near}?" in result.stderr


@pytest.mark.parametrize("text", ["corekit_django.W0O9O", "corekit_django.", "w", "nonsense"])
def test_text_that_is_near_no_code_has_no_suggestion(text: str) -> None:
    assert "Did you mean" not in run(text).stderr


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "Reason: CORS header 'Access-Control-Allow-Origin' missing",
            "--url URL --origin ORIGIN",
        ),
        (
            (
                "Reason: Credential is not supported if the CORS header"
                " 'Access-Control-Allow-Origin' is '*'"
            ),
            "--url URL --origin ORIGIN --credentials include",
        ),
    ],
)
def test_message_without_a_call_leads_to_a_command(message: str, words: str) -> None:
    found = json.loads(run(message, "--json").stdout)
    assert found["next"] == f"corekit explain {words}"
    assert [note.split()[1] for note in found["notes"]] == ["URL", "ORIGIN"]


def test_log_line_keeps_what_it_says() -> None:
    decision = CorsPolicy(allow_origins=["http://localhost:5173"]).decide(
        "OPTIONS", origin="http://localhost:5174", request_method="PUT"
    )
    event = DecisionEvent(
        decision, "wsgi", "OPTIONS", "/items/1", "http://localhost:5174", request_method="PUT"
    )
    found = json.loads(run(str(event), "--json").stdout)
    assert found["name"] == "ORIGIN_NOT_ALLOWED"
    assert found["message"] == (
        "preflight for PUT '/items/1' from 'http://localhost:5174': the policy does not allow this"
        " origin."
    )
    assert found["hint"] == (
        "Nearest allowed origin: 'http://localhost:5173'. Add 'http://localhost:5174' to"
        " allow_origins."
    )


@pytest.mark.parametrize(
    "text",
    ["ORIGIN_NOT_ALLOWED", "CORS: GET '/' from 'http://a.test' denied: ... [ORIGIN_NOT_ALLOWED]"],
)
def test_denied_origin_is_not_blamed_on_another_layer(text: str) -> None:
    hint = json.loads(run(text, "--json").stdout)["hint"]
    assert hint.startswith("Add the page's origin to allow_origins")
    assert "outermost" not in hint
