"""What happens, in order: what the browser does and why, what is sent, what is answered."""

from __future__ import annotations

import time
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.browser import CHROMIUM, STANDARD, BrowserModel, Fetch, HttpRequest, HttpResponse
from corekit.compat import RegexCorsPolicy
from corekit.explain import ERRORS, Explanation, StepKind, explain, explain_outcome
from tests.explain.calls import ITEMS, PAGE, explained


def told(explanation: Explanation) -> list[str]:
    return [f"{step.actor}: {step.title}" for step in explanation.steps]


def details(explanation: Explanation, kind: StepKind, at: int = 0) -> tuple[str, ...]:
    return [step for step in explanation.steps if step.kind == kind][at].details


def test_a_call_that_needs_a_preflight_is_told_from_the_page_to_the_answer() -> None:
    explanation = explained(
        fetch={"method": "put", "headers": (("X-A", "1"),), "credentials": "include"},
        allow_origins=["https://*.example.com"],
        allow_credentials=True,
        allow_methods=["PUT"],
        allow_headers=["x-a"],
        expose_headers=["x-request-id"],
        max_age=600,
    )
    assert explanation.allowed
    assert explanation.failure is None
    assert (
        explanation.summary
        == f"A page from {PAGE} can read the response to PUT {ITEMS}: the server allows it."
    )
    assert [(step.actor, step.title, *step.details) for step in explanation.steps] == [
        (
            "page",
            f"Requests put {ITEMS} from {PAGE}",
            f"https://api.example.com is a different origin than {PAGE}: the host differs.",
            "The method put is sent as PUT: browsers write it in upper case.",
            "Cookies and HTTP authentication are sent (credentials: 'include').",
        ),
        (
            "browser",
            "Needs a preflight: it asks the server before it sends the request",
            "The method PUT is not GET, HEAD or POST.",
            "The header x-a is not safelisted.",
        ),
        (
            "browser",
            f"Sends the preflight: OPTIONS {ITEMS}",
            "Access-Control-Request-Method: PUT",
            "Access-Control-Request-Headers: x-a",
            f"Origin: {PAGE}",
            "Without cookies.",
        ),
        (
            "server",
            "Responds to the preflight: 204",
            "The policy allows the origin by the pattern 'https://*.example.com'.",
            f"Access-Control-Allow-Origin: {PAGE}",
            "Access-Control-Allow-Credentials: true",
            "Access-Control-Allow-Methods: GET, HEAD, POST, PUT",
            "Access-Control-Allow-Headers: x-a",
            "Access-Control-Max-Age: 600",
            "Vary: Origin",
        ),
        (
            "browser",
            "Accepts the preflight response",
            "The method PUT is listed.",
            "The header x-a is listed.",
            "The browser caches this response for 600 seconds.",
        ),
        (
            "browser",
            f"Sends the request: PUT {ITEMS}",
            f"Origin: {PAGE}",
            "With the cookies that it has for the site.",
        ),
        (
            "server",
            "Responds to the request: 200",
            "The policy allows the origin by the pattern 'https://*.example.com'.",
            f"Access-Control-Allow-Origin: {PAGE}",
            "Access-Control-Allow-Credentials: true",
            "Access-Control-Expose-Headers: x-request-id",
            "Vary: Origin",
        ),
        (
            "browser",
            "Gives the page the response, status 200",
            "The page can read the safelisted headers and x-request-id.",
        ),
    ]


def test_the_text_has_every_step_wrapped_for_a_terminal() -> None:
    explanation = explained("http://app.example.com", url="http://api.example.com/items")
    text = str(explanation)
    assert text.startswith(explanation.summary)
    for number, step in enumerate(explanation.steps, 1):
        assert f"\n{number}. {step.actor}: {step.title[:30]}" in text
    assert "\nNear misses:\n   - 'https://app.example.com' is allowed" in text
    assert "\nHow to fix it:\n   - Add 'http://app.example.com' to allow_origins." in text
    assert all(len(line) <= 100 for line in text.splitlines()[2:])


