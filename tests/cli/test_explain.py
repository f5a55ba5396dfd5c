"""`corekit explain`: with a policy, with a live server, with a browser's message."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from corekit.browser import FAILURES, Failure, HttpRequest, HttpResponse
from corekit.explain import ERRORS
from corekit.explain.codes import CODES, find_code
from corekit_cli import command
from corekit_django.checks import TEXTS
from tests.browsers.broken_servers import BROKEN_SERVERS, BrokenServer, as_wsgi
from tests.cli.live import serving
from tests.probe.servers import PAGE, POLICY, right, without, wrong

TOML: Final = """
allow_origins = ["https://app.example.com"]
allow_methods = ["PUT"]
"""


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "cors.toml"
    path.write_text(TOML)
    return f"--policy={path}"


def run(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(command.corekit, ["explain", *arguments], **options)


def text_of(result: Result) -> str:
    return " ".join(result.stdout.split())


def test_allowed_request_is_explained_step_by_step(policy: str) -> None:
    result = run(policy, f"--origin={PAGE}", "--method=PUT")
    assert result.exit_code == 0, result.output
    text = text_of(result)
    assert "can read" in text
    assert "The method PUT is not GET, HEAD or POST." in text
    assert "https://api.example.com/" in text
    assert "\x1b" not in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_blocked_request_has_its_failure_and_a_fix(policy: str) -> None:
    result = run(policy, f"--origin={PAGE}", "--method=put", "--header=authorization")
    assert result.exit_code == 1
    text = text_of(result)
    assert "HeaderDisallowedByPreflightResponse" in text
    assert "How to fix it: Add 'authorization' to allow_headers" in text


def test_near_misses_are_printed(policy: str) -> None:
    result = run(policy, "--origin=http://app.example.com")
    assert result.exit_code == 1
    assert "Near misses:" in text_of(result)
    assert "http instead of https" in text_of(result)


def test_json_is_the_whole_explanation(policy: str) -> None:
    result = run(
        policy, f"--origin={PAGE}", "--method=DELETE", "--json", "--api=https://a.example/x"
    )
    told = json.loads(result.stdout)
    assert (result.exit_code, told["allowed"]) == (1, False)
    assert told["failure"]["code"] == "MethodDisallowedByPreflightResponse"
    assert told["fixes"][0]["changes"] == {"allow_methods": ["PUT", "DELETE"]}
    assert told["exchanges"][0]["request"]["url"] == "https://a.example/x"


def test_policy_may_be_standard_input_or_an_import_path() -> None:
    assert run("--policy=-", f"--origin={PAGE}", input=TOML).exit_code == 0
    assert run("--policy=tests.probe.servers:POLICY", f"--origin={PAGE}").exit_code == 0


def test_output_of_an_imported_module_goes_to_stderr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = f"from corekit import CorsPolicy\np = CorsPolicy(allow_origins=['{PAGE}'])\n"
    (tmp_path / "explained_loud.py").write_text(f"print('loading')\n{made}")
    result = run("--policy=explained_loud:p", f"--origin={PAGE}", "--json")
    assert json.loads(result.stdout)["allowed"]
    assert result.stderr == "loading\n"


def test_engine_applies_its_quirks() -> None:
    given = ("--policy=-", f"--origin={PAGE}", "--header=authorization")
    toml = 'allow_origins = ["*"]\nallow_headers = ["*"]'
    assert run(*given, input=toml).exit_code == 1
    assert run(*given, "--engine=chromium", input=toml).exit_code == 0


def test_live_server_is_called_as_by_a_browser() -> None:
    with serving(right()) as live:
        result = run("--url", live.url, f"--origin={PAGE}", "--header=x-a", "--delay=0")
    assert result.exit_code == 0, result.output
    assert [each["REQUEST_METHOD"] for each in live.requests] == ["OPTIONS", "GET"]


def test_number_of_requests_is_limited() -> None:
    given = (f"--origin={PAGE}", "--header=x-a", "--delay=0", "--max-requests=1")
    with serving(right()) as live:
        result = run("--url", live.url, *given)
    assert (result.exit_code, result.stdout, len(live.requests)) == (2, "", 1)
    assert result.stderr == (
        f"Error: {live.url}: More than 1 requests are necessary. Raise --max-requests.\n"
    )


def test_unsafe_request_is_sent_only_on_demand() -> None:
    given = ("--method=PUT", f"--origin={PAGE}", "--delay=0")
    with serving(right()) as live:
        careful = run("--url", live.url, *given)
        assert live.sent("REQUEST_METHOD") == {"OPTIONS"}
        unsafe = run("--url", live.url, *given, "--send-unsafe")
        assert live.sent("REQUEST_METHOD") == {"OPTIONS", "PUT"}
        told = run("--url", live.url, f"--origin={PAGE}", "--method=POST")
    assert (careful.exit_code, unsafe.exit_code, told.exit_code) == (0, 0, 2)
    text = text_of(careful)
    assert text.startswith("According to the preflight: A page from")
    assert "server: Did not receive the request: PUT is sent only with --send-unsafe" in text
    assert "status 200" not in text
    assert "Responds to the request: 200" in text_of(unsafe)
    assert (
        "POST is not sent, since it may change something. Allow it with --send-unsafe."
        in told.stderr
    )


def test_server_is_compared_with_a_policy(policy: str) -> None:
    def fault(environ: dict[str, Any], status: int, headers: Any) -> Any:
        return status, without(headers, "Access-Control-Allow-Origin")

    with serving(wrong(fault)) as live:
        result = run("--url", live.url, policy, f"--origin={PAGE}", "--delay=0")
    assert result.exit_code == 1
    assert (
        "The policy allows this request, so the response did not come from the policy."
        in text_of(result)
    )


LIVE: Final = [case for case in BROKEN_SERVERS if case.url == "{url}"]


def test_every_cors_failure_is_tested() -> None:
    names = {name for name in FAILURES if Failure(name, "GET", "", "").is_cors}
    assert {case.name for case in LIVE} == names


@pytest.mark.parametrize("case", LIVE, ids=lambda case: case.name)
def test_every_failure_is_named_for_a_live_server(case: BrokenServer) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        return case.respond(request, PAGE)

    given = [f"--method={case.call.get('method', 'GET')}"]
    given += [f"--credentials={case.call.get('credentials', 'same-origin')}"]
    given += [f"--header={name}:{value}" for name, value in case.call.get("headers", ())]
    given += ["--mode=same-origin"] if case.call.get("mode") else []
    with serving(as_wsgi(answer)) as live:
        result = run("--url", f"{live.origin}/x/", f"--origin={PAGE}", *given, "--json")
    assert json.loads(result.stdout)["failure"]["code"] == case.name
    assert result.exit_code == 1


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
        **meaning._asdict(),
        "others": [],
        "next": None,
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
def test_check_of_django_is_explained(number: str) -> None:
    found = json.loads(run(f"corekit_django.{number}", "--json").stdout)
    assert found["name"] == f"corekit_django.{number}"
    for template, text in zip(TEXTS[number], (found["message"], found["hint"]), strict=True):
        fixed = "(.*)".join(map(re.escape, re.split(r"\{.*?\}", template)))
        matched = re.fullmatch(fixed, text)
        assert matched is not None
        assert set(matched.groups()) <= {"...", "'...'"}


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


@pytest.mark.parametrize(
    "arguments",
    [
        ("it does not work", "--json"),
        ("--url=http://127.0.0.1:2/", f"--origin={PAGE}", "--json"),
        ("--policy=no.toml", f"--origin={PAGE}", "--json"),
    ],
)
def test_json_errors_have_a_message_and_a_hint(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    error = json.loads(result.stdout)["error"]
    assert f"{error['message']} {error['hint']}" in result.stderr


def test_json_omits_what_was_not_sent() -> None:
    with serving(right()) as live:
        result = run("--url", live.url, f"--origin={PAGE}", "--method=PUT", "--delay=0", "--json")
    told = json.loads(result.stdout)
    assert [each["request"]["method"] for each in told["exchanges"]] == ["OPTIONS"]
    assert told["steps"][-1]["title"] == (
        "Did not receive the request: PUT is sent only with --send-unsafe"
    )


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_name_is_explained(name: str) -> None:
    assert run(name).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("it does not work",), "not a known message or code"),
        (("CORSMissingAllowOrigin", f"--origin={PAGE}"), "without other options"),
        ((f"--origin={PAGE}",), "Pass --origin and --policy or --url"),
        (("--policy=-",), "Pass --origin and --policy or --url"),
        (
            ("--url=http://a.example", "--api=http://b.example", f"--origin={PAGE}"),
            "--url or --api, not both",
        ),
        (("--policy=no.toml", f"--origin={PAGE}"), "no.toml"),
        (("--policy=-", "--origin=nonsense value"), "not the origin of a page"),
        (("--policy=-", "--origin=https://*.example.com"), "Name one origin, not a pattern."),
        (("--policy=-", f"--origin={PAGE}", "--method=TRACE"), "browsers do not let scripts send"),
        (("--url=http://127.0.0.1:2/", f"--origin={PAGE}"), "http://127.0.0.1:2/"),
    ],
)
def test_usage_errors_take_one_line(arguments: tuple[str, ...], words: str) -> None:
    result = run(*arguments, input=TOML)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.output


def test_problems_of_the_policy_are_printed() -> None:
    result = run("--policy=-", f"--origin={PAGE}", input='allow_origins = ["https://A.example"]')
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: -: The policy has problems. ")
    assert "Did you mean 'https://a.example'?" in result.stderr
    given = ("--policy=-", f"--origin={PAGE}", "--json")
    error = json.loads(run(*given, input='allow_origins = ["https://A.example"]').stdout)["error"]
    assert [each["code"] for each in error["diagnostics"]] == ["non-canonical-origin"]


def test_policy_of_the_tests_matches_the_file() -> None:
    assert POLICY.allow_origins == (PAGE,)
