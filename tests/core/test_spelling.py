"""Misspelled origins: the message, and that the suggested fix is a valid origin."""

from __future__ import annotations

import pytest

from corekit import CorsPolicy, PolicyError
from corekit._spelling import canonical_spelling
from corekit.arguments import Risk
from tests.core.rejections import problem_of

FIXES: dict[str, tuple[str, str, str]] = {
    # the string: the origin that was meant, the code, a part of the message
    "https://example.com/": ("https://example.com", "non-canonical-origin", "a trailing slash"),
    "https://Example.com": ("https://example.com", "non-canonical-origin", "upper case"),
    "HTTPS://EXAMPLE.COM": ("https://example.com", "non-canonical-origin", "upper case"),
    "https://example.com:443": ("https://example.com", "non-canonical-origin", "default port"),
    "http://example.com:80": ("http://example.com", "non-canonical-origin", "default port"),
    "http://example.com:080": ("http://example.com", "non-canonical-origin", "default port"),
    "https://example.com:": ("https://example.com", "non-canonical-origin", "default port"),
    "https://example.com:08443": (
        "https://example.com:8443",
        "non-canonical-origin",
        "write this host or port differently",
    ),
    "https://bücher.example": (
        "https://xn--bcher-kva.example",
        "non-canonical-origin",
        "Browsers do not send origins with Unicode.",
    ),
    "https://BÜCHER.example": ("https://xn--bcher-kva.example", "non-canonical-origin", "Unicode"),
    "https://*.bücher.example": (
        "https://*.xn--bcher-kva.example",
        "non-canonical-origin",
        "Unicode",
    ),
    "https://faß.example": ("https://xn--fa-hia.example", "non-canonical-origin", "Unicode"),
    "https://ｅｘａｍｐｌｅ.com": ("https://example.com", "non-canonical-origin", "Unicode"),  # noqa: RUF001
    "https://例え。テスト": ("https://xn--r8jz45g.xn--zckzah", "non-canonical-origin", "Unicode"),
    "https://My_App.example": ("https://my_app.example", "non-canonical-origin", "upper case"),
    "http://127.1": ("http://127.0.0.1", "non-canonical-origin", "host or port differently"),
    "http://0x7f.0.0.1": ("http://127.0.0.1", "non-canonical-origin", "differently"),
    "http://0177.0.0.1": ("http://127.0.0.1", "non-canonical-origin", "differently"),
    "http://2130706433": ("http://127.0.0.1", "non-canonical-origin", "differently"),
    "http://0x": ("http://0.0.0.0", "non-canonical-origin", "differently"),
    "http://255.1": ("http://255.0.0.1", "non-canonical-origin", "differently"),
    "http://1.16777215": ("http://1.255.255.255", "non-canonical-origin", "differently"),
    "http://1.2.3": ("http://1.2.0.3", "non-canonical-origin", "differently"),
    "http://127.0.0.1.": ("http://127.0.0.1", "non-canonical-origin", "differently"),
    "http://[::ffff:192.0.2.1]": (
        "http://[::ffff:c000:201]",
        "non-canonical-origin",
        "differently",
    ),
    "http://[0:0:0:0:0:0:0:1]:8000": ("http://[::1]:8000", "non-canonical-origin", "differently"),
    "http://[2001:DB8::1]": ("http://[2001:db8::1]", "non-canonical-origin", "upper case"),
    "App://[0:0::1]": ("app://[::1]", "non-canonical-origin", "upper case"),
    "https://a.example:0080": ("https://a.example:80", "non-canonical-origin", "differently"),
    "http://[::1]:80": ("http://[::1]", "non-canonical-origin", "default port"),
    "ws://example.com": (
        "http://example.com",
        "non-canonical-origin",
        "Pages are not served over ws",
    ),
    "wss://example.com:443": ("https://example.com", "non-canonical-origin", "served over wss"),
    "WSS://example.com": ("https://example.com", "non-canonical-origin", "served over WSS"),
    "chrome-extension://ABC/x": ("chrome-extension://ABC", "malformed-origin", "no path"),
    "MOZ-EXTENSION://*": ("moz-extension://*", "non-canonical-origin", "upper case"),
    "HTTP://192.168.1.*:*": ("http://192.168.1.*:*", "non-canonical-origin", "upper case"),
    "http://192.168.1.*:80": ("http://192.168.1.*", "non-canonical-origin", "a default port"),
    "ws://192.168.1.*": ("http://192.168.1.*", "non-canonical-origin", "served over ws"),
    "https://*.Example.com/": ("https://*.example.com", "non-canonical-origin", "upper case"),
    "https://PR-*.example.com": ("https://pr-*.example.com", "non-canonical-origin", "upper case"),
    "http://LOCALHOST:*": ("http://localhost:*", "non-canonical-origin", "upper case"),
    "https://*.example.com:443": ("https://*.example.com", "non-canonical-origin", "default port"),
    "example.com": ("https://example.com", "malformed-origin", "no scheme"),
    "www.example.com:8443": ("https://www.example.com:8443", "malformed-origin", "no scheme"),
    "*.example.com": ("https://*.example.com", "malformed-origin", "no scheme"),
    "localhost": ("http://localhost", "malformed-origin", "no scheme"),
    "localhost:3000": ("http://localhost:3000", "malformed-origin", "no scheme"),
    "localhost:*": ("http://localhost:*", "malformed-origin", "no scheme"),
    "127.0.0.1:8000": ("http://127.0.0.1:8000", "malformed-origin", "no scheme"),
    "[::1]:8000": ("http://[::1]:8000", "malformed-origin", "no scheme"),
    "https:example.com": ("https://example.com", "malformed-origin", "no scheme and '://'"),
    "https:/example.com": ("https://example.com", "malformed-origin", "no scheme and '://'"),
    "https:\\\\example.com": ("https://example.com", "malformed-origin", "no scheme and '://'"),
    "https//example.com": ("https://example.com", "malformed-origin", "no scheme and '://'"),
    "https;//example.com": ("https://example.com", "malformed-origin", "no scheme and '://'"),
    "http//localhost:5173": ("http://localhost:5173", "malformed-origin", "no scheme and '://'"),
    "https:10.0.0.1": ("https://10.0.0.1", "malformed-origin", "no scheme and '://'"),
    "https://example.com/a/b": ("https://example.com", "malformed-origin", "no path"),
    "https://example.com/*": ("https://example.com", "malformed-origin", "no path"),
    "https://example.com?a=b": ("https://example.com", "malformed-origin", "no path, query"),
    "https://example.com#top": ("https://example.com", "malformed-origin", "no path, query"),
    "https://example.com\\": ("https://example.com", "malformed-origin", "no path, query"),
    "https://example.com:8443/a": ("https://example.com:8443", "malformed-origin", "no path"),
    "https://me:pw@example.com": ("https://example.com", "malformed-origin", "no user name"),
    "https://a@b@example.com": ("https://example.com", "malformed-origin", "no user name"),
    " https://example.com": ("https://example.com", "malformed-origin", "white space around it"),
    "https://example.com\n": ("https://example.com", "malformed-origin", "white space around it"),
    "https://example.com,": ("https://example.com", "malformed-origin", "commas or semicolons"),
    "https://example.com;": ("https://example.com", "malformed-origin", "commas or semicolons"),
    "'https://example.com'": ("https://example.com", "malformed-origin", "has quotes"),
    '"https://example.com",': ("https://example.com", "malformed-origin", "has quotes"),
    "`example.com`": ("https://example.com", "malformed-origin", "has quotes"),
    "'http://localhost:*'": ("http://localhost:*", "malformed-origin", "has quotes"),
}