ORIGINS = {
    "host": (
        PAGE,
        ITEMS,
        f"https://api.example.com is a different origin than {PAGE}: the host differs.",
    ),
    "port": (
        "http://localhost:3000",
        "http://localhost:8000/",
        (
            "http://localhost:8000 is a different origin than http://localhost:3000: the port"
            " differs."
        ),
    ),
    "scheme": (
        "http://a.example",
        "https://a.example/",
        "https://a.example is a different origin than http://a.example: the scheme differs.",
    ),
    "scheme and host": (
        PAGE,
        "http://localhost/",
        f"http://localhost is a different origin than {PAGE}: the scheme and the host differ.",
    ),
    "scheme and port": (
        "http://localhost",
        "https://localhost:8000/",
        (
            "https://localhost:8000 is a different origin than http://localhost: the scheme and"
            " the port differ."
        ),
    ),
    "IPv6": (
        "http://[::1]",
        "http://[::1]:8000/",
        "http://[::1]:8000 is a different origin than http://[::1]: the port differs.",
    ),
    "own": (
        PAGE,
        f"{PAGE}/items",
        f"{PAGE}/items has the page's own origin, so CORS does not apply.",
    ),
    "relative": (
        PAGE,
        "/items",
        f"{PAGE}/items has the page's own origin, so CORS does not apply.",
    ),
    "opaque": (
        "null",
        ITEMS,
        (
            "The page has an opaque origin ('null'), as sandboxed iframes, data: URLs and files"
            " have, so every URL is cross-origin."
        ),
    ),
    "not http": (
        PAGE,
        "ftp://api.example.com/",
        "ftp://api.example.com/ is not an HTTP or HTTPS URL.",
    ),
}


@pytest.mark.parametrize("name", ORIGINS)
def test_it_says_what_makes_a_call_cross_origin(name: str) -> None:
    page, url, message = ORIGINS[name]
    assert explained(page, url=url).steps[0].details[0] == message


