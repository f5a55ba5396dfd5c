"""What a server does with requests that any website can send, and under another name."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit.browser import Fetch, HttpRequest, HttpResponse
from corekit.probe import UNTRUSTED, Plan, make_requests, run_probe
from tests.probe.servers import PAGE, URL

FORGED: Final = ["host", "forged-write", "forged-handshake"]


def forged_codes(
    statuses: dict[str, int], credentials: str = "omit", **plan: Any
) -> dict[str, str]:
    """Return the findings about forged requests, to which a server responds with statuses."""

    def send(request: HttpRequest) -> HttpResponse:
        names = {name.lower(): value for name, value in request.headers}
        kind = "other"
        if request.method == "POST":
            kind = "write"
        elif names.get("upgrade") == "websocket":
            kind = "handshake"
        elif "host" in names:
            kind = "host"
        return HttpResponse(statuses.get(kind, 200))

    fetch = Fetch(URL, credentials=credentials)
    options = {"send_unsafe": True, "with_other_host": True, **plan}
    _, found = run_probe(Plan((PAGE,), fetch, **options), send)
    codes = ("forged-write", "forged-handshake", "host-not-checked")
    return {each.code: each.severity for each in found if each.code in codes}


@pytest.mark.parametrize("status", [200, 204, 302, 399])
@pytest.mark.parametrize(("credentials", "severity"), [("omit", "info"), ("include", "warning")])
def test_what_is_accepted_is_reported(status: int, credentials: str, severity: str) -> None:
    statuses = {"write": status, "handshake": 101, "host": status}
    assert forged_codes(statuses, credentials) == {
        "forged-write": severity,
        "forged-handshake": severity,
        "host-not-checked": "warning",
    }


@pytest.mark.parametrize(
    ("url", "severity"),
    [
        ("http://localhost:8000/", "warning"),
        ("http://192.168.1.5/", "warning"),
        ("https://api.example.com/", "info"),
    ],
)
def test_host_matters_more_for_an_internal_server(url: str, severity: str) -> None:
    plan = Plan((PAGE,), Fetch(url), with_other_host=True)
    _, found = run_probe(plan, lambda request: HttpResponse(200))
    (host,) = (each for each in found if each.code == "host-not-checked")
    assert (host.severity, host.subject) == (severity, url)


@pytest.mark.parametrize("status", [400, 403, 405, 421, 500])
def test_what_is_refused_is_not_reported(status: int) -> None:
    assert forged_codes(dict.fromkeys(("write", "handshake", "host"), status)) == {}


def test_only_status_101_opens_a_websocket() -> None:
    assert forged_codes({"handshake": 200, "write": 403, "host": 400}) == {}


def test_nothing_is_forged_unless_it_may_be() -> None:
    assert forged_codes({}, send_unsafe=False, with_other_host=False) == {}
    plan = Plan((PAGE,), Fetch(URL, "PUT"))
    assert not {each.kind for each in make_requests(plan)} & set(FORGED)
    assert {each.request.method for each in make_requests(plan)} == {"GET", "OPTIONS"}


def test_one_request_of_each_kind_is_sent() -> None:
    plan = Plan((PAGE, "https://b.example"), Fetch(URL), send_unsafe=True, with_other_host=True)
    forged = [each for each in make_requests(plan) if each.kind in FORGED]
    assert [each.kind for each in forged] == FORGED
    assert [each.request.method for each in forged] == ["GET", "POST", "GET"]
    assert [each.origin for each in forged] == [None, UNTRUSTED, UNTRUSTED]
    assert ("Host", "corekit-probe.example") in forged[0].request.headers
    assert ("Sec-Fetch-Site", "cross-site") in forged[1].request.headers
    assert not any(name.startswith("Sec-Fetch") for name, _ in forged[2].request.headers)


def test_allowed_origin_forges_nothing() -> None:
    plan = Plan((UNTRUSTED,), Fetch(URL), send_unsafe=True)
    assert not {each.kind for each in make_requests(plan)} & set(FORGED)
