"""Messages of fixes for a policy, a page's request and a live server, word for word.

Which fixes are proposed, and that they work, is tested in `test_fixes`, `test_outcomes` and
`test_redirects`.
"""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.browser import BrowserModel, Fetch, HttpRequest, HttpResponse
from corekit.explain import ERRORS, Explanation, explain, explain_outcome
from tests.explain.calls import ITEMS, PAGE, explained

TRUST = (
    "Allow an origin only if you control it or trust its owner: its pages can read the responses."
)
ACTS = "With credentials, pages of every allowed origin can make requests as the logged-in user."
AROUND = (
    "Wrap the whole application in corekit's middleware, as the outermost layer, with a policy"
    " that allows this request."
)
OMIT = "If the request does not need cookies, use credentials: 'omit'."
TWENTY = ", ".join(f"'x-{at:02}'" for at in range(20))
OTHER = "https://other.example.com"
LOGIN = "https://login.example.net/in"
WITHOUT_REDIRECT = (
    f"Let https://api.example.com respond without a redirect to '{LOGIN}', which has another"
    " origin. If the request needs a login, respond with status 401."
)


def said(explanation: Explanation) -> list[str]:
    return [fix.message for fix in explanation.fixes]


OF_POLICIES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "an origin": (
        {"allow_origins": [OTHER]},
        {},
        [
            f"Add '{PAGE}' to allow_origins. {TRUST}",
            f"Or open the page from '{OTHER}', which is allowed.",
        ],
    ),
    "a method": ({}, {"method": "PUT"}, ["Add 'PUT' to allow_methods."]),
    "headers": (
        {},
        {"headers": (("X-C", "1"), ("X-A", "1"))},
        ["Add 'x-a', 'x-c' to allow_headers."],
    ),
    "as many headers as are named": (
        {},
        {"headers": tuple((f"X-{at:02}", "1") for at in range(20))},
        [f"Add {TWENTY} to allow_headers."],
    ),
    "more headers than are named": (
        {},
        {"headers": tuple((f"X-{at:02}", "1") for at in range(22))},
        [f"Add {TWENTY} and 2 more to allow_headers."],
    ),
    "credentials": ({}, {"credentials": "include"}, [f"Set allow_credentials=True. {ACTS}", OMIT]),
    "credentials where any origin was allowed": (
        {"allow_origins": ["*"]},
        {"credentials": "include"},
        [
            (
                f"Replace '*' in allow_origins with '{PAGE}' and all other origins that need"
                f" access, and set allow_credentials=True. {TRUST} {ACTS}"
            ),
            OMIT,
        ],
    ),
    "two changes": (
        {},
        {"method": "PUT", "headers": (("X-A", "1"),)},
        ["Add 'PUT' to allow_methods and add 'x-a' to allow_headers."],
    ),
    "a refused method": (
        {"allow_methods": ["PATCH"]},
        {"method": "patch"},
        [
            "Use the method 'PATCH', in upper case.",
            (
                "The policy would have to add 'patch' to allow_methods, but corekit rejects that:"
                " Method names are case-sensitive; servers expect this one in upper case. Did you"
                " mean 'PATCH'?"
            ),
        ],
    ),
    "a refused method, and a header": (
        {},
        {"method": "patch", "headers": (("X-A", "1"),)},
        [
            (
                "Use the method 'PATCH', in upper case. Add 'PATCH' to allow_methods and add"
                " 'x-a' to allow_headers."
            ),
            (
                "The policy would have to add 'patch' to allow_methods, but corekit rejects that:"
                " Method names are case-sensitive; servers expect this one in upper case. Did you"
                " mean 'PATCH'?"
            ),
        ],
    ),
    "several refused headers": (
        {},
        {"headers": (("ETag", "1"), ("Vary", "1"))},
        [
            "Do not set etag, vary: only servers send this.",
            (
                "The policy would have to add 'etag', 'vary' to allow_headers, but corekit"
                " rejects that: This is a response header. Remove it from the request headers."
            ),
        ],
    ),
    "mode": ({}, {"mode": "no-cors"}, ["Use mode 'cors', the default."]),
}


@pytest.mark.parametrize("name", OF_POLICIES)
def test_message_of_a_policy_fix(name: str) -> None:
    policy, fetch, sentences = OF_POLICIES[name]
    assert said(explained(fetch=fetch, **policy)) == sentences


def test_message_has_three_of_the_reasons() -> None:
    origins = [PAGE, *(f"http://{name}.test" for name in "abcd")]
    _, refused = said(explained(fetch={"credentials": "include"}, allow_origins=origins))
    reasons = " ".join(
        "A network attacker can impersonate this origin and act as the user. Use"
        f" 'https://{name}.test'. To accept the risk: accept_risks=['insecure-origin']."
        for name in "abc"
    )
    assert refused == (
        "The policy would have to set allow_credentials=True, but corekit rejects that: " + reasons
    )


NULL_REFUSED = (
    "The policy would have to add 'null' to allow_origins, but corekit rejects that: Any page can"
    " send 'Origin: null' by using a sandboxed iframe. Remove it. To accept the risk:"
    " accept_risks=['opaque-origin']."
)


def test_message_for_an_opaque_page() -> None:
    assert said(explained("null")) == [NULL_REFUSED]