CAUSES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "GET": ({}, []),
    "POST as a form": ({"method": "POST", "headers": (("Content-Type", "text/plain"),)}, []),
    "method": ({"method": "DELETE"}, ["The method DELETE is not GET, HEAD or POST."]),
    "lower case": ({"method": "patch"}, ["The method patch is not GET, HEAD or POST."]),
    "header": ({"headers": (("X-A", "1"),)}, ["The header x-a is not safelisted."]),
    "content type": (
        {"method": "POST", "headers": (("Content-Type", "application/json"),)},
        [
            (
                "The value of content-type, 'application/json', is not"
                " application/x-www-form-urlencoded, multipart/form-data or text/plain."
            )
        ],
    ),
    "language": (
        {"headers": (("Accept-Language", "de_AT"), ("Content-Language", "a/b"))},
        [
            "The value of accept-language, 'de_AT', has a character that is not safelisted.",
            "The value of content-language, 'a/b', has a character that is not safelisted.",
        ],
    ),
    "content type of a form, with quotes": (
        {"method": "POST", "headers": (("Content-Type", 'text/plain; a="b"; c=d'),)},
        [
            (
                "The value of content-type, 'text/plain; a=\"b\"; c=d', has a character that is"
                " not safelisted."
            )
        ],
    ),
    "accept": (
        {"headers": (("Accept", '"a"'),)},
        ["The value of accept, '\"a\"', has a character that is not safelisted."],
    ),
    "a form's content type with quotes": (
        {"method": "POST", "headers": (("Content-Type", 'Text/Plain ; charset="utf-8"'),)},
        [
            (
                "The value of content-type, 'Text/Plain ; charset=\"utf-8\"', has a character"
                " that is not safelisted."
            )
        ],
    ),
    "a control character": (
        {"headers": (("Accept", "a\x01"),)},
        ["The value of accept, 'a\\x01', has a character that is not safelisted."],
    ),
    "the first of two": (
        {"headers": (("Accept", '"a"'), ("accept", "b"))},
        ["The value of accept, '\"a\"', has a character that is not safelisted."],
    ),
    "range": (
        {"headers": (("Range", "bytes=-5"),)},
        ["The value of range, 'bytes=-5', is not a single range such as bytes=0-255."],
    ),
    "long": (
        {"headers": (("Accept", "x" * 129),)},
        [f"The value of accept, '{'x' * 129}', is longer than 128 bytes."],
    ),
    "long together": (
        {"headers": (*(("Accept", "x" * 128),) * 8, ("Accept-Language", "de"))},
        [
            (
                f"The value of accept, '{'x' * 128}', makes the safelisted headers longer than"
                " 1024 bytes in total."
            ),
            (
                "The value of accept-language, 'de', makes the safelisted headers longer than"
                " 1024 bytes in total."
            ),
        ],
    ),
    "upload": (
        {"method": "POST", "upload_listener": True},
        ["The page listens for upload progress."],
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_it_says_exactly_what_makes_a_preflight_necessary(name: str) -> None:
    fetch, causes = CAUSES[name]
    explanation = explained(fetch=fetch, allow_methods=["*"], allow_headers=["*"])
    step = explanation.steps[1]
    if causes:
        assert step.title == "Needs a preflight: it asks the server before it sends the request"
        assert list(step.details) == causes
    else:
        assert step.title == "Needs no preflight"
        assert step.details == (
            "The method and all headers are safelisted: a form or a link could send them too.",
        )


NOTES: dict[str, tuple[dict[str, Any], str]] = {
    "upper-cased": (
        {"method": "post"},
        "The method post is sent as POST: browsers write it in upper case.",
    ),
    "patch": (
        {"method": "patch"},
        (
            "The method is sent as patch, in lower case: browsers write only DELETE, GET, HEAD,"
            " OPTIONS, POST and PUT in upper case, and method names are case-sensitive."
        ),
    ),
    "forbidden": (
        {"headers": (("Cookie", "a=b"),)},
        "The header Cookie is not sent: scripts cannot set it.",
    ),
    "method override": (
        {"headers": (("X-HTTP-Method-Override", "TRACE"),)},
        "The header X-HTTP-Method-Override is not sent: scripts cannot set it.",
    ),
    "a header of responses": (
        {"headers": (("Access-Control-Allow-Origin", "*"),)},
        "Access-Control-Allow-Origin is a response header; it has no effect in a request.",
    ),
    "no-cors": (
        {"mode": "no-cors"},
        "With mode 'no-cors' the page cannot read the response, whatever the server allows.",
    ),
    "no cookies": ({"credentials": "omit"}, "Cookies are not sent (credentials: 'omit')."),
    "no cookies by default": (
        {},
        "Cookies are not sent to another origin (credentials: 'same-origin', the default).",
    ),
}


@pytest.mark.parametrize("name", NOTES)
def test_it_says_what_is_not_sent_as_it_was_written(name: str) -> None:
    fetch, note = NOTES[name]
    assert note in explained(fetch=fetch).steps[0].details


@pytest.mark.parametrize("method", ["GET", "PATCH", "fly"])
def test_a_call_that_is_sent_as_written_has_nothing_noted(method: str) -> None:
    assert explained(fetch={"method": method}).steps[0].details[1:] == (
        "Cookies are not sent to another origin (credentials: 'same-origin', the default).",
    )


def test_a_call_to_the_pages_own_origin_is_no_matter_of_the_policy() -> None:
    explanation = explained(url="/items", allow_origins=["https://other.example.com"])
    assert explanation.allowed
    assert explanation.summary.endswith("CORS does not apply.")
    assert told(explanation) == [
        f"page: Requests GET {PAGE}/items from {PAGE}",
        f"browser: Sends the request: GET {PAGE}/items",
        "server: Responds to the request: 200",
        "browser: Gives the page the response, status 200",
    ]
    assert "policy" not in str(explanation)


def test_cookies_to_the_pages_own_origin_are_told_where_the_page_writes_of_them() -> None:
    assert len(explained(url="/items").steps[0].details) == 1
    assert explained(url="/items", fetch={"credentials": "include"}).steps[0].details[1:] == (
        "Cookies and HTTP authentication are sent (credentials: 'include').",
    )


def test_a_form_to_the_pages_own_origin_is_no_matter_of_the_policy_either() -> None:
    explanation = explained(
        url="/items", fetch={"method": "POST"}, allow_origins=["https://a.test"]
    )
    assert explanation.allowed
    assert "policy" not in str(explanation)


def test_twenty_sentences_of_a_step_are_told_whole() -> None:
    headers = tuple((f"X-{at}", "1") for at in range(20))
    causes = explained(fetch={"headers": headers}).steps[1].details
    assert len(causes) == 20
    assert "..." not in causes


def test_an_answer_that_the_page_cannot_read_is_no_success() -> None:
    explanation = explained(fetch={"mode": "no-cors"})
    assert not explanation.allowed
    assert explanation.failure is None
    assert (
        explanation.summary
        == f"A page from {PAGE} can send GET {ITEMS}, but cannot read the response."
    )
    assert told(explanation)[-1] == "browser: Gives the page a response that it cannot read"


def test_what_is_refused_before_it_is_sent_is_not_sent() -> None:
    explanation = explained(url="http://api.example.com/")
    assert told(explanation)[1:] == ["browser: Does not send the request: MixedContent"]


def test_the_actual_request_was_acted_on_though_the_page_cannot_read_the_answer() -> None:
    explanation = explained(allow_origins=["https://other.example.com"])
    assert told(explanation)[-1] == ("browser: Blocks the response: MissingAllowOriginHeader")
    (consequence,) = explanation.steps[-1].details[1:]
    assert (
        consequence
        == "The server received and processed the request; only the response is blocked."
    )


def test_a_refused_preflight_means_that_the_call_is_not_sent() -> None:
    explanation = explained(fetch={"method": "PUT"})
    assert explanation.steps[-1].details[-1] == "The request itself is not sent."


RULES = {
    "exact": (CorsPolicy(allow_origins=[PAGE]), f"allows the origin by the exact origin '{PAGE}'."),
    "pattern among others": (
        CorsPolicy(
            allow_origins=[
                "https://*.example.org",
                "https://ap-*.example.com",
                "https://a*.example.com",
            ]
        ),
        "allows the origin by the pattern 'https://a*.example.com'.",
    ),
    "any port": (
        CorsPolicy(allow_origins=["https://app.example.com:*"]),
        "allows the origin by the pattern 'https://app.example.com:*'.",
    ),
    "any subdomain and port": (
        CorsPolicy(allow_origins=["https://*.example.com:*"]),
        "allows the origin by the pattern 'https://*.example.com:*'.",
    ),
    "any": (CorsPolicy(allow_origins=["*"]), "allows the origin by '*', which is any origin."),
    "expression": (
        RegexCorsPolicy(
            allow_origin_regexes=[r"https://b.*\.example\.com", r"https://a.*\.example\.com"]
        ),
        r"allows the origin by the regular expression 'https://a.*\\.example\\.com'.",
    ),
    "none": (CorsPolicy(allow_origins=["https://a.test"]), f"does not allow {PAGE}."),
    "nothing": (CorsPolicy.deny_all(), f"does not allow {PAGE}."),
}


@pytest.mark.parametrize("name", RULES)
def test_the_rule_is_named_by_which_the_policy_answers(name: str) -> None:
    policy, words = RULES[name]
    explanation = explain(policy, Fetch(ITEMS), page=PAGE)
    rule = details(explanation, "response")[0]
    assert rule == f"The policy {words}"


class Own(CorsPolicy):
    """A policy that matches in its own way."""

    def _compile_origins(self) -> frozenset[str]:
        return frozenset({PAGE})


def test_a_policy_may_have_rules_of_its_own() -> None:
    own = Own(allow_origins=["https://a.test"])
    rule = details(explain(own, Fetch(ITEMS), page=PAGE), "response")[0]
    assert rule == "The policy allows the origin by a custom rule."
    # Where naming an origin does not help, it is not proposed.
    refused = explain(own, Fetch(ITEMS), page="https://stranger.test")
    assert [fix.message for fix in refused.fixes] == [ERRORS["MissingAllowOriginHeader"].hint]


def test_a_pattern_with_the_same_ends_is_not_taken_for_the_one_that_matches() -> None:
    policy = CorsPolicy(allow_origins=["https://a*.example.com", "https://*.example.com"])
    explanation = explain(policy, Fetch(ITEMS), page="https://ab.c.example.com")
    assert details(explanation, "response")[0].endswith("by the pattern 'https://*.example.com'.")


ROUTES = CorsRoutes(
    [
        ("/items/special", CorsPolicy(allow_origins=["*"])),
        ("/private/", CorsPolicy.deny_all()),
        ("/items/", CorsPolicy(allow_origins=[PAGE])),
    ]
)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/items/special", "The route '/items/special' covers the path."),
        ("/items/special?a=1", "The route '/items/special' covers the path."),
        ("/items/special/", "The route '/items/' covers the path."),
        ("/items", "The route '/items/' covers the path."),
        ("/items/a%20b?c=/private/", "The route '/items/' covers the path."),
        ("/other", "No route covers the path /other, so no policy applies to it."),
        (
            "/items/%2e%2e%2fprivate/",
            "The path /items/../private/ is ambiguous, so no origins are allowed.",
        ),
    ],
)
def test_the_route_is_named_that_covers_the_path(path: str, message: str) -> None:
    explanation = explain(ROUTES, Fetch(f"https://api.example.com{path}"), page=PAGE)
    assert details(explanation, "response")[0] == message


