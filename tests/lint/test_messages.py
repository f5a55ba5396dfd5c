"""What advice says: the parts of messages and hints that depend on the policy."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.diagnostics import Diagnostic
from corekit.lint import find_cross_site, lint_policy

APP: Final = "https://app.example.com"
SUB: Final = "https://*.example.com"
API: Final = "https://api.example.com"
ONE_SITE: Final = (
    "Serve both over HTTPS below one domain (the API's site is {}), or authenticate with a header."
    " Cookies that are to be sent at all need SameSite=None; Secure."
)
THIRD_PARTY: Final = (
    "This origin and {} are different sites, so the API's cookies are third-party cookies, which"
    " browsers block or partition."
)


def advice_on(code: str, api: str | None = None, **arguments: Any) -> Diagnostic:
    policy = CorsPolicy(**{"allow_origins": [APP], **arguments})
    (found,) = (each for each in lint_policy(policy, api) if each.code == code)
    return found


@pytest.mark.parametrize(
    ("code", "message", "arguments"),
    [
        (
            "covered-origin",
            f"'{SUB}' covers it, so removing it would change nothing.",
            {"allow_origins": [APP, SUB]},
        ),
        (
            "open-pattern",
            "Anyone can register a name below 'github.io', so it matches untrusted origins.",
            {"allow_origins": ["https://*.github.io"]},
        ),
        (
            # A wildcard for whole labels also covers the public suffixes below the host.
            "open-pattern",
            "Anyone can register a name below 'ent.platform.sh', so it matches untrusted origins.",
            {"allow_origins": ["https://*.platform.sh"]},
        ),
        (
            "trailing-dot",
            "Browsers send the dot at the end of the host only if it is in the page's URL.",
            {"allow_origins": [f"{APP}."]},
        ),
        (
            "every-subdomain",
            (
                "Every subdomain of 'example.com' can act as the user, including a forgotten one"
                " that someone else takes over."
            ),
            {"allow_origins": [SUB], "allow_credentials": True},
        ),
        (
            "several-sites",
            (
                "The origins belong to 2 sites (a.example, b.example). For pages outside the"
                " API's own site, its cookies are third-party cookies, which browsers block."
            ),
            {"allow_origins": ["https://b.example", "https://a.example"]},
        ),
        (
            "several-sites",
            (
                "The origins belong to 3 sites (a.example, b.example, c.example). For pages outside"
                " the API's own site, its cookies are third-party cookies, which browsers block."
            ),
            {"allow_origins": [f"https://{name}.example" for name in "abc"]},
        ),
        (
            "several-sites",
            (
                "The origins belong to 4 sites (a.example, b.example, c.example, ...). For pages"
                " outside the API's own site, its cookies are third-party cookies, which browsers"
                " block."
            ),
            {"allow_origins": [f"https://{name}.example" for name in "abcd"]},
        ),
        (
            "safelisted-header",
            "Pages may always set it; only very long or unusual values need permission.",
            {"allow_headers": ["accept"]},
        ),
        (
            "safelisted-header",
            "Every page that may read the response may read this header.",
            {"expose_headers": ["content-length"]},
        ),
        (
            "no-content-type",
            "PUT requests cannot have a JSON body, since content-type is not allowed.",
            {"allow_methods": ["PUT"]},
        ),
        (
            "no-content-type",
            "PATCH and PUT requests cannot have a JSON body, since content-type is not allowed.",
            {"allow_methods": ["PUT", "DELETE", "PATCH"]},
        ),
        (
            "short-max-age",
            "Browsers cache preflight responses for only 5 seconds.",
            {"allow_methods": ["DELETE"]},
        ),
        (
            "short-max-age",
            "Browsers cache preflight responses not at all.",
            {"allow_methods": ["DELETE"], "max_age": 0},
        ),
        (
            "max-age-capped",
            "Browsers limit it: Chromium to 7200 seconds and WebKit to 600 seconds.",
            {"max_age": 86_400},
        ),
        (
            "accepted-risk",
            (
                "Any page can send `Origin: null`, which is as open as '*'; any local file can"
                " send `Origin: file://`."
            ),
            {"allow_origins": ["null"], "accept_risks": ["opaque-origin"]},
        ),
        (
            "accepted-risk",
            "A network attacker can impersonate the HTTP origin and act as the user.",
            {"allow_origins": ["http://app.example.com"], "accept_risks": ["insecure-origin"]},
        ),
        (
            "internal-api",
            "http://10.1.2.3 is internal, and any website that its users visit can read it.",
            {"api": "http://10.1.2.3", "allow_origins": ["*"]},
        ),
        (
            "mixed-content",
            (
                "Browsers block requests from HTTPS pages to http://api.example.com, which is plain"
                " HTTP."
            ),
            {"api": "http://api.example.com"},
        ),
        (
            "third-party-cookies",
            THIRD_PARTY.format("https://api.example.org"),
            {"api": "https://api.example.org"},
        ),
    ],
)
def test_message_names_what_it_is_about(code: str, message: str, arguments: dict[str, Any]) -> None:
    credentials = code in ("several-sites", "third-party-cookies", "accepted-risk") and (
        "null" not in arguments.get("allow_origins", ())
    )
    arguments = {"allow_credentials": True, **arguments} if credentials else arguments
    assert advice_on(code, **arguments).message == message


@pytest.mark.parametrize(
    ("api", "origin", "hint"),
    [
        (API, "https://app.example.org", ONE_SITE.format("example.com")),
        (API, "capacitor://localhost", ONE_SITE.format("example.com")),
        ("https://api.example.co.uk", APP, ONE_SITE.format("example.co.uk")),
        ("http://localhost:8000", APP, ONE_SITE.format("localhost")),
        ("https://localhost:8000", APP, ONE_SITE.format("localhost")),
        ("https://localhost:8000", "capacitor://localhost", ONE_SITE.format("localhost")),
        ("https://localhost:8000", "http://localhost:3000", ONE_SITE.format("localhost")),
        (
            "http://127.0.0.1:8000",
            "http://localhost:3000",
            "Call the API as http://localhost:8000.",
        ),
        (
            "https://localhost:8000",
            "https://127.0.0.1:3000",
            "Call the API as https://127.0.0.1:8000.",
        ),
    ],
)
def test_hint_for_third_party_cookies(api: str, origin: str, hint: str) -> None:
    advice = advice_on("third-party-cookies", api, allow_origins=[origin], allow_credentials=True)
    assert (advice.value, advice.hint) == (origin, hint)


def test_every_origin_is_checked() -> None:
    policy = CorsPolicy(
        allow_origins=["https://a-*.example.com", SUB, "https://*.example.org"],
        allow_credentials=True,
    )
    found = [each.value for each in lint_policy(policy) if each.code == "every-subdomain"]
    assert found == [SUB, "https://*.example.org"]
    policy = CorsPolicy(
        allow_origins=["null", "http://app.example.com", "http://*.example.com"],
        accept_risks=["opaque-origin"],
    )
    plain = [each for each in lint_policy(policy, API) if each.code == "plain-http"]
    assert [each.value for each in plain] == ["http://app.example.com", "http://*.example.com"]
    assert {each.message for each in plain} == {
        "A network attacker can impersonate this origin and read what it may read."
    }
    policy = CorsPolicy(
        allow_origins=["null", APP, "https://b.example"], accept_risks=["opaque-origin"]
    )
    found = [
        each.value
        for each in lint_policy(policy, "http://api.example.com")
        if each.code == "mixed-content"
    ]
    assert found == [APP, "https://b.example"]


@pytest.mark.parametrize(
    ("host", "is_internal"),
    [
        ("[fd00::1]", True),
        ("[2606:2800:220:1::1]", False),
        ("192.168.1.1", True),
        ("93.184.216.34", False),
        ("wiki", True),
        ("a.wiki.internal", True),
        ("internal.example.com", False),
        ("a.b.example.com", False),
        ("a.home.arpa", True),
        ("home.arpa.example.com", False),
    ],
)
def test_internal_hosts(host: str, is_internal: bool) -> None:
    found = lint_policy(CorsPolicy(allow_origins=["*"]), f"https://{host}")
    assert [each.code for each in found] == ["internal-api"] * is_internal


def test_pattern_for_one_label_covers_no_suffix_below_the_host() -> None:
    found = lint_policy(CorsPolicy(allow_origins=["https://a-*.platform.sh"]))
    assert found == ()


def test_origin_of_the_api_applies_to_every_route() -> None:
    routes = CorsRoutes([("/", CorsPolicy(allow_origins=[APP, API]))])
    (found,) = lint_policy(routes, API)
    assert (found.code, found.value, found.route) == ("own-origin", API, "/")


LOCAL: Final = "http://localhost:3000"


@pytest.mark.parametrize(
    ("origins", "hosts", "cross_site"),
    [
        ([APP, "https://example.org"], ["api.example.com"], ["https://example.org"]),
        ([SUB, "https://*.example.org"], ["api.example.com"], ["https://*.example.org"]),
        (["*", "null", "https://example.org"], ["api.example.com"], ["https://example.org"]),
        ([APP], ["api.example.org", "api.example.com"], []),
        ([APP, "capacitor://localhost"], ["api.example.com"], ["capacitor://localhost"]),
        (["capacitor://localhost"], ["localhost"], ["capacitor://localhost"]),
        # Loopback origins are compared only if the server has a loopback host too.
        ([LOCAL, APP], ["api.example.com"], []),
        ([LOCAL, APP], ["localhost"], [APP]),
        ([LOCAL, "http://127.0.0.1:3000"], ["localhost"], ["http://127.0.0.1:3000"]),
        ([LOCAL], ["api.example.com", "127.0.0.1"], [LOCAL]),
        ([LOCAL, APP], ["api.example.com", "localhost"], []),
        ([APP], [], [APP]),
        ([LOCAL], [], []),
    ],
)
def test_cross_site_origins(origins: list[str], hosts: list[str], cross_site: list[str]) -> None:
    assert find_cross_site(origins, hosts) == cross_site
