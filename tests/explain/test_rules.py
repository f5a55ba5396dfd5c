"""The steps name the route and the rule by which a policy responds."""

from __future__ import annotations

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.browser import Fetch
from corekit.compat import RegexCorsPolicy
from corekit.explain import ERRORS, explain
from tests.explain.calls import ITEMS, PAGE, details, explained

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
    "regular expression": (
        RegexCorsPolicy(
            allow_origin_regexes=[r"https://b.*\.example\.com", r"https://a.*\.example\.com"]
        ),
        r"allows the origin by the regular expression 'https://a.*\\.example\\.com'.",
    ),
    "none": (CorsPolicy(allow_origins=["https://a.test"]), f"does not allow {PAGE}."),
    "nothing": (CorsPolicy.deny_all(), f"does not allow {PAGE}."),
}


@pytest.mark.parametrize("name", RULES)
def test_rule_of_the_policy_is_named(name: str) -> None:
    policy, words = RULES[name]
    explanation = explain(policy, Fetch(ITEMS), page=PAGE)
    rule = details(explanation, "response")[0]
    assert rule == f"The policy {words}"


class Own(CorsPolicy):
    """A policy with custom matching."""

    def _compile_origins(self) -> frozenset[str]:
        return frozenset({PAGE})


def test_policy_may_have_custom_rules() -> None:
    own = Own(allow_origins=["https://a.test"])
    rule = details(explain(own, Fetch(ITEMS), page=PAGE), "response")[0]
    assert rule == "The policy allows the origin by a custom rule."
    # An origin is not proposed if adding it does not help.
    refused = explain(own, Fetch(ITEMS), page="https://untrusted.test")
    assert [fix.message for fix in refused.fixes] == [ERRORS["MissingAllowOriginHeader"].hint]


def test_pattern_with_the_same_ends_is_not_named() -> None:
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
        ("/items/special/", "The route '/items/special' covers the path."),
        ("/items", "The route '/items/' covers the path."),
        ("/items/a%20b?c=/private/", "The route '/items/' covers the path."),
        ("/other", "No route covers the path /other, so no policy applies to it."),
        (
            "/items/%2e%2e%2fprivate/",
            "The path /items/../private/ is ambiguous, so no origins are allowed.",
        ),
    ],
)
def test_route_that_covers_the_path_is_named(path: str, message: str) -> None:
    explanation = explain(ROUTES, Fetch(f"https://api.example.com{path}"), page=PAGE)
    assert details(explanation, "response")[0] == message


@pytest.mark.parametrize(
    ("length", "what"),
    [(1_024, "ambiguous"), (1_025, "ambiguous and longer than 1024 characters")],
)
def test_limit_of_an_ambiguous_path_is_named(length: int, what: str) -> None:
    url = "https://api.example.com" + "/items/%2e%2e%2f".ljust(length + 6, "a")
    message = details(explain(ROUTES, Fetch(url), page=PAGE), "response")[0]
    assert message.endswith(f" is {what}, so no origins are allowed.")


def test_limit_of_requested_headers_is_named() -> None:
    policy = CorsPolicy(allow_origins=[PAGE], allow_credentials=True, allow_headers=["*"])
    for number, is_named in ((512, False), (513, True)):
        headers = tuple((f"x-{each:05}", "1") for each in range(number))
        fetch = Fetch("https://api.example.com/", headers=headers, credentials="include")
        explanation = explain(policy, fetch, page=PAGE)
        assert explanation.allowed is not is_named
        rule = (
            "The list of requested headers is longer than a browser would send. Request fewer"
            " headers: at most 4096 characters."
        )
        assert (rule in details(explanation, "preflight-response")) is is_named


def test_ambiguous_path_allows_no_origins() -> None:
    explanation = explain(ROUTES, Fetch("https://api.example.com/items/%2e%2e%2fx"), page=PAGE)
    assert details(explanation, "response")[:2] == (
        "The path /items/../x is ambiguous, so no origins are allowed.",
        f"The policy does not allow {PAGE}.",
    )


def test_policy_responds_to_the_requested_headers() -> None:
    fetch = {"headers": (("X-A", "1"),), "credentials": "include"}
    explanation = explained(fetch=fetch, allow_headers=["*"], allow_credentials=True)
    assert explanation.allowed
    answer = details(explanation, "preflight-response")
    assert "Access-Control-Allow-Headers: x-a" in answer
    assert answer[-1] == "Vary: Origin, Access-Control-Request-Headers"


def test_one_policy_on_two_routes_names_the_route() -> None:
    policy = CorsPolicy(allow_origins=[PAGE])
    routes = CorsRoutes([("/a/", policy), ("/b", policy)])
    explanation = explain(routes, Fetch("https://api.example.com/b"), page=PAGE)
    assert details(explanation, "response")[0] == "The route '/b' covers the path."


def test_pattern_with_any_port_is_named() -> None:
    explanation = explained(f"{PAGE}:8443", allow_origins=["https://*.example.com:*"])
    assert details(explanation, "response")[0] == (
        "The policy allows the origin by the pattern 'https://*.example.com:*'."
    )
