"""Whole stories, to the letter: every step of some calls, as somebody reads them.

What each kind of step says in which case is tested in `test_steps`.
"""

from __future__ import annotations

import pytest

from corekit import CorsPolicy
from corekit.browser import BrowserModel, Fetch, HttpRequest, HttpResponse
from corekit.explain import explain, explain_outcome
from tests.explain.calls import ITEMS, PAGE, explained

ANOTHER = f"https://api.example.com is another origin than {PAGE}: the host differs."
NO_COOKIES = "No cookies go along to another origin (credentials: 'same-origin', the default)."
CALLS = ("page", f"Calls GET {ITEMS} from {PAGE}", ANOTHER, NO_COOKIES)
SIMPLE = (
    "browser",
    "Needs no preflight",
    "The method and every header are ones that a form or a link could send too.",
)
SENDS = ("browser", f"Sends the request: GET {ITEMS}", f"Origin: {PAGE}")
ACTED = "The server got the call and acted on it; only the answer is withheld."

OF_POLICIES: dict[str, tuple[CorsPolicy, Fetch, list[tuple[str, ...]]]] = {
    "nothing is sent": (
        CorsPolicy(allow_origins=[PAGE]),
        Fetch(ITEMS, mode="same-origin"),
        [
            CALLS,
            (
                "browser",
                "Sends nothing: DisallowedByMode",
                f"The mode is same-origin, and '{ITEMS}' is of another origin.",
            ),
        ],
    ),
    "nothing can be read": (
        CorsPolicy(allow_origins=[PAGE]),
        Fetch(ITEMS, mode="no-cors"),
        [
            (
                *CALLS[:3],
                "With mode 'no-cors' no page can read the answer, whatever the server says.",
                NO_COOKIES,
            ),
            ("browser", f"Sends the request: GET {ITEMS}"),
            (
                "server",
                "Answers the request with status 200",
                "Vary: Origin",
                "No Access-Control-* header.",
            ),
            (
                "browser",
                "Gives the page an answer that it cannot read",
                "Its type is opaque: no status, no headers, no body.",
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
                "Answers the request with status 200",
                f"The policy does not allow {PAGE}.",
                "Vary: Origin",
                "No Access-Control-* header.",
            ),
            (
                "browser",
                "Keeps the answer from the page: MissingAllowOriginHeader",
                f"The response has no Access-Control-Allow-Origin, so {PAGE} may not read it.",
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
                "Needs a preflight: it asks the server before it sends the call",
                "The header x-a is not safelisted.",
            ),
            (
                "browser",
                f"Sends the preflight: OPTIONS {ITEMS}",
                "Access-Control-Request-Method: GET",
                "Access-Control-Request-Headers: x-a",
                f"Origin: {PAGE}",
                "Without any cookies.",
            ),
            (
                "server",
                "Answers the preflight with status 204",
                f"The policy allows the origin by the exact origin '{PAGE}'.",
                f"Access-Control-Allow-Origin: {PAGE}",
                "Access-Control-Allow-Methods: GET, HEAD, POST",
                "Vary: Origin",
            ),
            (
                "browser",
                "Refuses the preflight: HeaderDisallowedByPreflightResponse",
                "The preflight's answer does not allow the header x-a.",
                "The call itself is not sent.",
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
                "Needs a preflight: it asks the server before it sends the call",
                "The header authorization is not safelisted.",
            ),
            (
                "browser",
                f"Sends the preflight: OPTIONS {ITEMS}",
                "Access-Control-Request-Method: GET",
                "Access-Control-Request-Headers: authorization",
                f"Origin: {PAGE}",
                "Without any cookies.",
            ),
            (
                "server",
                "Answers the preflight with status 204",
                "The policy allows the origin by '*', which is any origin.",
                "Access-Control-Allow-Origin: *",
                "Access-Control-Allow-Methods: GET, HEAD, POST",
                "Access-Control-Allow-Headers: authorization",
            ),
            (
                "browser",
                "Takes the preflight as granted",
                "The method GET is listed.",
                "The header authorization is listed.",
                "It keeps this answer for 5 seconds.",
            ),
            (
                "browser",
                f"Sends the request: GET {ITEMS}",
                "Authorization: (not shown)",
                f"Origin: {PAGE}",
            ),
            (
                "server",
                "Answers the request with status 200",
                "The policy allows the origin by '*', which is any origin.",
                "Access-Control-Allow-Origin: *",
            ),
            ("browser", "Gives the page the answer, status 200"),
        ],
    ),
}