def test_a_path_with_two_readings_has_a_policy_that_allows_nobody() -> None:
    explanation = explain(ROUTES, Fetch("https://api.example.com/items/%2e%2e%2fx"), page=PAGE)
    assert details(explanation, "response")[:2] == (
        "The path /items/../x is ambiguous, so no origins are allowed.",
        f"The policy does not allow {PAGE}.",
    )


def test_the_policy_answers_to_the_headers_that_are_asked_for() -> None:
    fetch = {"headers": (("X-A", "1"),), "credentials": "include"}
    explanation = explained(fetch=fetch, allow_headers=["*"], allow_credentials=True)
    assert explanation.allowed
    answer = details(explanation, "preflight-response")
    assert "Access-Control-Allow-Headers: x-a" in answer
    assert answer[-1] == "Vary: Origin, Access-Control-Request-Headers"


def test_same_policies_on_several_routes_are_told_apart_by_the_path() -> None:
    policy = CorsPolicy(allow_origins=[PAGE])
    routes = CorsRoutes([("/a/", policy), ("/b", policy)])
    explanation = explain(routes, Fetch("https://api.example.com/b"), page=PAGE)
    assert details(explanation, "response")[0] == "The route '/b' covers the path."


@pytest.mark.parametrize(("quirks", "seconds"), [(STANDARD, 86400), (CHROMIUM, 7200)])
def test_it_says_how_long_a_browser_keeps_the_answer(quirks: Any, seconds: int) -> None:
    policy = CorsPolicy(allow_origins=[PAGE], allow_methods=["PUT"], max_age=86400)
    explanation = explain(policy, Fetch(ITEMS, "PUT"), page=PAGE, quirks=quirks)
    kept = details(explanation, "preflight-accepted")[-1]
    assert kept == f"The browser caches this response for {seconds} seconds."


