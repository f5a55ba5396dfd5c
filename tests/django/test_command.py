"""`manage.py cors`: what is effective, and why a request is decided as it is."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from corekit import CorsPolicy, CorsRoutes
from tests.django.test_middleware import forget_settings
from tests.django.test_signal import Receiver, connected

APP = "https://app.example.com"
PARTNER = "https://partner.example"


@pytest.fixture(autouse=True)
def project() -> Iterator[None]:
    with override_settings(
        CORS_ALLOWED_ORIGINS=[APP],
        CORS_ALLOW_CREDENTIALS=True,
        CORS_ALLOW_METHODS=["PUT"],
        CORS_ALLOW_HEADERS=["content-type"],
    ):
        yield


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("cors", *arguments, stdout=out)
    return out.getvalue()


def test_the_effective_policy_is_printed() -> None:
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
        "  preflight cache  86400 s\n"
        "  private network  yes\n"
    )
    assert "  GET         /own-method/ (tests.django.views.OwnMethod)\n    origins" in printed
    assert "  all methods /exempt/ (tests.django.views.exempt)\n    exempt: no policy" in printed


@override_settings(CORS_ALLOWED_ORIGINS=[], ROOT_URLCONF="tests.django.empty_urls")
def test_a_policy_without_origins_says_so() -> None:
    assert run().startswith("From the CORS_* settings, for every path:\n  origins          none\n")
    assert "their own policy" not in run()
    assert "check_request_enabled" not in run()
    with connected(Receiver()):
        assert "check_request_enabled has 1 receiver(s)" in run()
    with override_settings(CORS_ALLOWED_ORIGIN_REGEXES=[r"https://a\.example"]):
        assert "  origins" not in run()


def test_routes_are_printed_in_their_order() -> None:
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


def test_invalid_settings_are_printed_with_their_fixes() -> None:
    with (
        override_settings(CORS_ALLOWED_ORIGINS=[f"{APP}/"]),
        pytest.raises(CommandError, match=f"Did you mean '{APP}'"),
    ):
        run()


def test_a_call_that_is_granted_is_explained() -> None:
    lines = run("--origin", APP, "--method", "PUT", "--header", "Content-Type", "--path", "/plain/")
    assert lines == (
        f"PUT /plain/ from {APP} with content-type\n"
        "  policy:    the CORS_* settings\n"
        "  preflight: 204\n"
        f"    Access-Control-Allow-Origin: {APP}\n"
        "    Access-Control-Allow-Credentials: true\n"
        "    Access-Control-Allow-Methods: GET, HEAD, POST, PUT\n"
        "    Access-Control-Allow-Headers: content-type\n"
        "    Access-Control-Max-Age: 86400\n"
        "  response:\n"
        f"    Access-Control-Allow-Origin: {APP}\n"
        "    Access-Control-Allow-Credentials: true\n"
        "  verdict:   allowed. The page can read the response.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            [PARTNER],
            ["preflight: not needed", "denied. The policy does not allow this origin", "origins,"],
        ),
        ([f"{APP}/"], ["denied. The Origin header is not", f"A browser would send '{APP}'."]),
        (["no origin at all"], ["denied. The Origin header is not an origin"]),
        ([APP, "--method", "DELETE"], ["denied. The policy does not allow the requested method"]),
        (
            [APP, "--header", "X-B", "--header", "x-a", "--header", "content-type"],
            ["with content-type,x-a,x-b", "does not allow all requested headers", "   x-a, x-b\n"],
        ),
        ([APP, "--header", "a b"], ["not a list of header names"]),
        ([APP, "--header", "accept"], ["preflight: not needed", "allowed."]),
    ],
)
def test_a_decision_is_explained_in_words(arguments: list[str], said: list[str]) -> None:
    printed = run("--origin", *arguments)
    assert [part for part in said if part not in printed] == []


def test_a_view_s_own_policy_is_named() -> None:
    printed = run("--origin", APP, "--path", "/own/")
    assert "  policy:    that of tests.django.views.own\n" in printed
    assert "denied." in printed
    printed = run("--origin", APP, "--path", "/exempt/")
    assert "  policy:    tests.django.views.exempt is exempt\n" in printed
    assert "no policy applies" in printed


@pytest.mark.parametrize("answer", [True, False])
def test_receivers_of_the_signal_are_asked(answer: bool) -> None:
    receiver = Receiver(answer)
    with connected(receiver), override_settings(ALLOWED_HOSTS=["*"]):
        printed = run("--origin", PARTNER, "--method", "PUT")
        assert ("a receiver of check_request_enabled allows" in printed) is answer
        assert ("allowed." in printed) is answer
        run("--origin", APP)
        run("--origin", "null")
    assert receiver.asked == [PARTNER]


@pytest.mark.parametrize("arguments", [["--path", "/"], ["--method", "PUT"], ["--header", "x-a"]])
def test_a_call_without_origin_cannot_be_explained(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="need --origin"):
        run(*arguments)