UNFIXABLE: dict[str, tuple[str, str]] = {
    "": ("malformed-origin", "The origin is empty."),
    "  ": ("malformed-origin", "The origin is empty."),
    "https://": ("malformed-origin", "Browsers never send this"),
    "https://a b.example": ("malformed-origin", "white space or control characters"),
    "https://a\x00.example": ("malformed-origin", "white space or control characters"),
    "https://a\u202e.example": ("malformed-origin", "white space or control characters"),
    "https://a\xa0.example": ("malformed-origin", "white space or control characters"),
    "https://a\ud800.example": ("malformed-origin", "white space or control characters"),
    "https://a.example https://b.example": ("malformed-origin", "more than one origin"),
    "https://a.example,https://b.example": ("malformed-origin", "more than one origin"),
    "https://a.examplehttps://b.example": ("malformed-origin", "more than one origin"),
    "https://a.example, b.example": ("malformed-origin", "more than one origin"),
    "a.example,b.example": ("malformed-origin", "more than one origin"),
    "a.example b.example": ("malformed-origin", "more than one origin"),
    "https://a.example;https://b.example": ("malformed-origin", "more than one origin"),
    r"^https://[a-z]+\.example\.com$": (
        "malformed-origin",
        "This looks like a regular expression.",
    ),
    "\xa0https://a.example": ("malformed-origin", "white space or control characters"),
    "file:///home/me/index.html": ("malformed-origin", "Browsers send 'null'"),
    "FILE://x": ("malformed-origin", "Browsers send 'null'"),
    "https://a..example;": ("malformed-origin", "quotes, commas or semicolons"),
    "NULL": ("non-canonical-origin", "opaque origin in lower case"),
    "\tnull ": ("malformed-origin", "white space around it"),
    "APP://": ("non-canonical-origin", "upper case"),
    "http://10.*": ("malformed-origin", "In an address, only the last parts can be wildcards"),
    "https://172.*.*.*": ("malformed-origin", "and only in private networks"),
    "http://192.168.1.1*": ("malformed-origin", "In an address, only the last parts"),
    "http://127.0.0.*:*": ("malformed-origin", "In an address, only the last parts"),
    "https://XN--f.example": ("non-canonical-origin", "upper case"),
    "https://example.*": ("malformed-origin", "A wildcard is not possible in this place"),
    "https://*": ("malformed-origin", "A wildcard is not possible in this place"),
    "*://example.com": ("malformed-origin", "A wildcard is not possible in this place"),
    "https://*.*.example.com": ("malformed-origin", "A wildcard is not possible in this place"),
    "https://*.1.2.3.4": ("malformed-origin", "A wildcard is not possible in this place"),
    "https://256.1.1.1": ("malformed-origin", "Browsers never send this"),
    "https://1.16777216": ("malformed-origin", "Browsers never send this"),
    "https://1.2.3.4.0": ("malformed-origin", "Browsers never send this"),
    "https://1.2.3.4.5": ("malformed-origin", "Browsers never send this"),
    "https://09.1": ("malformed-origin", "Browsers never send this"),
    "https://-1.0.0.1": ("malformed-origin", "Browsers never send this"),
    "https://1_0.0.0.1": ("malformed-origin", "Browsers never send this"),
    "https://+1.0.0.1": ("malformed-origin", "Browsers never send this"),
    "https://0x-1.1": ("malformed-origin", "Browsers never send this"),
    "https://0x0x1.1": ("malformed-origin", "Browsers never send this"),
    "https://a.4294967296": ("malformed-origin", "Browsers never send this"),
    "https://4294967296": ("malformed-origin", "Browsers never send this"),
    "https://[::1": ("malformed-origin", "Browsers never send this"),
    "https://[::g]": ("malformed-origin", "Browsers never send this"),
    "https://[]": ("malformed-origin", "Browsers never send this"),
    "https://example.com:0": ("malformed-origin", "Browsers never send this"),
    "https://example.com:00": ("malformed-origin", "Browsers never send this"),
    "https://example.com:65536": ("malformed-origin", "Browsers never send this"),
    "https://example.com:http": ("malformed-origin", "Browsers never send this"),
    "https://a:1:2": ("malformed-origin", "Browsers never send this"),
    "https://a..example": ("malformed-origin", "Browsers never send this"),
    "https://a%41.example": ("malformed-origin", "Browsers never send this"),
    "https://\u00ad.example": ("malformed-origin", "white space or control characters"),
    "data:text/html,x": ("malformed-origin", "no scheme"),
    "https": ("malformed-origin", "no scheme"),
    "http:8000": ("malformed-origin", "no scheme"),
    "htps//example.com": ("malformed-origin", "no scheme"),
    ".example.com": ("malformed-origin", "no scheme"),
    "https://" + "a" * 255: ("malformed-origin", "Browsers never send this"),
    "https://" + "9" * 10_000: ("malformed-origin", "Browsers never send this"),
}