def test_what_a_wildcard_covers_is_said_of_each_name() -> None:
    policy = CorsPolicy(allow_origins=[PAGE], allow_methods=["*"], allow_headers=["*"])
    fetch = Fetch(ITEMS, "LOCK", headers=(("Authorization", "secret"), ("X-A", "1")))
    explanation = explain(policy, fetch, page=PAGE, quirks=CHROMIUM)
    assert details(explanation, "preflight-accepted")[:4] == (
        "The method LOCK is covered by '*'.",
        "The header authorization is covered by '*'.",
        "The header x-a is covered by '*'.",
        "By the standard, '*' does not cover authorization: list it as well.",
    )
    assert "secret" not in str(explanation)


def live(
    fetch: Fetch, *answers: HttpResponse, page: str = PAGE, policy: CorsPolicy | None = None
) -> Explanation:
    """Explain what a live server's answers, one after the other, come to."""
    queue = list(answers)

    def send(request: HttpRequest) -> HttpResponse:
        return queue.pop(0)

    outcome = BrowserModel(clock=lambda: 0.0).fetch(send, page, fetch)
    return explain_outcome(outcome, fetch, page=page, policy=policy)


ANY = ("Access-Control-Allow-Origin", "*")


def test_what_needs_no_grant_is_told_so() -> None:
    explanation = live(
        Fetch(ITEMS, headers=(("X-A", "1"),)),
        HttpResponse(204, (ANY, ("Access-Control-Allow-Headers", "X-A"))),
        HttpResponse(200, (ANY,)),
    )
    assert details(explanation, "preflight-accepted")[:2] == (
        "The method GET is always allowed.",
        "The header x-a is listed.",
    )


