"""`manage.py cors` with CORS_GUARD: what it describes, and what it adds to an explanation."""

from __future__ import annotations

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


REFUSED = "The guard refuses the request with 403: The page has another origin than this server"


@pytest.mark.parametrize(
    ("arguments", "guard", "note"),
    [
        ([APP, "--method", "POST"], True, None),
        ([APP, "--method", "PUT"], True, None),
        ([PARTNER], True, None),
        ([PARTNER, "--method", "POST"], None, None),
        ([PARTNER, "--method", "POST"], True, REFUSED),
        ([PARTNER, "--method", "PUT"], True, REFUSED),
        ([APP, "--method", "POST", "--path", "/exempt/"], True, REFUSED),
        ([PARTNER, "--method", "POST"], {"mode": "report"}, "The guard only reports this: "),
        ([APP], {"hosts": ["a.example"]}, "The guard refuses the request with 421"),
    ],
)
def test_refusal_is_a_note(arguments: list[str], guard: object, note: str | None) -> None:
    with override_settings(CORS_GUARD=guard):
        _, data = run_json("--origin", *arguments)
    assert len(data["notes"]) == (note is not None)
    assert all(each.startswith(note or "") for each in data["notes"])


@override_settings(CORS_GUARD=True)
def test_note_is_printed_with_the_fix() -> None:
    arguments = ("--origin", f"{PARTNER}/", "--method", "POST")
    lines = run_and_exit(*arguments)[1].splitlines()
    assert lines[0].startswith(f"Note: --origin {PARTNER}/: ")
    assert lines[1].startswith(f"Note: {REFUSED}")
    assert f"Add '{PARTNER}' to CORS_ALLOWED_ORIGINS. If it is" in lines[1]
    assert lines[1].endswith('add it to CORS_GUARD["own_origins"]. [OTHER_ORIGIN]')


@override_settings(CORS_GUARD=True)
def test_receiver_that_allows_the_origin_lets_it_write() -> None:
    with connected(Receiver()):
        _, data = run_json("--origin", PARTNER, "--method", "POST")
    assert data["notes"] == []
