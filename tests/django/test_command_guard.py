"""`manage.py cors` with CORS_GUARD: what it describes, and what it adds to an explanation."""

from __future__ import annotations

import json

import pytest
from django.test import override_settings

from tests.django.commanding import APP, PARTNER, run, run_and_exit, run_json
from tests.django.test_signal import Receiver, connected

pytestmark = pytest.mark.usefixtures("project")


def test_guard_is_described() -> None:
    assert "Guard" not in run()
    with override_settings(CORS_GUARD={"exempt": ["/hooks/", "/acs"], "reads": "isolate"}):
        printed = run()
    assert (
        "\n\nGuard: pages of this server and of the origins listed for a path may write.\n"
        "  exempt           /hooks/, /acs\n"
        "  writes           judge\n"
        "  websockets       judge\n"
        "  reads            isolate\n"
        "  mode             enforce\n\n"
    ) in printed


def test_guard_is_printed_as_json() -> None:
    assert run_json()[1]["guard"] is None
    with override_settings(CORS_GUARD={"own_origins": ["https://www.example.com"]}):
        guard = run_json()[1]["guard"]
    assert guard == {
        "hosts": None,
        "own_origins": ["https://www.example.com"],
        "exempt": [],
        "writes": "judge",
        "websockets": "judge",
        "reads": "ignore",
        "mode": "enforce",
    }


@pytest.mark.parametrize(
    ("arguments", "guard", "status", "judged"),
    [
        ([APP, "--method", "POST"], True, 0, (None, "LISTED_ORIGIN")),
        ([APP, "--method", "PUT"], True, 0, (None, "LISTED_ORIGIN")),
        ([APP, "--method", "POST"], None, 0, None),
        ([PARTNER], True, 1, (None, "SAFE")),
        ([PARTNER, "--method", "POST"], None, 1, None),
        ([PARTNER, "--method", "POST"], True, 1, (403, "CROSS_SITE")),
        # The preflight fails, so no browser sends the request.
        ([PARTNER, "--method", "PUT"], True, 1, None),
        ([PARTNER, "--method", "POST"], {"mode": "report"}, 1, (None, "CROSS_SITE")),
        ([APP], {"hosts": ["a.example"]}, 1, (421, "HOST_NOT_ALLOWED")),
        ([APP, "--path", "/exempt/"], True, 2, None),
        ([APP, "--path", "/exempt/"], {"reads": "isolate"}, 2, (None, "SAFE")),
        ([APP, "--method", "POST", "--path", "/exempt/"], True, 1, (403, "OTHER_ORIGIN")),
        (
            [APP, "--method", "POST", "--path", "/exempt/"],
            {"mode": "report"},
            2,
            (None, "OTHER_ORIGIN"),
        ),
    ],
)
def test_request_is_judged(
    arguments: list[str], guard: object, status: int, judged: tuple[int | None, str] | None
) -> None:
    with override_settings(CORS_GUARD=guard):
        ended, data = run_json("--origin", *arguments)
    assert ended == status
    verdict = data["guard"]
    assert (verdict and (verdict["status"], verdict["reason"])) == judged
    if judged is not None and judged[0] is not None:
        assert "processed the request" not in json.dumps(data)


@override_settings(CORS_GUARD={"writes": "judge"})
def test_refusal_is_printed_with_the_fix() -> None:
    status, printed = run_and_exit("--origin", PARTNER, "--method", "POST")
    assert status == 1
    assert "server: Refuses the request by the guard: 403 [CROSS_SITE]" in printed
    assert "the application did not process it" in printed
    assert f"Add '{PARTNER}' to CORS_ALLOWED_ORIGINS." in printed


@pytest.mark.parametrize(
    ("mode", "words"),
    [("enforce", "The guard refuses the request with 403: "), ("report", "only reports it: ")],
)
def test_refusal_of_an_exempt_view_is_printed(mode: str, words: str) -> None:
    arguments = ("--origin", PARTNER, "--method", "POST", "--path", "/exempt/")
    with override_settings(CORS_GUARD={"mode": mode}):
        printed = run_and_exit(*arguments)[1]
    assert words in printed
    assert "[OTHER_ORIGIN] CORS does not apply" in printed


@override_settings(CORS_GUARD=True)
def test_receiver_that_allows_the_origin_lets_it_write() -> None:
    arguments = ("--origin", PARTNER, "--method", "POST")
    with connected(Receiver()):
        status, data = run_json(*arguments)
    assert (status, data["guard"]["reason"]) == (0, "LISTED_ORIGIN")