def test_an_upload_may_use_any_method_by_the_letter_where_none_is_listed() -> None:
    fetch = Fetch(ITEMS, "PUT", body=b"x", upload_listener=True)
    explanation = live(fetch, HttpResponse(204, (ANY,)), HttpResponse(200, (ANY,)))
    assert details(explanation, "preflight-accepted")[0] == (
        "The method PUT is allowed by the standard, because the response lists no methods."
    )


def test_redirects_are_followed_in_the_steps() -> None:
    there = ("Location", "/there")
    explanation = live(
        Fetch(ITEMS), HttpResponse(302, (ANY, there)), HttpResponse(200, (ANY,), b"x")
    )
    assert told(explanation)[3:6] == [
        "server: Responds to the request: 302",
        "browser: Follows the redirect to /there",
        "browser: Sends the request: GET https://api.example.com/there",
    ]
    assert details(explanation, "response")[-1] == "Location: /there"


def test_it_says_from_where_on_the_origin_is_null() -> None:
    places = ("/there", "https://login.example.net/", "/in")
    hops = [HttpResponse(302, (ANY, ("Location", each))) for each in places]
    explanation = live(Fetch(ITEMS), *hops, HttpResponse(200, (ANY,)))
    assert [step.details for step in explanation.steps if step.kind == "redirect"] == [
        (),
        ("The redirect leads to another origin, so the browser sends Origin: null from now on.",),
        (),
    ]


def test_a_redirect_out_of_the_allowed_schemes_ends_with_nothing_more_sent() -> None:
    there = ("Location", "ftp://api.example.com/")
    explanation = live(Fetch(ITEMS), HttpResponse(302, (ANY, there)))
    assert told(explanation)[-1] == "browser: Does not follow the redirect: CorsDisabledScheme"


def test_headers_that_the_page_cannot_read_are_named() -> None:
    headers = (ANY, ("X-Total", "5"), ("ETag", "1"), ("Content-Type", "a/b"), ("Set-Cookie", "a"))
    explanation = live(Fetch(ITEMS), HttpResponse(200, (*headers, ("Vary", "Origin"))))
    assert explanation.steps[-1].details == (
        "The page cannot read etag, x-total, which expose_headers does not list.",
    )