def test_only_ascii_white_space_is_stripped() -> None:
    assert canonical_spelling(" \t\r\n\f\vhttps://a.example\v") == "https://a.example"
    for odd in "\x1c\x85\xa0\u2003":
        assert canonical_spelling(f"{odd}https://a.example{odd}") is None


def test_punycode_may_have_underscores() -> None:
    # https://url.spec.whatwg.org/#concept-domain-to-ascii, without UseSTD3ASCIIRules
    origin = "https://xn--_-dha.example"
    assert CorsPolicy(allow_origins=[origin]).allow_origins == (origin,)


def test_punctuation_around_an_impossible_host_is_the_problem_of_its_entry() -> None:
    problem = problem_of(allow_origins=["https://a.example", "https://b;c.example;"])
    assert (problem.subject, problem.value) == ("allow_origins[1]", "https://b;c.example;")


def test_fix_that_would_be_refused_is_not_suggested() -> None:
    with pytest.raises(PolicyError) as caught:
        CorsPolicy(allow_origins=["http://*.github.io"], allow_credentials=True)
    insecure = caught.value.problems[0]
    assert (insecure.code, insecure.fix) == ("insecure-origin", None)


def test_other_schemes_are_not_typos() -> None:
    for scheme in ("ftps", "capacitor", "chrome-extension", "app"):
        origin = f"{scheme}://a.example"
        assert CorsPolicy(allow_origins=[origin]).allow_origins == (origin,)