ROUTES = CorsRoutes([("/items", CorsPolicy(allow_origins=[PAGE]))])
IN_ROUTE = "In the policy of the route '/items': "
OF_ROUTES: dict[str, tuple[Fetch, list[str]]] = {
    "a change": (Fetch(ITEMS, "PUT"), [f"{IN_ROUTE}Add 'PUT' to allow_methods."]),
    "another call, and a change": (
        Fetch(ITEMS, "patch"),
        [
            (f"Use the method 'PATCH', in upper case. {IN_ROUTE}Add 'PATCH' to allow_methods."),
            (
                f"{IN_ROUTE}The policy would have to add 'patch' to allow_methods, but corekit"
                " rejects that: Method names are case-sensitive; servers expect this one in upper"
                " case. Did you mean 'PATCH'?"
            ),
        ],
    ),
    "no route": (
        Fetch("https://api.example.com/other"),
        [
            (
                "No route covers the path /other, so no policy applies to it. Add a route for it,"
                " with a policy that allows this request."
            )
        ],
    ),
}


@pytest.mark.parametrize("name", OF_ROUTES)
def test_message_names_the_route(name: str) -> None:
    fetch, sentences = OF_ROUTES[name]
    assert said(explain(ROUTES, fetch, page=PAGE)) == sentences


ANY = ("Access-Control-Allow-Origin", "*")


def location(url: str, status: int = 302) -> tuple[int, tuple[tuple[str, str], ...]]:
    return status, (ANY, ("Location", url))


OF_SERVERS: dict[str, tuple[Fetch, list[tuple[int, tuple[tuple[str, str], ...]]], list[str]]] = {
    "without CORS": (
        Fetch(ITEMS, "PUT"),
        [(200, ())],
        [f"{AROUND} Add '{PAGE}' to allow_origins and add 'PUT' to allow_methods. {TRUST}"],
    ),
    "that grants any origin, but no credentials": (
        Fetch(ITEMS, credentials="include"),
        [(200, (ANY,))],
        [
            (
                f"{AROUND} Add '{PAGE}' to allow_origins and set allow_credentials=True. {TRUST}"
                f" {ACTS}"
            ),
            OMIT,
        ],
    ),
    "that redirects the preflight": (
        Fetch(ITEMS, "PUT"),
        [location("/items/", 308)],
        [
            f"{AROUND} Add '{PAGE}' to allow_origins and add 'PUT' to allow_methods. {TRUST}",
            f"Request the URL that the redirect points to: '{ITEMS}/'.",
        ],
    ),
    "that redirects to http": (
        Fetch(ITEMS),
        [location("http://api.example.com/there")],
        [
            (
                "The redirect points to 'http://api.example.com/there'."
                " Request 'https://api.example.com/there' instead."
            ),
            ERRORS["MixedContent"].hint,
        ],
    ),
    "that redirects to ftp": (
        Fetch(ITEMS),
        [location("ftp://api.example.com/there")],
        [
            (
                "The redirect points to 'ftp://api.example.com/there'."
                " Request 'https://api.example.com/there' instead."
            ),
            ERRORS["CorsDisabledScheme"].hint,
        ],
    ),
    "that redirects where the page follows nothing": (
        Fetch(ITEMS, redirect="error"),
        [location("/there")],
        [
            "Request the URL that the redirect points to: 'https://api.example.com/there'.",
            "Let the browser follow redirects: redirect: 'follow', the default.",
            ERRORS["RedirectNotFollowed"].hint,
        ],
    ),
    "that redirects to another host, which grants nothing": (
        Fetch(ITEMS),
        [location(LOGIN), (200, ())],
        [
            WITHOUT_REDIRECT,
            (
                f"Request the URL that the redirect points to: '{LOGIN}'. {AROUND} Add '{PAGE}' to"
                f" allow_origins. {TRUST}"
            ),
        ],
    ),
    "that redirects to another host, which grants the page alone": (
        Fetch(ITEMS),
        [location(LOGIN), (200, (("Access-Control-Allow-Origin", PAGE),))],
        [f"Request the URL that the redirect points to: '{LOGIN}'.", WITHOUT_REDIRECT],
    ),
    "whose answer could be read in another mode": (
        Fetch(ITEMS, mode="no-cors"),
        [(200, (ANY,))],
        ["Use mode 'cors', the default."],
    ),
    "whose answer no page can read": (
        Fetch(ITEMS, mode="no-cors"),
        [(200, ())],
        [(f"Use mode 'cors', the default. {AROUND} Add '{PAGE}' to allow_origins. {TRUST}")],
    ),
}


@pytest.mark.parametrize("name", OF_SERVERS)
def test_message_of_a_server_fix(name: str) -> None:
    fetch, answers, sentences = OF_SERVERS[name]
    assert said(explain_live(fetch, answers, PAGE)) == sentences


def test_messages_for_a_redirect_to_https() -> None:
    page, there = "http://app.example.com", ITEMS
    fetch = Fetch("http://api.example.com/items")
    assert said(explain_live(fetch, [location(there), (200, ())], page)) == [
        (
            f"Request the URL that the redirect points to: '{there}'. {AROUND} Add '{page}' to"
            f" allow_origins. {TRUST}"
        ),
        (
            f"Let http://api.example.com respond without a redirect to '{there}', which has"
            " another origin. If the request needs a login, respond with status 401."
        ),
    ]


def explain_live(
    fetch: Fetch, answers: list[tuple[int, tuple[tuple[str, str], ...]]], page: str
) -> Explanation:
    """Explain a request to a live server that sends these responses in turn."""
    queue = [HttpResponse(status, headers) for status, headers in answers]

    def send(request: HttpRequest) -> HttpResponse:
        return queue.pop(0) if len(queue) > 1 else queue[0]

    outcome = BrowserModel(clock=lambda: 0.0).fetch(send, page, fetch)
    return explain_outcome(outcome, fetch, page=page)