def test_an_earlier_preflight_may_have_an_answer_that_is_still_kept() -> None:
    fetch = Fetch(ITEMS, "PUT")
    granted = HttpResponse(200, (ANY, ("Access-Control-Allow-Methods", "PUT")))
    model = BrowserModel(clock=lambda: 0.0)
    first, second = (model.fetch(lambda _: granted, PAGE, fetch) for _ in range(2))
    assert (first.preflights, second.preflights) == (1, 0)
    explanation = explain_outcome(second, fetch, page=PAGE)
    assert told(explanation)[1] == "browser: Uses a cached preflight response"
    assert details(explanation, "preflight-cached") == (
        "The method PUT is not GET, HEAD or POST.",
        "The browser has cached a preflight response that covers the request.",
    )


@pytest.mark.parametrize(
    ("status", "word"),
    [(401, "authentication"), (403, "access control"), (404, "not know the URL"), (405, "OPTIONS")],
)
def test_the_likely_cause_of_a_preflights_status_is_named(status: int, word: str) -> None:
    headers = (ANY, ("Access-Control-Allow-Methods", "PUT"))
    explanation = live(Fetch(ITEMS, "PUT"), HttpResponse(status, headers))
    assert (
        told(explanation)[-1] == "browser: Rejects the preflight response: PreflightInvalidStatus"
    )
    assert word in explanation.steps[-1].details[1]


def test_a_status_that_says_nothing_of_its_cause_has_none() -> None:
    explanation = live(Fetch(ITEMS, "PUT"), HttpResponse(500, (ANY,)))
    assert len(explanation.steps[-1].details) == 2


def test_an_answer_that_is_not_the_policys_is_told_from_it() -> None:
    policy = CorsPolicy(allow_origins=[PAGE])
    explanation = live(Fetch(ITEMS), HttpResponse(500), policy=policy)
    assert details(explanation, "response") == (
        f"The policy allows the origin by the exact origin '{PAGE}'.",
        f"This is not the policy's response, which has Access-Control-Allow-Origin: {PAGE}.",
        "No Access-Control-* headers.",
    )
    other = CorsPolicy(allow_origins=["https://other.example.com"])
    explanation = live(Fetch(ITEMS), HttpResponse(200, (ANY,)), policy=other)
    assert explanation.allowed
    assert details(explanation, "response")[1] == (
        "This is not the policy's response, which has no Access-Control-* headers."
    )


def test_an_answer_with_the_policys_grants_is_the_policys_whatever_else_it_has() -> None:
    headers = (("access-control-allow-origin", PAGE), ("Content-Type", "text/plain"))
    policy = CorsPolicy(allow_origins=[PAGE])
    explanation = live(Fetch(ITEMS), HttpResponse(200, headers), policy=policy)
    assert details(explanation, "response") == (
        f"The policy allows the origin by the exact origin '{PAGE}'.",
        f"access-control-allow-origin: {PAGE}",
    )


def test_all_that_the_policys_answer_would_have_is_told() -> None:
    policy = CorsPolicy(allow_origins=[PAGE], allow_credentials=True)
    explanation = live(Fetch(ITEMS), HttpResponse(500), policy=policy)
    assert details(explanation, "response")[1] == (
        f"This is not the policy's response, which has Access-Control-Allow-Origin: {PAGE};"
        " Access-Control-Allow-Credentials: true."
    )


def test_every_header_of_an_answer_of_its_own_origin_can_be_read() -> None:
    headers = (("X-Total", "5"), ("Access-Control-Expose-Headers", "X-Total"))
    explanation = live(Fetch(f"{PAGE}/items"), HttpResponse(200, headers))
    assert explanation.steps[-1].details == ()


def test_every_exposed_header_is_named() -> None:
    explanation = explained(expose_headers=["x-a", "x-b"])
    assert explanation.steps[-1].details == (
        "The page can read the safelisted headers and x-a, x-b.",
    )


def test_a_pattern_with_any_port_is_named_for_a_page_with_a_port() -> None:
    explanation = explained(f"{PAGE}:8443", allow_origins=["https://*.example.com:*"])
    assert details(explanation, "response")[0] == (
        "The policy allows the origin by the pattern 'https://*.example.com:*'."
    )


