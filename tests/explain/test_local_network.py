"""Explanations with an address space: what the browser does not send, and how to fix it."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit.browser import (
    WEBKIT,
    BrowserModel,
    Fetch,
    HttpRequest,
    HttpResponse,
    LocalNetwork,
    Quirks,
)
from corekit.explain import ERRORS, Explanation, explain, explain_outcome, read_message
from tests.explain.calls import PAGE, details, titles

LOCALHOST: Final = "http://localhost:8000/"
BOTH: Final = ("local-network", "loopback-network")
ALL: Final = CorsPolicy(allow_origins=["*"], allow_methods=["PUT"])
NAS: Final = {"nas.example.com": "local"}


def explained(
    url: str, page: str = PAGE, space: str = "public", fetch: Any = None, **network: Any
) -> Explanation:
    address_space = LocalNetwork(space, **network)
    return explain(ALL, Fetch(url, **(fetch or {})), page=page, address_space=address_space)


def test_permission_is_missing() -> None:
    explanation = explain(ALL, Fetch(LOCALHOST), page=PAGE, address_space="public")
    assert not explanation.allowed
    assert explanation.summary == (
        f"A page from {PAGE} cannot read the response to GET {LOCALHOST}: A page from the public"
        " internet calls a server in the address space 'loopback', and the user has not allowed"
        " that. The request was not sent. No header of the server can allow it."
        " [LocalNetworkAccessPermissionDenied]"
    )
    assert titles(explanation) == [
        f"page: Requests GET {LOCALHOST} from {PAGE}",
        "browser: Does not send the request: LocalNetworkAccessPermissionDenied",
    ]
    assert details(explanation, "call")[1] == (
        "The page is in the address space 'public', localhost in 'loopback'. That needs the"
        " permission loopback-network of the user."
    )
    (fix,) = explanation.fixes
    assert fix.message == ERRORS["LocalNetworkAccessPermissionDenied"].hint
    assert fix.message.startswith("Let the user allow it")
    assert explanation.outcome.exchanges == ()


def test_insecure_page_cannot_ask() -> None:
    explanation = explained("http://10.0.0.7/", "http://app.example.com", permissions=BOTH)
    assert explanation.failure is not None
    assert explanation.failure.name == "InsecureLocalNetwork"
    assert [fix.message for fix in explanation.fixes] == [ERRORS["InsecureLocalNetwork"].hint]
    assert explanation.fixes[0].message.startswith("Serve the page over HTTPS")


def test_without_address_space_the_permission_is_mentioned_only() -> None:
    explanation = explain(ALL, Fetch(LOCALHOST), page=PAGE)
    assert explanation.allowed
    assert details(explanation, "call")[1].startswith("localhost is a local address.")


@pytest.mark.parametrize(
    ("url", "page", "space", "permissions", "words"),
    [
        (LOCALHOST, PAGE, "public", BOTH, "has given the permission loopback-network."),
        ("http://10.0.0.7/", PAGE, "public", BOTH, "has given the permission local-network."),
        (LOCALHOST, PAGE, "local", (), "That needs no permission of the user."),
        ("https://api.example.com/", PAGE, "public", (), "needs no permission of the user."),
        (
            LOCALHOST,
            "http://localhost:8000",
            "public",
            (),
            "localhost in 'loopback'. That needs no permission of the user.",
        ),
        ("https://nas.example.com/", PAGE, "public", BOTH, "nas.example.com in 'local'."),
    ],
)
def test_call_says_which_permission_it_needs(
    url: str, page: str, space: str, permissions: tuple[str, ...], words: str
) -> None:
    explanation = explained(url, page, space, permissions=permissions, server_address_spaces=NAS)
    assert explanation.allowed, explanation.summary
    assert words in details(explanation, "call")[1]


def test_url_without_a_host_is_in_no_address_space() -> None:
    explanation = explained("ftp://localhost/")
    assert not any("address space" in each for each in details(explanation, "call"))


@pytest.mark.parametrize(
    ("url", "target", "fixed"),
    [
        ("https://nas.example.com/", "loopback", None),
        ("https://nas.example.com/", "public", None),
        ("https://api.example.com/", "local", None),
        (LOCALHOST, "local", None),
        ("http://10.0.0.7/", "loopback", None),
        ("http://nas.example.com/", "loopback", "local"),
        ("http://nas.example.com/", None, "local"),
    ],
)
def test_fix_of_target_address_space_works(url: str, target: str | None, fixed: str | None) -> None:
    network = LocalNetwork("public", BOTH, NAS)
    fetch = Fetch(url, target_address_space=target)
    explanation = explain(ALL, fetch, page=PAGE, address_space=network)
    assert explanation.failure is not None
    name = "MixedContent" if target is None else "InvalidLocalNetworkAccess"
    assert explanation.failure.name == name
    proposed = {fix.fetch.target_address_space: fix for fix in explanation.fixes if fix.fetch}
    assert fixed in proposed
    tried = proposed[fixed].fetch
    assert tried is not None
    assert tried.url == url
    assert explain(ALL, tried, page=PAGE, address_space=network).allowed
    assert ("Set targetAddressSpace: 'local'" in proposed[fixed].message) == (fixed == "local")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://nas.example.com/", None),
        ("https://nas.example.com/", "local"),
        ("http://nas.example.com/", "local"),
        ("http://10.0.0.7/", None),
        (LOCALHOST, None),
    ],
)
def test_no_other_target_is_proposed(url: str, target: str | None) -> None:
    fetch = {"target_address_space": target, "method": "PATCH"}
    explanation = explained(url, fetch=fetch, permissions=BOTH, server_address_spaces=NAS)
    assert not explanation.allowed
    targets = {fix.fetch.target_address_space for fix in explanation.fixes if fix.fetch}
    assert targets <= {target}
    assert {fix.fetch.url for fix in explanation.fixes if fix.fetch} <= {url}
    assert not any("targetAddressSpace" in fix.message for fix in explanation.fixes)


@pytest.mark.parametrize("quirks", [WEBKIT, None])
def test_policy_is_fixed_after_the_permission(quirks: Quirks | None) -> None:
    network = LocalNetwork("public", BOTH)
    arguments: dict[str, Any] = {"quirks": quirks} if quirks else {}
    explanation = explain(
        CorsPolicy.deny_all(),
        Fetch("http://10.0.0.7/"),
        page=PAGE,
        address_space=network,
        **arguments,
    )
    assert explanation.failure is not None
    assert explanation.failure.name == "MissingAllowOriginHeader"
    assert explanation.fixes[0].changes == {"allow_origins": (PAGE,)}
    # The URL is not mixed content, so no other URL is proposed.
    assert all(fix.fetch is None for fix in explanation.fixes)


def run_live(fetch: Fetch, network: LocalNetwork, *answers: HttpResponse) -> Explanation:
    queue = list(answers)

    def send(request: HttpRequest) -> HttpResponse:
        return queue.pop(0)

    model = BrowserModel(clock=lambda: 0.0, address_space=network)
    outcome = model.fetch(send, PAGE, fetch)
    assert queue == []
    return explain_outcome(outcome, fetch, page=PAGE, address_space=network)


GRANT: Final = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "PUT"),
)


def test_redirect_to_a_local_server_is_not_followed() -> None:
    redirect = HttpResponse(302, (*GRANT, ("Location", LOCALHOST)))
    fetch = Fetch("https://api.example.com/")
    explanation = run_live(fetch, LocalNetwork("public"), redirect)
    assert titles(explanation)[-1] == (
        "browser: Does not follow the redirect: LocalNetworkAccessPermissionDenied"
    )
    hint = ERRORS["LocalNetworkAccessPermissionDenied"].hint
    assert hint in [fix.message for fix in explanation.fixes]


def test_request_after_the_preflight_is_not_sent() -> None:
    fetch = Fetch("https://nas.example.com/", "PUT", target_address_space="loopback")
    network = LocalNetwork("public", BOTH, NAS)
    explanation = run_live(fetch, network, HttpResponse(204, GRANT))
    assert titles(explanation)[-1] == (
        "browser: Does not send the request: InvalidLocalNetworkAccess"
    )
    assert explanation.fixes[0].message.startswith("Do not set targetAddressSpace")


@pytest.mark.parametrize(
    ("text", "space"),
    [
        ("Permission was denied for this request to access the `local` address space.", "local"),
        (
            (
                "The request client is not a secure context and the resource is in more-private"
                " address space `loopback`."
            ),
            "loopback",
        ),
    ],
)
def test_message_of_the_console_names_the_address_space(text: str, space: str) -> None:
    found = read_message(text)
    assert found is not None
    assert f"a server in the address space {space!r}" in found.message
    assert not found.is_repeatable