def is_sentence(text: str) -> bool:
    return text[0].isupper() and not text[1].isupper() and text.endswith(".")


@pytest.mark.parametrize("text", FIXES)
def test_misspelled_origin_suggests_valid_origin(text: str) -> None:
    meant, code, message = FIXES[text]
    problem = problem_of(allow_origins=[text])
    assert problem.code == code
    assert message in problem.message
    assert is_sentence(problem.message)
    assert problem.hint == f"Did you mean {meant!r}?"
    assert problem.fix == meant
    accept_risks: list[Risk] = ["opaque-origin"] if meant == "null" else []
    assert CorsPolicy(allow_origins=[meant], accept_risks=accept_risks).allow_origins == (meant,)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (r"^https://.*\.example\.com$", "https://*.example.com"),
        (r"http://.+\.example\.com:3000", "https://*.example.com:3000"),
        (".*.example.com", "https://*.example.com"),
        (" .*.example.com ", "https://*.example.com"),
        (".*.github.io", None),
        (".*.platform.sh", None),
        # What a pattern cannot say, or would be refused with credentials.
        (r"https://.*\.example\.(com|org)", None),
        (r"https://.*example\.com", None),
        (r"https://.*\.vercel\.app", None),
        (r"https://pr-.*\.example\.com", None),
        (r"https://app\.example\.com$", None),
    ],
)
def test_regex_for_subdomains_suggests_the_pattern(text: str, meant: str | None) -> None:
    problem = problem_of(allow_origins=[text], allow_credentials=True)
    assert problem.fix == meant
    fixed = f"Did you mean {meant!r}?", f"Use {meant!r}."
    assert problem.hint.startswith(fixed if meant else "Use a pattern: 'https://*.example.com', ")
    assert problem.hint.endswith("Regular expressions are for corekit.compat.RegexCorsPolicy.")


@pytest.mark.parametrize("text", UNFIXABLE)
def test_unfixable_origin_has_no_suggestion(text: str) -> None:
    code, message = UNFIXABLE[text]
    problem = problem_of(allow_origins=[text])
    assert problem.code == code
    assert message in problem.message
    assert is_sentence(problem.message)
    assert problem.fix is None
    assert "Did you mean" not in problem.hint
    assert is_sentence(problem.hint.partition(" To accept")[0])


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("http://example.com", "Use 'https://example.com'."),
        ("http://example.com:8080", "Use 'https://example.com:8080'."),
        ("http://example.com:443", "Use 'https://example.com'."),
        ("http://*.example.com:443", "Use 'https://*.example.com'."),
        ("http://*.example.com:*", "Use 'https://*.example.com:*'."),
        ("http://[2001:db8::1]:443", "Use 'https://[2001:db8::1]'."),
    ],
)
def test_insecure_origin_suggests_https_origin(text: str, hint: str) -> None:
    problem = problem_of(allow_origins=[text], allow_credentials=True)
    assert problem.code == "insecure-origin"
    assert problem.hint.startswith(hint)
    meant = hint[len("Use '") : -len("'.")]
    assert CorsPolicy(allow_origins=[meant], allow_credentials=True).allow_origins == (meant,)
