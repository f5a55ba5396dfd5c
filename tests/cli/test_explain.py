"""`corekit explain`: with a policy, with a live server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from corekit.browser import FAILURES, Failure, HttpRequest, HttpResponse
from tests.browsers.broken_servers import BROKEN_SERVERS, BrokenServer, as_wsgi
from tests.cli.explaining import run, text_of
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


def test_application_has_a_note_on_policies_of_handlers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "explained_app.py").write_text(
        "from corekit import CorsPolicy\n"
        "from corekit_wsgi import CorsMiddleware\n"
        f"policy = CorsPolicy(allow_origins=['{PAGE}'])\n"
        "app = CorsMiddleware(lambda environ, start_response: [], policy)\n"
    )
    text = text_of(run("--policy=explained_app:app", "--origin=https://partner.example"))
    assert "Note: The policies of single handlers, set with cors(), are not known" in text
    assert "corekit_testing.Browser" in text
    for policy in ("explained_app:policy", "-"):
        result = run(f"--policy={policy}", f"--origin={PAGE}", "--json", input=TOML)
        assert json.loads(result.stdout)["note"] is None


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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("it does not work",), "not a known message or code"),
        (("CORSMissingAllowOrigin", f"--origin={PAGE}"), "without other options"),
        ((f"--origin={PAGE}",), "Pass --origin and --policy, --django or --url"),
        (("--policy=-",), "Pass --origin and --policy, --django or --url"),
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
    assert result.stderr.startswith("Error: <stdin>: The policy has problems. ")
    assert "Did you mean 'https://a.example'?" in result.stderr
    given = ("--policy=-", f"--origin={PAGE}", "--json")
    error = json.loads(run(*given, input='allow_origins = ["https://A.example"]').stdout)["error"]
    assert [each["code"] for each in error["diagnostics"]] == ["non-canonical-origin"]


def test_policy_of_the_tests_matches_the_file() -> None:
    assert POLICY.allow_origins == (PAGE,)


LOCAL: Final = (f"--origin={PAGE}", "--api=http://localhost:8000/")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (("--address-space=public",), "LocalNetworkAccessPermissionDenied"),
        (
            ("--address-space=public", "--permission=local-network"),
            "LocalNetworkAccessPermissionDenied",
        ),
        (("--address-space=public", "--permission=loopback-network"), None),
        (("--address-space=public", "--server-address-space=public"), None),
        (
            ("--address-space=local", "--target-address-space=local"),
            "InvalidLocalNetworkAccess",
        ),
        (("--address-space=local",), None),
        ((), None),
    ],
)
def test_address_space_is_checked(policy: str, options: tuple[str, ...], name: str | None) -> None:
    result = run(policy, *LOCAL, *options, "--json")
    assert result.exit_code == (name is not None), result.output
    failure = json.loads(result.stdout)["failure"]
    assert (failure and failure["code"]) == name


def test_live_server_gets_no_request_without_the_permission() -> None:
    with serving(right()) as live:
        given = ("--url", live.url, f"--origin={PAGE}")
        blocked = run(*given, "--address-space=public")
        assert "Does not send the request: LocalNetworkAccessPermissionDenied" in text_of(blocked)
        assert (blocked.exit_code, live.requests) == (1, [])
        allowed = run(*given, "--address-space=public", "--permission=loopback-network")
        assert allowed.exit_code == 0, allowed.output


@pytest.mark.parametrize(
    "option",
    ["--server-address-space=local", "--target-address-space=local", "--permission=local-network"],
)
def test_networks_need_that_of_the_page(policy: str, option: str) -> None:
    result = run(policy, *LOCAL, option)
    assert result.exit_code == 2
    assert "Pass --address-space" in result.stderr