def test_what_strangers_write_is_bounded_and_escaped() -> None:
    hostile = "x\x1b[2J\r\n\x00\xff" + "y" * 100_000
    headers = tuple((f"Access-Control-{at}", hostile) for at in range(500))
    explanation = live(
        Fetch(ITEMS),
        HttpResponse(200, (("Access-Control-Allow-Origin", hostile), *headers)),
    )
    text = str(explanation)
    assert len(text) < 20_000
    assert text.isascii()
    assert all(line.isprintable() for line in text.split("\n"))
    assert "x\\x1b[2J\\r\\n\\x00\\xff" in text
    assert "..." in details(explanation, "response")
    assert "origin: 'x\\x1b[2J\\r\\n\\x00\\xffyyy" in explanation.summary
    assert explanation.failure is not None
    assert explanation.failure.value == hostile


@pytest.mark.parametrize(("length", "end"), [(200, "x'"), (201, "x...'")])
def test_a_value_is_shown_up_to_two_hundred_characters(length: int, end: str) -> None:
    value = "x" * length
    explanation = live(Fetch(ITEMS), HttpResponse(200, (("Access-Control-Allow-Origin", value),)))
    assert explanation.failure is not None
    assert explanation.failure.message.endswith(f": '{value[:199]}{end}.")


def test_a_call_with_a_thousand_headers_is_explained_in_bounds() -> None:
    names = [f"X-{at}" for at in range(500)]
    headers = tuple((name, "1") for name in (*names, *(["Cookie"] * 500)))
    start = time.process_time()
    allowed = [f"x-{at}-" for at in range(500)]
    explanation = explained(fetch={"headers": headers}, allow_headers=allowed)
    assert time.process_time() - start < 5.0
    assert len(explanation.near_misses) == 20
    assert len(str(explanation)) < 20_000
    assert explanation.steps[1].details[-1] == "..."
    assert len(explanation.steps[1].details) == 21
    fix = explanation.fixes[0]
    assert "and 480 more to allow_headers" in fix.message
    assert len(fix.changes["allow_headers"]) == 1000


@pytest.mark.parametrize(
    ("page", "origin"),
    [
        ("https://app.example.com/", PAGE),
        ("HTTPS://App.Example.Com:443/path", PAGE),
        ("app.example.com", PAGE),
        ("localhost:3000", "http://localhost:3000"),
    ],
)
def test_another_spelling_of_the_page_is_taken_for_what_a_browser_makes_of_it(
    page: str, origin: str
) -> None:
    url = ITEMS if origin == PAGE else "http://localhost:8000/"
    explanation = explained(page, url=url, allow_origins=[origin])
    assert explanation.allowed
    (near,) = explanation.near_misses
    assert (near.subject, near.given, near.nearest) == ("origin", page, origin)
    assert near.message.startswith(f"Browsers write {page!r} as {origin!r}. ")


@pytest.mark.parametrize("page", ["file:///home/me/index.html", "FILE://", "data:text/html,x"])
def test_a_page_without_an_origin_of_its_own_is_opaque(page: str) -> None:
    explanation = explained(page)
    assert explanation.failure is not None
    assert explanation.failure.origin == "null"
    (near,) = explanation.near_misses
    assert near.nearest == "null"


@pytest.mark.parametrize("page", ["", "https://*.example.com", "https://a b", "*"])
def test_what_can_be_no_pages_origin_is_refused(page: str) -> None:
    with pytest.raises(ValueError) as caught:
        explained(page)
    assert str(caught.value) == (
        f"not the origin of a page: {page!r}; an example is 'https://app.example.com'"
    )


@pytest.mark.parametrize(
    "fetch",
    [{"method": "TRACE"}, {"body": b"x"}, {"headers": (("a b", "1"),)}, {"mode": "navigate"}],
)
def test_what_no_browser_would_begin_to_fetch_is_refused(fetch: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        explained(fetch=fetch)
