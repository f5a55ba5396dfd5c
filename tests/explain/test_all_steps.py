"""Every step of some requests, word for word.

The text of each kind of step is tested in `test_steps`.
"""

from __future__ import annotations

import pytest

from corekit import CorsPolicy
from corekit.browser import BrowserModel, Fetch, HttpRequest, HttpResponse
from corekit.explain import explain, explain_outcome
from tests.explain.calls import ITEMS, PAGE, explained

ANOTHER = f"https://api.example.com is a different origin than {PAGE}: the host differs."
NO_COOKIES = "Cookies are not sent to another origin (credentials: 'same-origin', the default)."
CALLS = ("page", f"Requests GET {ITEMS} from {PAGE}", ANOTHER, NO_COOKIES)
SIMPLE = (
    "browser",
    "Needs no preflight",
    "The method and all headers are safelisted: a form or a link could send them too.",
)
SENDS = ("browser", f"Sends the request: GET {ITEMS}", f"Origin: {PAGE}")
ACTED = "The server received and processed the request; only the response is blocked."

OF_POLICIES: dict[str, tuple[CorsPolicy, Fetch, list[tuple[str, ...]]]] = {
    "nothing is sent": (
        CorsPolicy(allow_origins=[PAGE]),
        Fetch(ITEMS, mode="same-origin"),
        [
            CALLS,
            (
                "browser",
                "Does not send the request: DisallowedByMode",
                f"The mode of the request is 'same-origin', but '{ITEMS}' has another origin.",
            ),
        ],
    ),
    "nothing can be read": (
        CorsPolicy(allow_origins=[PAGE]),
        Fetch(ITEMS, mode="no-cors"),
        [
            (
                *CALLS[:3],
                (
                    "With mode 'no-cors' the page cannot read the response, whatever the server"
                    " allows."
                ),
                NO_COOKIES,
            ),
            ("browser", f"Sends the request: GET {ITEMS}"),
            (
                "server",
                "Responds to the request: 200",
                "Vary: Origin",
                "No Access-Control-* headers.",
            ),
            (
                "browser",
                "Gives the page a response that it cannot read",
                "The response type is opaque: no status, no headers, no body.",
            ),
        ],
    ),
    "the origin is not allowed": (
        CorsPolicy(allow_origins=["https://other.example.com"]),
        Fetch(ITEMS),
        [
            CALLS,
            SIMPLE,
            SENDS,
            (
                "server",
                "Responds to the request: 200",
                f"The policy does not allow {PAGE}.",
                "Vary: Origin",
                "No Access-Control-* headers.",
            ),
            (
                "browser",
                "Blocks the response: MissingAllowOriginHeader",
                (
                    f"The response has no Access-Control-Allow-Origin header, so {PAGE} cannot"
                    " read it."
                ),
                ACTED,
            ),
        ],
    ),
    "the preflight is refused": (
        CorsPolicy(allow_origins=[PAGE]),
        Fetch(ITEMS, headers=(("X-A", "1"),)),
        [
            CALLS,
            (
                "browser",
                "Needs a preflight: it asks the server before it sends the request",
                "The header x-a is not safelisted.",
            ),
            (
                "browser",
                f"Sends the preflight: OPTIONS {ITEMS}",
                "Access-Control-Request-Method: GET",
                "Access-Control-Request-Headers: x-a",
                f"Origin: {PAGE}",
                "Without cookies.",
            ),
            (
                "server",
                "Responds to the preflight: 204",
                f"The policy allows the origin by the exact origin '{PAGE}'.",
                f"Access-Control-Allow-Origin: {PAGE}",
                "Access-Control-Allow-Methods: GET, HEAD, POST",
                "Vary: Origin",
            ),
            (
                "browser",
                "Rejects the preflight response: HeaderDisallowedByPreflightResponse",
                "The preflight response does not allow the header x-a.",
                "The request itself is not sent.",
            ),
        ],
    ),
    "a secret goes along": (
        CorsPolicy(allow_origins=["*"], allow_headers=["authorization"]),
        Fetch(ITEMS, headers=(("Authorization", "Basic x"),)),
        [
            CALLS,
            (
                "browser",
                "Needs a preflight: it asks the server before it sends the request",
                "The header authorization is not safelisted.",
            ),
            (
                "browser",
                f"Sends the preflight: OPTIONS {ITEMS}",
                "Access-Control-Request-Method: GET",
                "Access-Control-Request-Headers: authorization",
                f"Origin: {PAGE}",
                "Without cookies.",
            ),
            (
                "server",
                "Responds to the preflight: 204",
                "The policy allows the origin by '*', which is any origin.",
                "Access-Control-Allow-Origin: *",
                "Access-Control-Allow-Methods: GET, HEAD, POST",
                "Access-Control-Allow-Headers: authorization",
            ),
            (
                "browser",
                "Accepts the preflight response",
                "The method GET is listed.",
                "The header authorization is listed.",
                "The browser caches this response for 5 seconds.",
            ),
            (
                "browser",
                f"Sends the request: GET {ITEMS}",
                "Authorization: (not shown)",
                f"Origin: {PAGE}",
            ),
            (
                "server",
                "Responds to the request: 200",
                "The policy allows the origin by '*', which is any origin.",
                "Access-Control-Allow-Origin: *",
            ),
            ("browser", "Gives the page the response, status 200"),
        ],
    ),
}


