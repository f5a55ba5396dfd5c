"""Origins that are not websites: apps, extensions, local files and devices of a private network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, PolicyError, Reason
from corekit._origin_kinds import pattern_source
from corekit._origins import OriginPattern, OriginSet
from corekit.browser import Fetch
from corekit.compat import RegexCorsPolicy
from corekit.explain import explain
from corekit_config import from_environ, load_policy
from tests.core.rejections import codes_of, problem_of
from tests.properties import naive

APP = "https://app.example.com"
SAFARI = "safari-web-extension://E8BEA491-9B80-45DB-8B20-473E586BD47A"

ALLOWED = {
    # an entry of the policy: an origin that it matches, and one that it does not
    "file://": ("file://", "app://"),
    "app://": ("app://", "app://localhost"),
    "content://": ("content://", "content://a"),
    "chrome-extension://*": ("chrome-extension://abcdef", "moz-extension://abcdef"),
    "moz-extension://*": ("moz-extension://3f0ba4a5-4c8c", "moz-extension://"),
    "safari-web-extension://*": (SAFARI, f"x-{SAFARI}"),
    "vscode-webview://*": ("vscode-webview://0q1i8c2u150m", "vscode-webview://a:1"),
    "app://*:*": ("app://a:1", "apps://a:1"),
    SAFARI: (SAFARI, SAFARI.lower()),
    "http://192.168.1.*:*": ("http://192.168.1.20:3000", "http://192.168.2.20:3000"),
    "http://192.168.1.*": ("http://192.168.1.20", "http://192.168.1.20.evil.example"),
    "http://10.*.*.*": ("http://10.1.2.3", "http://11.1.2.3"),
    "http://192.168.*.*:8080": ("http://192.168.7.9:8080", "http://192.168.7.9"),
    "https://172.31.*.*": ("https://172.31.0.1", "http://172.31.0.1"),
    "http://169.254.*.*:*": ("http://169.254.9.9:1", "http://169.253.9.9:1"),
}
Build = Callable[[list[str], Path], CorsPolicy]


def build(origins: list[str], _: Path) -> CorsPolicy:
    return CorsPolicy(allow_origins=origins, **_risks(origins))


def build_from_file(origins: list[str], folder: Path) -> CorsPolicy:
    path = folder / "cors.json"
    path.write_text(json.dumps({"allow_origins": origins, **_risks(origins)}))
    policy = load_policy(path)
    assert isinstance(policy, CorsPolicy)
    return policy


def build_from_environment(origins: list[str], _: Path) -> CorsPolicy:
    variables = {"allow_origins": origins, **_risks(origins)}
    return from_environ(
        environ={f"CORS_{name.upper()}": ",".join(each) for name, each in variables.items()}
    )


def _risks(origins: list[str]) -> dict[str, Any]:
    is_opaque = any(origin.endswith("://") for origin in origins)
    return {"accept_risks": ["opaque-origin"]} if is_opaque else {}


@pytest.mark.parametrize("make", [build, build_from_file, build_from_environment])
@pytest.mark.parametrize("entry", ALLOWED)
def test_entry_matches_in_every_place(entry: str, make: Build, tmp_path: Path) -> None:
    matched, other = ALLOWED[entry]
    policy = make([APP, entry], tmp_path)
    for method in ("GET", "OPTIONS"):
        decision = policy.decide(method, origin=matched, request_method="GET")
        assert (decision.reason, decision.rule) == (Reason.GRANTED, entry)
        assert ("Access-Control-Allow-Origin", matched) in decision.headers
        assert decision.vary == ("Origin",)
        assert not policy.decide(method, origin=other, request_method="GET").allowed
    fetch = Fetch("https://api.example.org/")
    assert explain(policy, fetch, page=matched).allowed
    assert not explain(policy, fetch, page=other).allowed
    assert entry in str(explain(policy, fetch, page=matched))


@given(st.sampled_from([*ALLOWED]), st.sampled_from([o for both in ALLOWED.values() for o in both]))
def test_set_agrees_with_the_naive_matcher(entry: str, origin: str) -> None:
    pattern = OriginPattern.parse(entry)
    exact = [] if pattern else [entry]
    found = OriginSet(exact, [pattern] if pattern else []).find(origin)
    assert found == (entry if naive.matches(entry, origin) else None)
    assert pattern is None or str(pattern) == entry


@pytest.mark.parametrize("origin", ["file://", "app://", "null"])
def test_origin_without_a_host_is_never_allowed_with_credentials(origin: str) -> None:
    for risks in ([], ["opaque-origin"]):
        problem = problem_of(allow_origins=[origin], allow_credentials=True, accept_risks=risks)
        assert problem.code == "opaque-origin"
        assert "cannot be accepted" in problem.hint
    assert codes_of(allow_origins=[origin]) == ["opaque-origin"]


EQUAL = {
    "chrome-extension://*": ["any-extension"],
    "app://*:*": ["any-extension"],
    "app://*.example": [],
    "app://pr-*.example:81": [],
    "capacitor://localhost:*": [],
    "http://192.168.1.*:*": ["insecure-origin"],
    "http://10.*.*.*": ["insecure-origin"],
    "https://172.16.*.*:8443": [],
}


@pytest.mark.parametrize("pattern", EQUAL)
def test_equal_regex_has_the_problems_of_the_pattern(pattern: str) -> None:
    def problems(policy: type[CorsPolicy], **origins: Any) -> list[tuple[str, bool]]:
        try:
            policy(**origins, allow_credentials=True)
        except PolicyError as error:
            return [(each.code, "To accept the risk" in each.hint) for each in error.problems]
        return []

    found = problems(CorsPolicy, allow_origins=[pattern])
    assert [code for code, _ in found] == EQUAL[pattern]
    assert found == problems(RegexCorsPolicy, allow_origin_regexes=[pattern_source(pattern)])
    CorsPolicy(allow_origins=[pattern])


def test_extension_problem_has_the_same_hint_as_the_regex() -> None:
    pattern = problem_of(allow_origins=["moz-extension://*"], allow_credentials=True)
    with pytest.raises(PolicyError) as caught:
        RegexCorsPolicy(allow_origin_regexes=["moz-extension://.+"], allow_credentials=True)
    (regex,) = caught.value.problems
    assert (pattern.code, pattern.hint) == (regex.code, regex.hint)


@pytest.mark.parametrize("host", ["xn--f", "xn--a.example.com", "xn--0.com", "xn--", "xn--ls8h8.a"])
def test_invalid_punycode_is_rejected(host: str) -> None:
    for text in (f"https://{host}", f"http://{host}:8080", f"https://*.{host}", f"http://{host}:*"):
        assert codes_of(allow_origins=[text]) == ["malformed-origin"]
    CorsPolicy(allow_origins=[f"app://{host}"])


@pytest.mark.parametrize("host", ["xn--bcher-kva.example", "xn--ls8h.la", "xn--strae-oqa.de"])
def test_valid_punycode_is_accepted(host: str) -> None:
    CorsPolicy(allow_origins=[f"https://{host}", f"https://*.{host}"], allow_credentials=True)


@pytest.mark.parametrize("mark", [*"!$&'()+;=~"])
def test_host_that_no_website_has_is_rejected(mark: str) -> None:
    assert codes_of(allow_origins=[f"https://a{mark}b.example"]) == ["malformed-origin"]
    assert codes_of(allow_origins=[f"http://a{mark}b:*"]) == ["malformed-origin"]
    CorsPolicy(allow_origins=["https://[::1]", f"app://a{mark}b"])


class Url:
    """An object whose text is a URL, as in pydantic."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        if not self.text:
            raise LookupError("no text")
        return self.text


