"""`manage.py cors`: the effective policy, and explanations of requests."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError
from django.test import override_settings

from corekit import CorsPolicy, CorsRoutes
from tests.django.commanding import APP, PARTNER, run, run_and_exit, run_json
from tests.django.test_middleware import forget_settings
from tests.django.test_receivers import UnroutableUrls
from tests.django.test_signal import Receiver, connected

pytestmark = pytest.mark.usefixtures("project")


def test_effective_policy_is_printed() -> None:
    with override_settings(
        CORS_ALLOWED_ORIGIN_REGEXES=[r"https://pr-\d+\.example\.com"],
        CORS_EXPOSE_HEADERS=["x-total"],
        CORS_ALLOW_PRIVATE_NETWORK=True,
        CORS_URLS_REGEX="/api/.*",
    ):
        printed = run()
    assert printed.startswith(
        "From the CORS_* settings, for /api/.*:\n"
        "  origins          https://app.example.com\n"
        "  origin regexes   https://pr-\\d+\\.example\\.com\n"
        "  credentials      yes\n"
        "  methods          GET, HEAD, POST, PUT\n"
        "  request headers  content-type\n"
        "  exposed headers  x-total\n"
        "  max age          86400 s\n"
        "  private network  yes\n"
    )
    assert "  GET         /own-method/ (tests.django.views.OwnMethod)\n    origins" in printed
    assert "  all methods /exempt/ (tests.django.views.exempt)\n    exempt: CORS does" in printed


@override_settings(CORS_ALLOWED_ORIGINS=[], ROOT_URLCONF="tests.django.empty_urls")
def test_policy_without_origins_is_printed() -> None:
    assert run().startswith("From the CORS_* settings, for every path:\n  origins          none\n")
    assert "Per-view policies" not in run()
    assert "check_request_enabled" not in run()
    with connected(Receiver()):
        assert "check_request_enabled has 1 receiver(s)" in run()
    with override_settings(CORS_ALLOWED_ORIGIN_REGEXES=[r"https://a\.example"]):
        assert "  origins" not in run()


def test_routes_are_printed_in_order() -> None:
    routes = CorsRoutes(
        [("/api/", CorsPolicy(allow_origins=["*"], max_age=None)), ("/", CorsPolicy.deny_all())]
    )
    with override_settings(CORS_POLICY=routes):
        forget_settings()
        printed = run()
    assert printed.startswith(
        "From CORS_POLICY, the first match wins:\n"
        "  /api/\n"
        "    origins          *\n"
        "    credentials      no\n"
        "    methods          GET, HEAD, POST\n"
        "  /\n"
        "    origins          none\n"
    )


def test_problems_of_the_settings_are_printed() -> None:
    with (
        override_settings(CORS_ALLOWED_ORIGINS=[f"{APP}/"]),
        pytest.raises(CommandError, match=f"Did you mean '{APP}'"),
    ):
        run()


def test_allowed_request_is_explained() -> None:
    printed = run(
        "--origin", APP, "--method", "PUT", "--header", "Content-Type", "--path", "/plain/"
    )
    assert printed.startswith("Policy: the CORS_* settings\n\nA page from ")
    assert "Access-Control-Allow-Methods: GET, HEAD, POST, PUT" in printed


@pytest.mark.parametrize(
    ("arguments", "failure"),
    [
        ([PARTNER], "MissingAllowOriginHeader"),
        ([f"{APP}:8443"], "MissingAllowOriginHeader"),
        ([APP, "--method", "DELETE"], "MethodDisallowedByPreflightResponse"),
        ([APP, "--header", "X-B", "--header", "x-a"], "HeaderDisallowedByPreflightResponse"),
    ],
)
def test_blocked_request_is_explained(arguments: list[str], failure: str) -> None:
    status, printed = run_and_exit("--origin", *arguments)
    assert status == 1
    assert failure in printed
    assert "How to fix it:" in printed


@pytest.mark.parametrize("arguments", [["no origin at all"], [APP, "--header", "a b"]])
def test_impossible_request_cannot_be_explained(arguments: list[str]) -> None:
    with pytest.raises(CommandError) as caught:
        run("--origin", *arguments)
    assert caught.value.returncode == 2


def test_per_view_policy_is_named() -> None:
    status, printed = run_and_exit("--origin", APP, "--path", "/own/")
    assert (status, printed.splitlines()[0]) == (
        1,
        "Policy: the per-view policy of tests.django.views.own",
    )
    status, printed = run_and_exit("--origin", APP, "--path", "/exempt/")
    assert status == 2
    assert printed == (
        "Policy: tests.django.views.exempt is exempt."
        " CORS does not apply; only the headers of the view count.\n"
    )


def test_path_outside_of_the_urls_regex_is_named() -> None:
    with override_settings(CORS_URLS_REGEX="/api/.*"):
        status, printed = run_and_exit("--origin", APP, "--path", "/plain/")
        assert status == 1
        assert "the path is outside of CORS_URLS_REGEX. CORS does not apply" in printed
        with connected(Receiver(False)):
            status, printed = run_and_exit("--origin", APP, "--path", "/plain/")
    assert status == 1
    assert printed.startswith(
        "Policy: the CORS_* settings, but the path is outside of CORS_URLS_REGEX\n"
    )


LONG_REGEX = "/api/.*/items/.*/x"
ROUTES = CorsRoutes([("/api/", CorsPolicy(allow_origins=[APP]))])


@pytest.mark.parametrize(
    ("project", "path", "why"),
    [
        ({"CORS_URLS_REGEX": LONG_REGEX}, "/api/a/items/b/" + "x" * 497, ""),
        (
            {"CORS_URLS_REGEX": LONG_REGEX},
            "/api/a/items/b/" + "x" * 498,
            "the path is longer than the 512 characters that CORS_URLS_REGEX is tried on",
        ),
        (
            {"CORS_POLICY": ROUTES},
            "/api/" + "//" * 600,
            "the path is ambiguous and longer than 1024 characters, so no origins are allowed",
        ),
        (
            {"CORS_POLICY": ROUTES},
            "/api/../x",
            "the path is ambiguous, so no origins are allowed",
        ),
        ({"CORS_POLICY": ROUTES}, "/other", "no route covers the path"),
        ({"CORS_POLICY": ROUTES}, "/api/x", ""),
    ],
)
def test_paths_that_get_no_permission_are_named(
    project: dict[str, Any], path: str, why: str
) -> None:
    with override_settings(**project):
        if "CORS_POLICY" in project:
            forget_settings()
        _, printed = run_and_exit("--origin", APP, "--path", path)
    source = printed.splitlines()[0].removesuffix(
        ". CORS does not apply; only the headers of the view count."
    )
    assert source.partition(", but ")[2] == why


@pytest.mark.parametrize("origin", [PARTNER, "http://partner.example"])
@pytest.mark.parametrize("reply", [True, False])
def test_receivers_of_the_signal_are_called(reply: bool, origin: str) -> None:
    receiver = Receiver(reply)
    with connected(receiver), override_settings(ALLOWED_HOSTS=["*"]):
        _, printed = run_and_exit("--origin", origin, "--method", "PUT")
        assert ("a receiver of check_request_enabled allows the origin" in printed) is reply
        assert ("The policy allows" in printed) is reply
        run_and_exit("--origin", APP)
        run_and_exit("--origin", "null")
    assert receiver.asked == [origin]


@pytest.mark.parametrize("arguments", [["--path", "/"], ["--method", "PUT"], ["--header", "x-a"]])
def test_request_without_origin_cannot_be_explained(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="Pass --origin"):
        run(*arguments)


@pytest.mark.parametrize(
    ("origin", "read"),
    [("localhost:5173", "http://localhost:5173"), ("https://App.example.com/", APP)],
)
def test_misspelled_origin_is_noted(origin: str, read: str) -> None:
    _, printed = run_and_exit("--origin", origin, "--path", "/plain/")
    first, second = printed.splitlines()[:2]
    assert first.startswith(f"Note: --origin {origin}: ")
    assert first.endswith(f"It is read as {read}.")
    assert second == "Policy: the CORS_* settings"
    assert f"A page from {read} can" in printed
    assert run_json("--origin", origin)[1]["notes"]


@pytest.mark.parametrize(
    ("host", "debug", "url"),
    [
        ("http://localhost:8000", False, "http://localhost:8000/plain/"),
        ("http://localhost:8000/", True, "http://localhost:8000/plain/"),
        ("https://localhost:8000", True, "https://localhost:8000/plain/"),
        ("localhost:8000", True, "http://localhost:8000/plain/"),
        ("[::1]:8000", True, "http://[::1]:8000/plain/"),
        ("127.0.0.1", True, "http://127.0.0.1/plain/"),
        ("localhost:8000", False, "https://localhost:8000/plain/"),
        ("api.example.org", True, "https://api.example.org/plain/"),
    ],
)
def test_host_may_have_a_scheme(host: str, debug: bool, url: str) -> None:
    page = "http://localhost:5173"
    hosts = ["api.example.org", "localhost", "[::1]", "127.0.0.1"]
    with override_settings(DEBUG=debug, ALLOWED_HOSTS=hosts, CORS_ALLOWED_ORIGINS=[page]):
        printed = run("--origin", page, "--path", "/plain/", "--host", host)
    assert f"GET {url}" in printed
    assert ("another site" in printed) is (not url.startswith("http://localhost"))


@pytest.mark.parametrize(
    ("arguments", "host"),
    [([], "api.example.org"), (["--host", "testserver:8000"], "testserver:8000")],
)
def test_host_is_called(arguments: list[str], host: str) -> None:
    assert f"GET https://{host}/plain/" in run("--origin", APP, "--path", "/plain/", *arguments)


def test_failing_receiver_is_named() -> None:
    def receiver(request: Any, **_: object) -> bool:
        return bool(request.tenant)

    with connected(receiver), pytest.raises(CommandError, match="raised AttributeError") as caught:
        run("--origin", PARTNER)
    assert caught.value.returncode == 2


@override_settings(ROOT_URLCONF=UnroutableUrls)
def test_path_whose_router_raises_allows_no_origins() -> None:
    status, printed = run_and_exit("--origin", APP, "--path", "/item/")
    assert status == 1
    assert printed == (
        "Policy: the URLconf raised ConnectionError for /item/: the database is away."
        " No origins are allowed, since the view is not known.\n"
    )
