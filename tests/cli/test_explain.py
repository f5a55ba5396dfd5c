"""`corekit explain`, as people and programs use it: by a policy, by a live server, by a message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from corekit.browser import FAILURES, Failure, HttpRequest, HttpResponse
from corekit.explain import ERRORS
from corekit_cli import command
from tests.browsers.faults import FAULTS, Fault, as_wsgi
from tests.cli.live import PAGE, POLICY, right, serving, without, wrong

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


def test_a_call_that_passes_is_told_step_by_step(policy: str) -> None:
    result = run(policy, f"--origin={PAGE}", "--method=PUT")
    assert result.exit_code == 0, result.output
    text = text_of(result)
    assert "can read" in text
    assert "The method PUT is not GET, HEAD or POST." in text
    assert "https://api.example.com/" in text
    assert "\x1b" not in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_a_call_that_fails_has_its_name_and_its_mend(policy: str) -> None:
    result = run(policy, f"--origin={PAGE}", "--method=put", "--header=authorization")
    assert result.exit_code == 1
    text = text_of(result)
    assert "HeaderDisallowedByPreflightResponse" in text
    assert "What to do: Add 'authorization' to allow_headers" in text


def test_what_is_nearly_right_is_named(policy: str) -> None:
    result = run(policy, "--origin=http://app.example.com")
    assert result.exit_code == 1
    assert "Nearly right:" in text_of(result)
    assert "http instead of https" in text_of(result)


def test_json_is_the_explanation_as_data(policy: str) -> None:
    result = run(
        policy, f"--origin={PAGE}", "--method=DELETE", "--json", "--api=https://a.example/x"
    )
    told = json.loads(result.stdout)
    assert (result.exit_code, told["allowed"]) == (1, False)
    assert told["failure"]["code"] == "MethodDisallowedByPreflightResponse"
    assert told["fixes"][0]["changes"] == {"allow_methods": ["PUT", "DELETE"]}
    assert told["exchanges"][0]["request"]["url"] == "https://a.example/x"


def test_a_policy_may_come_from_standard_input_and_from_an_import_path() -> None:
    assert run("--policy=-", f"--origin={PAGE}", input=TOML).exit_code == 0
    assert run("--policy=tests.cli.live:POLICY", f"--origin={PAGE}").exit_code == 0


def test_what_a_program_prints_is_no_part_of_the_explanation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = f"from corekit import CorsPolicy\np = CorsPolicy(allow_origins=['{PAGE}'])\n"
    (tmp_path / "explained_loud.py").write_text(f"print('loading')\n{made}")
    result = run("--policy=explained_loud:p", f"--origin={PAGE}", "--json")
    assert json.loads(result.stdout)["allowed"]
    assert result.stderr == "loading\n"


def test_an_engine_has_its_quirks() -> None:
    given = ("--policy=-", f"--origin={PAGE}", "--header=authorization")
    toml = 'allow_origins = ["*"]\nallow_headers = ["*"]'
    assert run(*given, input=toml).exit_code == 1
    assert run(*given, "--engine=chromium", input=toml).exit_code == 0


def test_a_live_server_is_asked_as_a_browser_would() -> None:
    with serving(right()) as live:
        result = run("--url", live.url, f"--origin={PAGE}", "--header=x-a", "--delay=0")
    assert result.exit_code == 0, result.output
    assert [each["REQUEST_METHOD"] for each in live.requests] == ["OPTIONS", "GET"]


def test_no_more_is_asked_than_was_allowed() -> None:
    given = (f"--origin={PAGE}", "--header=x-a", "--delay=0", "--max-requests=1")
    with serving(right()) as live:
        result = run("--url", live.url, *given)
    assert (result.exit_code, result.stdout, len(live.requests)) == (2, "", 1)
    assert result.stderr == f"Error: {live.url}: --max-requests 1 is too few to ask this, too\n"


def test_what_may_change_something_is_not_sent_unless_it_is_said() -> None:
    given = ("--method=PUT", f"--origin={PAGE}", "--delay=0")
    with serving(right()) as live:
        careful = run("--url", live.url, *given)
        assert live.sent("REQUEST_METHOD") == {"OPTIONS"}
        unsafe = run("--url", live.url, *given, "--send-unsafe")
        assert live.sent("REQUEST_METHOD") == {"OPTIONS", "PUT"}
        told = run("--url", live.url, f"--origin={PAGE}", "--method=POST")
    assert (careful.exit_code, unsafe.exit_code, told.exit_code) == (0, 0, 2)
    text = text_of(careful)
    assert text.startswith("As far as the preflight tells: A page from")
    assert "server: Was not asked: PUT is sent with --send-unsafe only" in text
    assert "status 200" not in text
    assert "Responds to the request: 200" in text_of(unsafe)
    assert "POST is not sent without --send-unsafe" in told.stderr


def test_a_server_is_held_to_a_policy(policy: str) -> None:
    def fault(environ: dict[str, Any], status: int, headers: Any) -> Any:
        return status, without(headers, "Access-Control-Allow-Origin")

    with serving(wrong(fault)) as live:
        result = run("--url", live.url, policy, f"--origin={PAGE}", "--delay=0")
    assert result.exit_code == 1
    assert (
        "The policy allows this request, so the response did not come from the policy."
        in text_of(result)
    )


LIVE: Final = [fault for fault in FAULTS if fault.url == "{url}"]


def test_every_failure_of_cors_is_among_them() -> None:
    names = {name for name in FAILURES if Failure(name, "GET", "", "").is_cors}
    assert {fault.name for fault in LIVE} == names


@pytest.mark.parametrize("fault", LIVE, ids=lambda fault: fault.name)
def test_every_failure_that_browsers_show_is_named_over_the_network(fault: Fault) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        return fault.answer(request, PAGE)

    given = [f"--method={fault.call.get('method', 'GET')}"]
    given += [f"--credentials={fault.call.get('credentials', 'same-origin')}"]
    given += [f"--header={name}:{value}" for name, value in fault.call.get("headers", ())]
    given += ["--mode=same-origin"] if fault.call.get("mode") else []
    with serving(as_wsgi(answer)) as live:
        result = run("--url", f"{live.origin}/x/", f"--origin={PAGE}", *given, "--json")
    assert json.loads(result.stdout)["failure"]["code"] == fault.name
    assert result.exit_code == 1


@pytest.mark.parametrize(
    "message",
    [
        "MissingAllowOriginHeader",
        "CORSMissingAllowOrigin",
        "Reason: CORS header 'Access-Control-Allow-Origin' missing",
    ],
)
def test_a_browsers_message_is_explained(message: str) -> None:
    result = run(message)
    assert result.exit_code == 0, result.output
    assert "Add the page's origin to allow_origins" in text_of(result)
    told = json.loads(run(message, "--json").stdout)
    assert ERRORS[told["name"]].message == told["message"]


def test_a_message_that_names_the_server_says_how_to_ask_it() -> None:
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
    assert "To ask the server" not in run(strange).stdout


@pytest.mark.parametrize(
    "message",
    [
        "TypeError: Failed to fetch",
        "NetworkError when attempting to fetch resource.",
        "TypeError: Load failed",
    ],
)
def test_what_a_script_learns_leads_to_the_console(message: str) -> None:
    result = run(message)
    assert result.exit_code == 2
    assert "the console says more" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("it does not work", "--json"),
        ("--url=http://127.0.0.1:1/", f"--origin={PAGE}", "--json"),
        ("--policy=no.toml", f"--origin={PAGE}", "--json"),
    ],
)
def test_programs_are_told_what_cannot_be_told(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"] in result.stderr


def test_json_leaves_out_what_was_not_sent() -> None:
    with serving(right()) as live:
        result = run("--url", live.url, f"--origin={PAGE}", "--method=PUT", "--delay=0", "--json")
    told = json.loads(result.stdout)
    assert [each["request"]["method"] for each in told["exchanges"]] == ["OPTIONS"]
    assert told["steps"][-1]["title"] == "Was not asked: PUT is sent with --send-unsafe only"


@pytest.mark.parametrize("name", FAILURES)
def test_every_name_is_explained(name: str) -> None:
    assert run(name).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("it does not work",), "no message of CORS that is known here"),
        (("CORSMissingAllowOrigin", f"--origin={PAGE}"), "explained alone"),
        ((f"--origin={PAGE}",), "Give --origin and --policy or --url"),
        (("--policy=-",), "Give --origin and --policy or --url"),
        (("--url=http://a.example", "--api=http://b.example", f"--origin={PAGE}"), "leave --api"),
        (("--policy=no.toml", f"--origin={PAGE}"), "no.toml"),
        (("--policy=-", "--origin=nonsense value"), "not the origin of a page"),
        (("--policy=-", f"--origin={PAGE}", "--method=TRACE"), "no page can send"),
        (("--url=http://127.0.0.1:1/", f"--origin={PAGE}"), "http://127.0.0.1:1/"),
    ],
)
def test_what_cannot_be_told_is_said_in_a_line(arguments: tuple[str, ...], words: str) -> None:
    result = run(*arguments, input=TOML)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.output


def test_the_problems_of_a_policy_are_told() -> None:
    result = run("--policy=-", f"--origin={PAGE}", input='allow_origins = ["https://A.example"]')
    assert result.exit_code == 2
    assert "Did you mean 'https://a.example'?" in result.stderr


def test_the_policy_of_the_tests_is_the_one_of_the_file() -> None:
    assert POLICY.allow_origins == (PAGE,)
