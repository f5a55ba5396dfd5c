"""`corekit probe`, as people and programs use it: what it sends, prints, and exits with."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask_cors import CORS
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import corekit_asgi
from corekit import CorsPolicy
from corekit_cli import command
from tests.cli.live import PAGE, POLICY, right, serving, without, wrong
from tests.frameworks.test_delivery import over_uvicorn

ALLOW_CREDENTIALS: Final = "Access-Control-Allow-Credentials"
QUICK: Final = ("--delay=0", f"--origin={PAGE}")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command.corekit, ["probe", *arguments])


def found(result: Result) -> dict[str, str]:
    told = json.loads(result.stdout)
    return {finding["code"]: finding["severity"] for finding in told["findings"]}


def test_a_server_that_is_right_exits_with_0_and_says_so() -> None:
    with serving(right()) as live:
        result = run(live.url, *QUICK)
    assert result.exit_code == 0, result.output
    assert "Nothing is wrong with its answers." in result.stdout
    assert f"asked {len(live.requests)} times" in result.stdout
    assert "\x1b" not in result.output


def test_it_sends_nothing_but_get_and_options_a_few_times_and_says_who_it_is() -> None:
    with serving(right()) as live:
        run(live.url, *QUICK, "--method=DELETE", "--header=x-a: 1", "--credentials=include")
    assert live.sent("REQUEST_METHOD") == {"GET", "OPTIONS"}
    assert live.sent("HTTP_ACCESS_CONTROL_REQUEST_METHOD") == {None, "DELETE"}
    assert live.sent("HTTP_ACCESS_CONTROL_REQUEST_HEADERS") == {None, "x-a"}
    assert live.sent("HTTP_COOKIE") == {None}
    assert len(live.requests) < 30
    (agent,) = live.sent("HTTP_USER_AGENT")
    assert agent is not None
    assert agent.startswith("corekit/")


@pytest.mark.parametrize("asked", [(), ("--method=PUT",), ("--method=PUT", "--send-unsafe")])
def test_every_page_is_asked_for_with_a_few_requests(asked: tuple[str, ...]) -> None:
    others = [f"--origin=https://{name}.example" for name in "abc"]
    with serving(right()) as live:
        run(live.url, *QUICK, *asked)
        first = len(live.requests)
        run(live.url, *QUICK, *asked, *others)
        further = (len(live.requests) - 2 * first) / len(others)
    assert first < 30
    assert further == (3 if asked == ("--method=PUT",) else 4)


def test_a_cookie_that_is_set_is_not_sent_back() -> None:
    def fault(environ: dict[str, Any], status: int, headers: Any) -> Any:
        return status, [*headers, ("Set-Cookie", "session=1; Path=/")]

    with serving(wrong(fault)) as live:
        run(live.url, *QUICK, "--credentials=include")
    assert live.sent("HTTP_COOKIE") == {None}


def test_between_two_requests_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("corekit_cli.asking.time.sleep", waited.append)
    with serving(right()) as live:
        run(live.url, "--delay=0.25", f"--origin={PAGE}")
    assert waited == [0.25] * (len(live.requests) - 1)


@pytest.mark.parametrize(
    ("asked", "expected"), [((), "info"), (("--method=PUT",), "high"), (("--header=x-z",), "high")]
)
def test_a_call_that_nobody_named_is_only_tried(asked: tuple[str, ...], expected: str) -> None:
    with serving(right(POLICY.replace(allow_methods=[]))) as live:
        assert found(run(live.url, *QUICK, *asked, "--json")) == {"preflight-refused": expected}


def test_the_call_itself_is_sent_only_where_it_may_be() -> None:
    with serving(right()) as live:
        result = run(live.url, *QUICK, "--method=PUT", "--header=x-a:1", "--send-unsafe")
    assert result.exit_code == 0, result.output
    (call,) = [each for each in live.requests if each["REQUEST_METHOD"] == "PUT"]
    assert (call["HTTP_ORIGIN"], call["HTTP_X_A"]) == (PAGE, "1")


def test_a_fault_in_the_call_itself_is_found_when_it_is_sent() -> None:
    def fault(environ: dict[str, Any], status: int, headers: Any) -> Any:
        if environ["REQUEST_METHOD"] == "PUT":
            headers = without(headers, "Access-Control-Allow-Origin")
        return status, headers

    with serving(wrong(fault)) as live:
        assert found(run(live.url, *QUICK, "--json")) == {}
        assert found(run(live.url, *QUICK, "--json", "--send-unsafe")) == {"refused": "high"}


def test_findings_are_printed_with_their_mends_the_gravest_first() -> None:
    def fault(environ: dict[str, Any], status: int, headers: Any) -> Any:
        if environ.get("HTTP_ORIGIN") == "null":
            headers = [*headers, ("Access-Control-Allow-Origin", "null")]
        return status, without(headers, "Access-Control-Max-Age")

    with serving(wrong(fault)) as live:
        result = run(live.url, *QUICK)
    assert result.exit_code == 1
    text = " ".join(result.stdout.split())
    assert text.index("medium: opaque-origin") < text.index("info: no-max-age")
    assert "Fix: Take 'null' out of the origins" in text
    assert text.endswith("2 findings: 1 medium, 1 info.")
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_the_documentation_shows_what_is_printed() -> None:
    def fault(environ: dict[str, Any], status: int, headers: Any) -> Any:
        origin = environ.get("HTTP_ORIGIN", "*")
        headers = without(headers, "Access-Control-Allow-Origin", "Vary", "Access-Control-Max-Age")
        granted = [("Access-Control-Allow-Origin", origin), (ALLOW_CREDENTIALS, "true")]
        return (204 if status == 403 else status), [*headers, *granted]

    with serving(wrong(fault)) as live:
        printed = run(live.url, *QUICK).stdout.replace(live.url, "https://api.example.com/items")
    page = (Path(__file__).parents[2] / "docs" / "command.md").read_text()
    section = page.partition("## corekit probe")[2].partition("\n## ")[0]
    (shown,) = re.findall(r"^```text\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert shown == printed


@pytest.mark.parametrize(("fail_on", "status"), [("high", 0), ("medium", 1), ("info", 1)])
def test_the_exit_status_is_the_scripts_choice(fail_on: str, status: int) -> None:
    with serving(wrong(lambda _, status, headers: (status, without(headers, "Vary")))) as live:
        assert run(live.url, *QUICK, f"--fail-on={fail_on}").exit_code == status


def test_json_has_all_that_went_over_the_wire() -> None:
    with serving(right(CorsPolicy(allow_origins=["*"], allow_methods=["PUT"]))) as live:
        result = run(live.url, *QUICK, "--json")
    told = json.loads(result.stdout)
    assert (told["url"], told["origins"], told["worst"]) == (live.url, [PAGE], "info")
    assert len(told["exchanges"]) == len(live.requests)
    assert told["exchanges"][1]["origin"] == PAGE
    assert ["Access-Control-Allow-Origin", "*"] in told["exchanges"][1]["headers"]
    assert told["exchanges"][2]["kind"] == "preflight"
    assert ["Access-Control-Request-Method", "PUT"] in told["exchanges"][2]["asked"]
    assert {"code", "severity", "message", "hint", "origin", "failure"} == set(told["findings"][0])


def test_several_origins_are_each_let_in_and_none_of_them_is_a_stranger() -> None:
    other = f"{PAGE}:8443"
    with serving(right(POLICY.replace(allow_origins=[PAGE, other]))) as live:
        assert found(run(live.url, *QUICK, "--json")) == {"any-port": "info"}
        assert found(run(live.url, *QUICK, f"--origin={other}", "--json")) == {}
        assert found(run(live.url, *QUICK, "--origin=https://b.example", "--json")) == {
            "any-port": "info",
            "refused": "high",
            "preflight-refused": "high",
        }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("http://localhost:1/", "--origin=https://Example.com/"), "is no origin as a browser"),
        (("http://localhost:1/", "--origin=http://localhost:1"), "the server's own"),
        (("localhost:1/", f"--origin={PAGE}"), "give an address of http or https"),
        (("items", f"--origin={PAGE}"), "is no address such as"),
        (("http://b\xfccher.test/", f"--origin={PAGE}"), "the name of the host in punycode"),
        (("http://u:p@localhost:1/", f"--origin={PAGE}"), "without a user name"),
        (("http://localhost:1/", f"--origin={PAGE}", "--method=TRACE"), "no page can send"),
        (("http://localhost:1/", f"--origin={PAGE}", "--header=x y"), "not a header name"),
        (("http://localhost:1/",), "--origin"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_sent(
    arguments: tuple[str, ...], words: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.output


def test_a_server_that_is_not_there_is_said_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    result = run(f"http://127.0.0.1:{port}/", *QUICK)
    assert result.exit_code == 2
    assert f"http://127.0.0.1:{port}/" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_programs_are_told_that_nobody_is_there() -> None:
    result = run("http://127.0.0.1:1/", *QUICK, "--json")
    assert result.exit_code == 2
    assert "nothing listens there" in json.loads(result.stdout)["error"]


def test_an_origin_that_is_spelled_otherwise_is_told_as_it_should_be() -> None:
    result = run("http://localhost:1/", "--origin=https://App.example.com/")
    assert "such as 'https://app.example.com'" in " ".join(result.stderr.split())


def test_a_server_that_says_nothing_is_not_waited_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        result = run(f"http://127.0.0.1:{port}/", *QUICK, "--timeout=0.2")
    assert result.exit_code == 2
    assert "no answer within 0.2 seconds" in result.stderr


def test_a_server_that_speaks_no_http_is_said_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"\x1b[31mhello\r\n\r\n")

        thread = threading.Thread(target=talk)
        thread.start()
        result = run(f"http://127.0.0.1:{listening.getsockname()[1]}/", *QUICK)
        thread.join(timeout=10)
    assert result.exit_code == 2
    assert "\x1b" not in result.output
    assert len(result.stderr.splitlines()) == 1


def test_nothing_is_asked_where_not_all_may_be() -> None:
    with serving(right()) as live:
        result = run(live.url, *QUICK, "--max-requests=26")
        assert (result.exit_code, live.requests) == (2, [])
        assert "27 requests are needed; allow as many" in " ".join(result.stderr.split())
        assert run(live.url, *QUICK, "--max-requests=27").exit_code == 0
    assert len(live.requests) == 27


def test_a_server_that_wants_to_be_asked_less_is_let_alone() -> None:
    def fault(environ: dict[str, Any], status: int, headers: Any) -> Any:
        return (429 if len(live.requests) == 3 else status), headers

    with serving(wrong(fault)) as live:
        result = run(live.url, *QUICK)
    assert (result.exit_code, result.stdout, len(live.requests)) == (2, "", 3)
    assert result.stderr == (
        f"Error: {live.url}: it is asked too fast (429); give a longer --delay\n"
    )


def test_an_endless_answer_is_read_to_a_bound_only() -> None:
    sent: list[int] = []

    def endless(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Access-Control-Allow-Origin", PAGE), ("Vary", "Origin")])
        sent.append(0)
        for _ in range(2_000):
            sent[-1] += 1
            yield b"x" * 65_536

    with serving(endless) as live:
        result = run(live.url, *QUICK)
    assert result.exit_code == 0, result.output
    assert len(sent) == 27
    assert max(sent) < 500


def test_an_answer_that_drips_is_not_waited_for_long() -> None:
    sent: list[int] = []

    def dripping(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Access-Control-Allow-Origin", PAGE), ("Vary", "Origin")])
        for _ in range(100):
            sent.append(len(sent))
            time.sleep(0.05)
            yield b"x"

    with serving(dripping) as live:
        result = run(live.url, *QUICK, "--max-requests=1", "--timeout=0.3")
    assert result.exit_code == 2
    assert len(sent) < 50


@pytest.mark.parametrize("location", ["http://[::1", "http://a.example:x/", "http://\xe9/"])
def test_a_redirect_to_no_address_is_an_answer_too(location: str) -> None:
    def lost(environ: dict[str, Any], start_response: Any) -> Any:
        grant = [("Access-Control-Allow-Origin", PAGE), ("Location", location)]
        start_response("302 Found", grant)
        return [b""]

    with serving(lost) as live:
        result = run(live.url, *QUICK, "--json")
    assert found(result)["redirect"] == "info"
    assert ["Location", location] in json.loads(result.stdout)["exchanges"][0]["headers"]


def test_flask_cors_with_cookies_for_anybody_is_found_out() -> None:
    app = Flask("peer")
    app.add_url_rule("/items", view_func=lambda: "items")
    CORS(app, supports_credentials=True)
    with serving(app) as live:
        result = run(live.url, *QUICK, "--json", "--credentials=include")
    assert result.exit_code == 1
    assert found(result)["any-origin"] == "high"
    assert "opaque-origin" not in found(result)


@pytest.mark.parametrize("credentials", ["omit", "include"])
def test_corekit_itself_has_no_findings_on_asgi_either(credentials: str) -> None:
    async def items(request: object) -> PlainTextResponse:
        return PlainTextResponse("items")

    app = Starlette(routes=[Route("/items", items)])
    policy = POLICY.replace(allow_credentials=True)
    with over_uvicorn(corekit_asgi.CorsMiddleware(app, policy)) as port:
        url = f"http://127.0.0.1:{port}/items"
        result = run(url, *QUICK, "--json", f"--credentials={credentials}")
    assert (result.exit_code, found(result)) == (0, {})


def test_starlettes_layer_with_cookies_for_anybody_is_found_out() -> None:
    async def items(request: object) -> PlainTextResponse:
        return PlainTextResponse("items")

    app = Starlette(routes=[Route("/items", items)])
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
    with over_uvicorn(app) as port:
        result = run(f"http://127.0.0.1:{port}/items", *QUICK, "--json")
    assert found(result)["any-origin"] == "high"
    assert "opaque-origin" not in found(result)


def test_starlettes_layer_is_not_blamed_for_what_is_right() -> None:
    async def items(request: object) -> PlainTextResponse:
        return PlainTextResponse("items")

    app = Starlette(routes=[Route("/items", items)])
    app.add_middleware(CORSMiddleware, allow_origins=[PAGE], allow_methods=["PUT"])
    with over_uvicorn(app) as port:
        result = run(f"http://127.0.0.1:{port}/items", *QUICK, "--json")
    assert found(result) == {}


def test_starlettes_layer_is_not_blamed_for_a_method_that_nobody_calls() -> None:
    async def items(request: object) -> PlainTextResponse:
        return PlainTextResponse("items")

    app = Starlette(routes=[Route("/items", items)])
    app.add_middleware(CORSMiddleware, allow_origins=[PAGE])
    with over_uvicorn(app) as port:
        result = run(f"http://127.0.0.1:{port}/items", *QUICK, "--json")
    assert found(result) == {"preflight-refused": "info"}


def test_a_star_of_flask_cors_is_not_blamed_for_the_private_network() -> None:
    app = Flask("peer")
    app.add_url_rule("/items", view_func=lambda: "items", methods=["GET", "PUT"])
    CORS(app, send_wildcard=True, max_age=600)
    with serving(app) as live:
        assert found(run(live.url, *QUICK, "--json")) == {"wildcard": "info"}


def test_one_origin_that_is_always_sent_needs_no_vary() -> None:
    def static(environ: dict[str, Any], start_response: Any) -> Any:
        headers = [
            ("Access-Control-Allow-Origin", PAGE),
            ("Access-Control-Allow-Methods", "PUT"),
            ("Access-Control-Max-Age", "600"),
        ]
        is_there = environ["PATH_INFO"] == "/items"
        start_response("200 OK" if is_there else "404 Not Found", headers)
        return [b""]

    with serving(static) as live:
        assert found(run(live.url, *QUICK, "--json")) == {}
