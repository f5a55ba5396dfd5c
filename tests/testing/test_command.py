"""``python -m corekit_testing``: what it says of servers that keep to a policy and that do not."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from wsgiref.simple_server import make_server

import pytest

from corekit import CorsPolicy
from corekit_testing.__main__ import main
from corekit_wsgi import CorsMiddleware
from tests.testing.serving import Quiet

PAGE = "https://app.example.com"
SETTINGS: dict[str, Any] = {
    "allow_origins": [PAGE, "https://*.example.org"],
    "allow_credentials": True,
    "allow_methods": ["PUT"],
    "allow_headers": ["content-type", "x-a"],
}


class Api:
    """A WSGI application that remembers the methods that reached it."""

    def __init__(self) -> None:
        self.reached: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.reached.append(environ["REQUEST_METHOD"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]


def reflecting(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The most common fault: whoever asks is allowed, with credentials."""
    headers = [
        ("Access-Control-Allow-Origin", environ.get("HTTP_ORIGIN", "*")),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "PUT, PATCH"),
        ("Access-Control-Allow-Headers", "content-type"),
    ]
    start_response("200 OK", headers)
    return [b""]


Serve = Callable[[Any], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(app: Any) -> str:
            server = stack.enter_context(make_server("127.0.0.1", 0, app, handler_class=Quiet))
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}/items"

        yield start


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    path = tmp_path / "cors.json"
    path.write_text(json.dumps(SETTINGS))
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_server_that_keeps_to_the_policy_passes(
    serve: Serve, policy_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api = Api()
    url = serve(CorsMiddleware(api, CorsPolicy(**SETTINGS)))
    status, out, err = run(capsys, url, "--policy", policy_file)
    assert (status, err) == (0, "")
    first, *rows, blank, summary = out.splitlines()
    assert first.split() == ["page", "fetch", "policy", "server"]
    assert blank == ""
    assert summary.endswith(" fetches, 0 of them not as the policy says")
    assert not any(row.startswith("!") for row in rows)
    granted = [row.split("  ") for row in rows if row.rstrip().endswith("yes")]
    assert {cells[2].strip() if cells[0] == " " else cells[1].strip() for cells in granted}
    assert sum(PAGE in row and row.rstrip().endswith("yes") for row in rows) == 5
    # Nothing that could change anything was sent.
    assert set(api.reached) == {"GET"}


def test_what_the_server_does_otherwise_is_marked_and_explained(
    serve: Serve, policy_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(capsys, serve(reflecting), "--policy", policy_file)
    assert status == 1
    marked = [row for row in out.splitlines() if row.startswith("!")]
    assert any("https://app.example.com.evil.example" in row for row in marked)
    assert any("null" in row for row in marked)
    assert any("PATCH" in row and PAGE in row for row in marked)
    assert any(
        row.split()[1:] == "(none) Vary without Origin with without".split() for row in marked
    )
    (why,) = (row for row in marked if f"{PAGE} " in row and "GET with x-a" in row)
    assert why.endswith(
        "HeaderDisallowedByPreflightResponse: The preflight response does not allow the header x-a."
    )


def test_json_is_for_programs(
    serve: Serve, policy_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = serve(CorsMiddleware(Api(), CorsPolicy.deny_all()))
    status, out, _ = run(capsys, url, "--policy", policy_file, "--json", "--engine", "firefox")
    assert status == 1
    results = json.loads(out)
    assert {
        "page": PAGE,
        "fetch": "PUT",
        "expected": True,
        "readable": False,
        "agrees": False,
        "failure": "PreflightMissingAllowOriginHeader",
    } in results
    assert all(not each["readable"] for each in results if each["page"])
    status, out, _ = run(
        capsys,
        serve(CorsMiddleware(Api(), CorsPolicy(**SETTINGS))),
        "--policy",
        policy_file,
        "--json",
    )
    assert status == 0
    assert all(each["agrees"] for each in json.loads(out))


def test_origins_may_be_given_and_unsafe_requests_sent(
    serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(
        'allow_origins = ["http://localhost:*"]\nallow_methods = ["PUT", "LOCK", "POST"]'
    )
    api = Api()
    policy = CorsPolicy(allow_origins=["http://localhost:*"], allow_methods=["PUT", "LOCK", "POST"])
    url = serve(CorsMiddleware(api, policy))
    arguments = (url, "--policy", path, "--origin", "http://localhost:3000", "--origin", "null")
    status, out, _ = run(capsys, *arguments, "--send-unsafe")
    assert status == 0, out
    assert "http://localhost:3000" in out
    assert {"PUT", "LOCK"} <= set(api.reached)


def test_a_policy_for_anybody_needs_no_vary(
    serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cors.toml"
    path.write_text('allow_origins = ["*"]\nallow_methods = ["*"]\nallow_headers = ["*"]')
    policy = CorsPolicy(allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    url = serve(CorsMiddleware(Api(), policy))
    status, out, _ = run(capsys, url, "--policy", path, "--origin", PAGE)
    assert status == 0, out
    assert "Vary" not in out


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ('{"allow_origins": "https://a.example"}', [], "string-not-collection"),
        ('{"allowed": []}', [], "no argument of this name"),
        ("[]", [], "does not hold the arguments"),
        ("{", [], "Expecting"),
        ('{"allow_origins": ["*"]}', [], "give --origin"),
        ('{"allow_origins": ["*"]}', ["--origin", "example.com"], "not an origin"),
        ('{"allow_origins": ["https://a.example"]}', [], "cannot be asked"),
    ],
)
def test_what_cannot_be_told_has_a_status_of_its_own(
    text: str,
    arguments: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "cors.json"
    path.write_text(text)
    # Nobody listens on the discard port.
    status, out, err = run(capsys, "http://127.0.0.1:9/", "--policy", path, *arguments)
    assert (status, out) == (2, "")
    assert message in err


def test_a_missing_file_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, _, err = run(capsys, "http://127.0.0.1:9/", "--policy", tmp_path / "none.toml")
    assert status == 2
    assert "none.toml" in err


def test_the_command_runs_as_a_module(serve: Serve, policy_file: Path) -> None:
    url = serve(CorsMiddleware(Api(), CorsPolicy(**SETTINGS)))
    command = [sys.executable, "-m", "corekit_testing", url, "--policy", str(policy_file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 of them" in done.stdout


def test_the_servers_own_origin_is_no_other() -> None:
    from corekit_testing.conformance import make_cases

    policy = CorsPolicy(allow_origins=["https://api.example.com"])
    cases = make_cases(policy, "https://api.example.com/x", ["https://api.example.com"])
    assert "https://api.example.com" not in {case.page for case in cases}


def test_nothing_is_nearly_an_opaque_origin() -> None:
    from corekit_testing.conformance import make_cases

    policy = CorsPolicy(allow_origins=["null"], accept_risks=["opaque-origin"])
    cases = list(make_cases(policy, "https://api.example.com/x", ["null"]))
    assert {case.page for case in cases} == {"null", "https://evil.example", None}
    assert {case.name for case in cases if case.expected} == {"GET", "Vary without Origin"}