@pytest.mark.parametrize(
    ("text", "arguments", "fix"),
    [
        ("https://app.example.com/", {}, APP),
        ("http://app.example.com/", {"allow_credentials": True}, APP),
        ("https://*.com/", {"allow_credentials": True}, None),
        ("not a URL", {}, None),
        ("", {}, None),
    ],
)
def test_url_object_has_the_string_as_the_fix(
    text: str, arguments: dict[str, Any], fix: str | None
) -> None:
    problem = problem_of(allow_origins=[Url(text)], **arguments)
    assert (problem.code, problem.fix) == ("wrong-type", fix)
    assert problem.hint == (f"Use a string: {fix!r}." if fix else "Use a string.")


pieces = st.sampled_from(
    [
        *(
            "http://",
            "https://",
            "HTTPS://",
            "htps://",
            "ws://",
            "file://",
            "app://",
            "null",
            "://",
        ),
        *(
            "Example",
            "example",
            ".com",
            ".github.io",
            "localhost",
            "0.0.0.0",
            "192.168.1",
            ".*",
            "*.",
        ),
        *(
            "xn--f",
            "bücher",
            "*",
            ":*",
            ":443",
            ":80",
            ":8080",
            "/",
            "/path",
            " ",
            ";",
            "user@",
            "10",
        ),
    ]
)


@given(st.lists(pieces, min_size=1, max_size=6).map("".join), st.booleans())
def test_fix_gives_a_policy_without_a_problem(text: str, credentials: bool) -> None:
    try:
        CorsPolicy(allow_origins=[text], allow_credentials=credentials)
    except PolicyError as error:
        for problem in error.problems:
            if problem.fix is not None:
                assert isinstance(problem.fix, str)
                CorsPolicy(allow_origins=[problem.fix], allow_credentials=credentials)
                assert repr(problem.fix) in problem.hint
            assert "Did you mean None" not in problem.hint


@pytest.mark.parametrize("page", ["file://", "app://", "content://", SAFARI, "null"])
def test_any_origin_is_explained_as_it_is_decided(page: str) -> None:
    policy = CorsPolicy(allow_origins=["*"], allow_methods=["PUT"])
    explanation = explain(policy, Fetch("https://api.example.org/", method="PUT"), page=page)
    assert explanation.allowed
    assert "'*', which is any origin" in str(explanation)
    assert policy.decide("OPTIONS", origin=page, request_method="PUT").allowed