@pytest.mark.parametrize("name", OF_POLICIES)
def test_a_story_of_a_policy_is_told_to_the_letter(name: str) -> None:
    policy, fetch, story = OF_POLICIES[name]
    found = explain(policy, fetch, page=PAGE)
    assert [(step.actor, step.title, *step.details) for step in found.steps] == story


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
                "Answers the request with status 302",
                "Access-Control-Allow-Origin: *",
                f"Location: {LOGIN}",
            ),
            (
                "browser",
                f"Follows the redirect to {LOGIN}",
                (
                    "It leads to another origin, so from here on the browser sends null for the"
                    " page's."
                ),
            ),
            ("browser", f"Sends the request: GET {LOGIN}", "Origin: null"),
            ("server", "Answers the request with status 203", "Access-Control-Allow-Origin: *"),
            (
                "browser",
                "Gives the page the answer, status 203",
                "It may not read x-a: add them to expose_headers if it should.",
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
                "Answers the request with status 302",
                "Access-Control-Allow-Origin: *",
                "Location: ftp://api.example.com/",
            ),
            (
                "browser",
                "Does not follow the redirect: CorsDisabledScheme",
                "The address 'ftp://api.example.com/' is not of http or https.",
            ),
        ],
    ),
    "a preflight without a grant": (
        Fetch(ITEMS, "PUT"),
        [HttpResponse(404, (ANY,))],
        [
            ("page", f"Calls PUT {ITEMS} from {PAGE}", ANOTHER, NO_COOKIES),
            (
                "browser",
                "Needs a preflight: it asks the server before it sends the call",
                "The method PUT is none of GET, HEAD and POST.",
            ),
            (
                "browser",
                f"Sends the preflight: OPTIONS {ITEMS}",
                "Access-Control-Request-Method: PUT",
                f"Origin: {PAGE}",
                "Without any cookies.",
            ),
            ("server", "Answers the preflight with status 404", "Access-Control-Allow-Origin: *"),
            (
                "browser",
                "Refuses the preflight: PreflightInvalidStatus",
                "The preflight was answered with status 404, which is not 200 to 299.",
                "404 comes from a router that has no such address, or none for OPTIONS.",
                "The call itself is not sent.",
            ),
        ],
    ),
}


@pytest.mark.parametrize("name", OF_SERVERS)
def test_a_story_of_a_live_server_is_told_to_the_letter(name: str) -> None:
    fetch, answers, story = OF_SERVERS[name]
    queue = list(answers)

    def send(request: HttpRequest) -> HttpResponse:
        return queue.pop(0)

    outcome = BrowserModel(clock=lambda: 0.0).fetch(send, PAGE, fetch)
    found = explain_outcome(outcome, fetch, page=PAGE)
    assert [(step.actor, step.title, *step.details) for step in found.steps] == story


SPELLINGS = {
    f"{PAGE}/": (
        f"'{PAGE}/' is not how a browser writes it: '{PAGE}' is. Browsers send an origin without a"
        " trailing slash."
    ),
    "app.example.com": (
        f"'app.example.com' is not how a browser writes it: '{PAGE}' is. It has no scheme and"
        " '://' before the host."
    ),
    "file:///home/me/index.html": (
        "'file:///home/me/index.html' is not how a browser writes it: 'null' is. A page from a"
        " file has no origin of its own: browsers send 'null' for it."
    ),
}


@pytest.mark.parametrize("page", SPELLINGS)
def test_another_spelling_of_the_page_is_told_with_what_browsers_write(page: str) -> None:
    assert str(explained(page).near_misses[0]) == SPELLINGS[page]
