"""`corekit probe`: what it sends and prints, and its exit status."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from pathlib import Path
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit.browser import HttpRequest
from corekit_cli.client import Client, Limits
from tests.cli.live import serving
from tests.cli.probing import QUICK, run_probe, severities
from tests.probe.servers import PAGE, POLICY, right, without, wrong

ALLOW_CREDENTIALS: Final = "Access-Control-Allow-Credentials"


def test_server_without_problems() -> None:
    with serving(right()) as live:
        result = run_probe(live.url, *QUICK)
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        f"{live.url}: no problems\n{len(live.requests)} requests for pages on {PAGE}\n"
    )
    assert "\x1b" not in result.output


def test_only_get_and_options_are_sent() -> None:
    with serving(right()) as live:
        run_probe(live.url, *QUICK, "--method=DELETE", "--header=x-a: 1", "--credentials=include")
    assert live.sent("REQUEST_METHOD") == {"GET", "OPTIONS"}
    assert live.sent("HTTP_ACCESS_CONTROL_REQUEST_METHOD") == {None, "DELETE"}
    assert live.sent("HTTP_ACCESS_CONTROL_REQUEST_HEADERS") == {None, "x-a"}
    assert live.sent("HTTP_COOKIE") == {None}
    assert len(live.requests) < 30
    (agent,) = live.sent("HTTP_USER_AGENT")
    assert agent is not None
    assert agent.startswith("corekit/")


@pytest.mark.parametrize("asked", [(), ("--method=PUT",), ("--method=PUT", "--send-unsafe")])
def test_number_of_requests_for_each_page(asked: tuple[str, ...]) -> None:
    others = [f"--origin=https://{name}.example" for name in "abc"]
    with serving(right()) as live:
        run_probe(live.url, *QUICK, *asked)
        first = len(live.requests)
        run_probe(live.url, *QUICK, *asked, *others)
        further = (len(live.requests) - 2 * first) / len(others)
    assert first - 3 * ("--send-unsafe" in asked) < 30
    assert further == (3 if asked == ("--method=PUT",) else 4)


def test_cookies_are_not_sent_back() -> None:
    def bug(environ: dict[str, Any], status: int, headers: Any) -> Any:
        return status, [*headers, ("Set-Cookie", "session=1; Path=/")]

    with serving(wrong(bug)) as live:
        run_probe(live.url, *QUICK, "--credentials=include")
    assert live.sent("HTTP_COOKIE") == {None}


def test_delay_between_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("corekit_cli.client.time.sleep", waited.append)
    with serving(right()) as live:
        run_probe(live.url, "--delay=0.25", f"--origin={PAGE}")
    assert waited == [0.25] * (len(live.requests) - 1)


@pytest.mark.parametrize(
    ("options", "expected"),
    [((), "info"), (("--method=PUT",), "error"), (("--header=x-z",), "error")],
)
def test_refusal_of_the_default_method_is_an_info(options: tuple[str, ...], expected: str) -> None:
    with serving(right(POLICY.replace(allow_methods=[]))) as live:
        assert severities(run_probe(live.url, *QUICK, *options, "--json")) == {
            "preflight-refused": expected
        }


def test_unsafe_request_is_sent_on_demand() -> None:
    with serving(right()) as live:
        result = run_probe(
            live.url, *QUICK, "--method=PUT", "--header=x-a:1", "--send-unsafe", "--fail-on=error"
        )
    assert result.exit_code == 0, result.output
    (call,) = [each for each in live.requests if each["REQUEST_METHOD"] == "PUT"]
    assert (call["HTTP_ORIGIN"], call["HTTP_X_A"]) == (PAGE, "1")


def test_most_severe_finding_is_printed_first() -> None:
    def bug(environ: dict[str, Any], status: int, headers: Any) -> Any:
        if environ.get("HTTP_ORIGIN") == "null":
            headers = [*headers, ("Access-Control-Allow-Origin", "null")]
        return status, without(headers, "Access-Control-Max-Age")

    with serving(wrong(bug)) as live:
        result = run_probe(live.url, *QUICK)
    assert result.exit_code == 1
    text = " ".join(result.stdout.split())
    assert text.startswith(f"{live.url}: 1 warning, 1 info ")
    assert "Remove 'null' from the origins: every page can send it. [opaque-origin]" in text
    assert text.index("[opaque-origin]") < text.index("[no-max-age]")
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_documentation_shows_the_output() -> None:
    def bug(environ: dict[str, Any], status: int, headers: Any) -> Any:
        origin = environ.get("HTTP_ORIGIN", "*")
        headers = without(headers, "Access-Control-Allow-Origin", "Vary", "Access-Control-Max-Age")
        granted = [("Access-Control-Allow-Origin", origin), (ALLOW_CREDENTIALS, "true")]
        return (204 if status == 403 else status), [*headers, *granted]

    with serving(wrong(bug)) as live:
        printed = run_probe(live.url, *QUICK).stdout.replace(
            live.url, "https://api.example.com/items"
        )
    page = (Path(__file__).parents[2] / "docs" / "command.md").read_text()
    section = page.partition("## corekit probe")[2].partition("\n## ")[0]
    (shown,) = re.findall(r"^```text\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert shown == printed


@pytest.mark.parametrize(("fail_on", "status"), [("error", 0), ("warning", 1), ("info", 1)])
def test_fail_on_decides_the_exit_status(fail_on: str, status: int) -> None:
    with serving(wrong(lambda _, status, headers: (status, without(headers, "Vary")))) as live:
        assert run_probe(live.url, *QUICK, f"--fail-on={fail_on}").exit_code == status


def test_json_has_every_exchange() -> None:
    with serving(right(CorsPolicy(allow_origins=["*"], allow_methods=["PUT"]))) as live:
        result = run_probe(live.url, *QUICK, "--json")
    data = json.loads(result.stdout)
    assert (data["url"], data["origins"], data["ok"]) == (live.url, [PAGE], True)
    _, get, preflight, *_ = exchanges = data["exchanges"]
    assert len(exchanges) == len(live.requests)
    assert get["origin"] == PAGE
    assert ["Access-Control-Allow-Origin", "*"] in get["response"]["headers"]
    assert preflight["kind"] == "preflight"
    assert ["Access-Control-Request-Method", "PUT"] in preflight["request"]["headers"]
    finding = data["diagnostics"][0]
    assert (finding["code"], finding["subject"], finding["value"]) == ("wildcard", PAGE, "*")


def test_named_origins_are_not_untrusted() -> None:
    other = f"{PAGE}:8443"
    with serving(right(POLICY.replace(allow_origins=[PAGE, other]))) as live:
        assert severities(run_probe(live.url, *QUICK, "--json")) == {"any-port": "info"}
        assert severities(run_probe(live.url, *QUICK, f"--origin={other}", "--json")) == {}
        assert severities(run_probe(live.url, *QUICK, "--origin=https://b.example", "--json")) == {
            "any-port": "info",
            "refused": "error",
            "preflight-refused": "error",
        }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("http://localhost:1/", "--origin=https://Example.com/"),
            "is not an origin as browsers send it. Did you mean 'https://example.com'?",
        ),
        (
            ("http://localhost:1/", "--origin=https://*.a.example"),
            "Name one origin, not a pattern.",
        ),
        (
            ("http://localhost:1/", "--origin=a b"),
            "Write an origin such as https://app.example.com.",
        ),
        (("http://localhost:1/", "--origin=http://localhost:1"), "the server's own origin"),
        (("localhost:1/a", f"--origin={PAGE}"), "Did you mean 'http://localhost:1/a'?"),
        (("api.test/a?b=c", f"--origin={PAGE}"), "Did you mean 'https://api.test/a?b=c'?"),
        (("mailto:a@b.test", f"--origin={PAGE}"), "is not an HTTP or HTTPS URL"),
        (("localhost:99999/a", f"--origin={PAGE}"), "is not an HTTP or HTTPS URL"),
        (("items", f"--origin={PAGE}"), "Write a URL such as"),
        (("http://b\xfccher.test/", f"--origin={PAGE}"), "Write the host name in Punycode"),
        (("http://u:p@localhost:1/", f"--origin={PAGE}"), "without a user name"),
        (
            ("http://localhost:1/", f"--origin={PAGE}", "--method=TRACE"),
            "browsers do not let scripts send",
        ),
        (("http://localhost:1/", f"--origin={PAGE}", "--header=x y"), "not a header name"),
        (
            ("http://localhost:1/", f"--origin={PAGE}", "--header=cookie: a=1"),
            "Cookies can be passed to corekit probe with --cookie.",
        ),
        (
            ("http://localhost:1/", f"--origin={PAGE}", "--header=Host"),
            "Pages cannot set 'Host'; browsers set it themselves.",
        ),
        (("http://localhost:1/", f"--origin={PAGE}", "--cookie=a"), "Write NAME=VALUE"),
        (("http://localhost:1/", f"--origin={PAGE}", "--cookie=a=1\n"), "Write NAME=VALUE"),
        (
            ("http://localhost:1/", f"--origin={PAGE}", "--cookie=a=1", "--credentials=omit"),
            "Cookies are sent only with --credentials include.",
        ),
        (("http://localhost:1/",), "Name an origin that should be allowed"),
    ],
)
def test_usage_errors(arguments: tuple[str, ...], words: str) -> None:
    result = run_probe(*arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.output


def test_missing_server_is_reported_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    result = run_probe(f"http://127.0.0.1:{port}/", *QUICK)
    assert result.exit_code == 2
    assert f"http://127.0.0.1:{port}/" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_json_error_of_a_missing_server() -> None:
    result = run_probe("http://127.0.0.1:1/", *QUICK, "--json")
    assert result.exit_code == 2
    error = json.loads(result.stdout)["error"]
    assert (error["source"], error["message"]) == (
        "http://127.0.0.1:1/",
        "The connection was refused.",
    )


def test_timeout_of_a_silent_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        result = run_probe(f"http://127.0.0.1:{port}/", *QUICK, "--timeout=0.2")
    assert result.exit_code == 2
    assert "No response within 0.2 seconds" in result.stderr


def test_server_without_http_is_reported_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"\x1b[31mhello\r\n\r\n")

        thread = threading.Thread(target=talk)
        thread.start()
        result = run_probe(f"http://127.0.0.1:{listening.getsockname()[1]}/", *QUICK)
        thread.join(timeout=10)
    assert result.exit_code == 2
    assert "\x1b" not in result.output
    assert len(result.stderr.splitlines()) == 1


def test_nothing_is_sent_if_the_limit_is_too_low() -> None:
    with serving(right()) as live:
        result = run_probe(live.url, *QUICK, "--max-requests=26")
        assert (result.exit_code, live.requests) == (2, [])
        assert "27 requests are necessary. Allow as many" in " ".join(result.stderr.split())
        assert run_probe(live.url, *QUICK, "--max-requests=27").exit_code == 0
    assert len(live.requests) == 27


def test_rate_limit_of_the_server_is_respected() -> None:
    def bug(environ: dict[str, Any], status: int, headers: Any) -> Any:
        return (429 if len(live.requests) == 3 else status), headers

    with serving(wrong(bug)) as live:
        result = run_probe(live.url, *QUICK)
    assert (result.exit_code, result.stdout, len(live.requests)) == (2, "", 3)
    assert result.stderr == (
        f"Error: {live.url}: The server limits the rate of requests (status 429). Raise --delay.\n"
    )


def test_endless_body_is_not_read_to_the_end() -> None:
    sent: list[int] = []

    def endless(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Access-Control-Allow-Origin", PAGE), ("Vary", "Origin")])
        sent.append(0)
        for _ in range(2_000):
            sent[-1] += 1
            yield b"x" * 65_536

    with serving(endless) as live:
        result = run_probe(live.url, *QUICK)
    assert result.exit_code == 0, result.output
    assert len(sent) == 27
    assert max(sent) < 500


def test_redirects_are_not_followed() -> None:
    def redirect(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("302 Found", [("Location", "/elsewhere")])
        return []

    with serving(redirect) as live:
        run_probe(live.url, *QUICK)
    assert "/items" in live.sent("PATH_INFO")
    assert "/elsewhere" not in live.sent("PATH_INFO")


def test_64_kib_of_a_body_are_read() -> None:
    def long(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        return [b"x" * 200_000]

    limits = Limits(timeout=10, delay=0, max_time=60, max_requests=1)
    with serving(long) as live, Client(limits, send_unsafe=False) as client:
        response = client.send(HttpRequest("GET", live.url))
    assert len(response.body) == 65_536


def test_slow_body_is_not_read_to_the_end() -> None:
    sent: list[int] = []

    def dripping(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Access-Control-Allow-Origin", PAGE), ("Vary", "Origin")])
        for _ in range(100):
            sent.append(len(sent))
            time.sleep(0.05)
            yield b"x"

    with serving(dripping) as live:
        result = run_probe(live.url, *QUICK, "--max-requests=1", "--timeout=0.3")
    assert result.exit_code == 2
    assert len(sent) < 50


@pytest.mark.parametrize("location", ["http://[::1", "http://a.example:x/", "http://\xe9/"])
def test_invalid_redirect_is_a_response_too(location: str) -> None:
    def lost(environ: dict[str, Any], start_response: Any) -> Any:
        grant = [("Access-Control-Allow-Origin", PAGE), ("Location", location)]
        start_response("302 Found", grant)
        return [b""]

    with serving(lost) as live:
        result = run_probe(live.url, *QUICK, "--json")
    assert severities(result)["redirect"] == "info"
    assert ["Location", location] in json.loads(result.stdout)["exchanges"][0]["response"][
        "headers"
    ]


def test_constant_origin_needs_no_vary() -> None:
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
        assert severities(run_probe(live.url, *QUICK, "--json")) == {}


def test_unreadable_policy_is_reported() -> None:
    result = run_probe("http://localhost:1/", "--policy=none.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: none.toml: There is no such file. Check the path.\n"