@pytest.mark.parametrize("name", OF_POLICIES)
def test_all_steps_with_a_policy(name: str) -> None:
    policy, fetch, steps = OF_POLICIES[name]
    found = explain(policy, fetch, page=PAGE)
    assert [(step.actor, step.title, *step.details) for step in found.steps] == steps


ANY = ("Access-Control-Allow-Origin", "*")
LOGIN = "https://login.example.net/in"
OF_SERVERS: dict[str, tuple[Fetch, list[HttpResponse], list[tuple[str, ...]]]] = {
    "a redirect to another origin": (
        Fetch(ITEMS),
        [HttpResponse(302, (ANY, ("Location", LOGIN))), HttpResponse(203, (ANY, ("X-A", "1")))],
        [
            CALLS,
            SIMPLE,
            SENDS,
            (
                "server",
                "Responds to the request: 302",
                "Access-Control-Allow-Origin: *",
                f"Location: {LOGIN}",
            ),
            (
                "browser",
                f"Follows the redirect to {LOGIN}",
                (
                    "The redirect leads to another origin, so the browser sends Origin: null from"
                    " now on."
                ),
            ),
            ("browser", f"Sends the request: GET {LOGIN}", "Origin: null"),
            ("server", "Responds to the request: 203", "Access-Control-Allow-Origin: *"),
            (
                "browser",
                "Gives the page the response, status 203",
                "The page cannot read x-a, which expose_headers does not list.",
            ),
        ],
    ),
    "a redirect that is not followed": (
        Fetch(ITEMS),
        [HttpResponse(302, (ANY, ("Location", "ftp://api.example.com/")))],
        [
            CALLS,
            SIMPLE,
            SENDS,
            (
                "server",
                "Responds to the request: 302",
                "Access-Control-Allow-Origin: *",
                "Location: ftp://api.example.com/",
            ),
            (
                "browser",
                "Does not follow the redirect: CorsDisabledScheme",
                "The URL 'ftp://api.example.com/' is not an HTTP or HTTPS URL.",
            ),
        ],
    ),
    "a preflight without a grant": (
        Fetch(ITEMS, "PUT"),
        [HttpResponse(404, (ANY,))],
        [
            ("page", f"Requests PUT {ITEMS} from {PAGE}", ANOTHER, NO_COOKIES),
            (
                "browser",
                "Needs a preflight: it asks the server before it sends the request",
                "The method PUT is not GET, HEAD or POST.",
            ),
            (
                "browser",
                f"Sends the preflight: OPTIONS {ITEMS}",
                "Access-Control-Request-Method: PUT",
                f"Origin: {PAGE}",
                "Without cookies.",
            ),
            ("server", "Responds to the preflight: 404", "Access-Control-Allow-Origin: *"),
            (
                "browser",
                "Rejects the preflight response: PreflightInvalidStatus",
                "The status of the preflight response is not in the range 200 to 299: 404.",
                "Status 404 comes from a router that does not know the URL, or not for OPTIONS.",
                "The request itself is not sent.",
            ),
        ],
    ),
}


@pytest.mark.parametrize("name", OF_SERVERS)
def test_all_steps_with_a_live_server(name: str) -> None:
    fetch, answers, steps = OF_SERVERS[name]
    queue = list(answers)

    def send(request: HttpRequest) -> HttpResponse:
        return queue.pop(0)

    outcome = BrowserModel(clock=lambda: 0.0).fetch(send, PAGE, fetch)
    found = explain_outcome(outcome, fetch, page=PAGE)
    assert [(step.actor, step.title, *step.details) for step in found.steps] == steps


SPELLINGS = {
    f"{PAGE}/": (
        f"Browsers write '{PAGE}/' as '{PAGE}'. Browsers do not send origins with a trailing slash."
    ),
    "app.example.com": (
        f"Browsers write 'app.example.com' as '{PAGE}'. The origin has no scheme and '://'"
        " before the host."
    ),
    "file:///home/me/index.html": (
        "Browsers write 'file:///home/me/index.html' as 'null'. Browsers send 'null' as the origin"
        " of pages that are opened from a file, and some apps 'file://'."
    ),
}


@pytest.mark.parametrize("page", SPELLINGS)
def test_other_spelling_of_the_page_is_a_near_miss(page: str) -> None:
    assert str(explained(page).near_misses[0]) == SPELLINGS[page]
