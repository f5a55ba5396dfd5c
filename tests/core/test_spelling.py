"""What is said of an origin that is nearly right, and that the mend is the right one."""

from __future__ import annotations

import pytest

from corekit import CorsPolicy
from corekit._spelling import canonical_spelling
from tests.core.rejections import problem_of

MENDS: dict[str, tuple[str, str, str]] = {
    # what was written: what was meant, the code, a part of the message
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
        "spell this host or port another way",
    ),
    "https://bücher.example": (
        "https://xn--bcher-kva.example",
        "non-canonical-origin",
        "Browsers send an origin without unicode.",
    ),
    "https://BÜCHER.example": ("https://xn--bcher-kva.example", "non-canonical-origin", "unicode"),
    "https://*.bücher.example": (
        "https://*.xn--bcher-kva.example",
        "non-canonical-origin",
        "unicode",
    ),
    "https://faß.example": ("https://xn--fa-hia.example", "non-canonical-origin", "unicode"),
    "https://ｅｘａｍｐｌｅ.com": ("https://example.com", "non-canonical-origin", "unicode"),  # noqa: RUF001
    "https://例え。テスト": ("https://xn--r8jz45g.xn--zckzah", "non-canonical-origin", "unicode"),
    "https://My_App.example": ("https://my_app.example", "non-canonical-origin", "upper case"),
    "http://127.1": ("http://127.0.0.1", "non-canonical-origin", "host or port another way"),
    "http://0x7f.0.0.1": ("http://127.0.0.1", "non-canonical-origin", "another way"),
    "http://0177.0.0.1": ("http://127.0.0.1", "non-canonical-origin", "another way"),
    "http://2130706433": ("http://127.0.0.1", "non-canonical-origin", "another way"),
    "http://0x": ("http://0.0.0.0", "non-canonical-origin", "another way"),
    "http://255.1": ("http://255.0.0.1", "non-canonical-origin", "another way"),
    "http://1.16777215": ("http://1.255.255.255", "non-canonical-origin", "another way"),
    "http://1.2.3": ("http://1.2.0.3", "non-canonical-origin", "another way"),
    "http://127.0.0.1.": ("http://127.0.0.1", "non-canonical-origin", "another way"),
    "http://[::ffff:192.0.2.1]": ("http://[::ffff:c000:201]", "non-canonical-origin", "another"),
    "http://[0:0:0:0:0:0:0:1]:8000": ("http://[::1]:8000", "non-canonical-origin", "another way"),
    "http://[2001:DB8::1]": ("http://[2001:db8::1]", "non-canonical-origin", "upper case"),
    "http://[::1]:80": ("http://[::1]", "non-canonical-origin", "default port"),
    "ws://example.com": ("http://example.com", "non-canonical-origin", "No page is served over ws"),
    "wss://example.com:443": ("https://example.com", "non-canonical-origin", "served over wss"),
    "WSS://example.com": ("https://example.com", "non-canonical-origin", "served over WSS"),
    "NULL": ("null", "non-canonical-origin", "opaque origin in lower case"),
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
    "\tnull ": ("null", "malformed-origin", "white space around it"),
}

DEAD_ENDS: dict[str, tuple[str, str]] = {
    "": ("malformed-origin", "It is empty."),
    "  ": ("malformed-origin", "It is empty."),
    "https://": ("malformed-origin", "No browser could send this"),
    "https://a b.example": ("malformed-origin", "white space or control characters in it"),
    "https://a\x00.example": ("malformed-origin", "white space or control characters in it"),
    "https://a\u202e.example": ("malformed-origin", "white space or control characters in it"),
    "https://a\xa0.example": ("malformed-origin", "white space or control characters in it"),
    "https://a\ud800.example": ("malformed-origin", "white space or control characters in it"),
    "https://a.example https://b.example": ("malformed-origin", "more than one origin"),
    "https://a.example,https://b.example": ("malformed-origin", "more than one origin"),
    "https://a.examplehttps://b.example": ("malformed-origin", "more than one origin"),
    "https://a.example, b.example": ("malformed-origin", "more than one origin"),
    "a.example,b.example": ("malformed-origin", "more than one origin"),
    "a.example b.example": ("malformed-origin", "more than one origin"),
    "https://a.example;https://b.example": ("malformed-origin", "more than one origin"),
    r"^https://.*\.example\.com$": ("malformed-origin", "It looks like a regular expression."),
    "\xa0https://a.example": ("malformed-origin", "white space or control characters in it"),
    "file://": ("file-origin", "browsers send 'null'"),
    "file:///home/me/index.html": ("file-origin", "browsers send 'null'"),
    "FILE://x": ("file-origin", "browsers send 'null'"),
    "https://example.*": ("malformed-origin", "A wildcard stands where none is possible"),
    "https://*": ("malformed-origin", "A wildcard stands where none is possible"),
    "*://example.com": ("malformed-origin", "A wildcard stands where none is possible"),
    "https://*.*.example.com": ("malformed-origin", "A wildcard stands where none is possible"),
    "https://*.1.2.3.4": ("malformed-origin", "A wildcard stands where none is possible"),
    "https://256.1.1.1": ("malformed-origin", "No browser could send this"),
    "https://1.16777216": ("malformed-origin", "No browser could send this"),
    "https://1.2.3.4.0": ("malformed-origin", "No browser could send this"),
    "https://1.2.3.4.5": ("malformed-origin", "No browser could send this"),
    "https://09.1": ("malformed-origin", "No browser could send this"),
    "https://-1.0.0.1": ("malformed-origin", "No browser could send this"),
    "https://1_0.0.0.1": ("malformed-origin", "No browser could send this"),
    "https://+1.0.0.1": ("malformed-origin", "No browser could send this"),
    "https://0x-1.1": ("malformed-origin", "No browser could send this"),
    "https://0x0x1.1": ("malformed-origin", "No browser could send this"),
    "https://a.4294967296": ("malformed-origin", "No browser could send this"),
    "https://4294967296": ("malformed-origin", "No browser could send this"),
    "https://[::1": ("malformed-origin", "No browser could send this"),
    "https://[::g]": ("malformed-origin", "No browser could send this"),
    "https://[]": ("malformed-origin", "No browser could send this"),
    "https://example.com:0": ("malformed-origin", "No browser could send this"),
    "https://example.com:00": ("malformed-origin", "No browser could send this"),
    "https://example.com:65536": ("malformed-origin", "No browser could send this"),
    "https://example.com:http": ("malformed-origin", "No browser could send this"),
    "https://a:1:2": ("malformed-origin", "No browser could send this"),
    "https://a..example": ("malformed-origin", "No browser could send this"),
    "https://a%41.example": ("malformed-origin", "No browser could send this"),
    "https://\u00ad.example": ("malformed-origin", "white space or control characters in it"),
    "data:text/html,x": ("malformed-origin", "no scheme"),
    ".example.com": ("malformed-origin", "no scheme"),
    "https://" + "a" * 255: ("malformed-origin", "No browser could send this"),
    "https://" + "9" * 10_000: ("malformed-origin", "No browser could send this"),
}


def test_only_the_white_space_of_ascii_is_left_out_of_a_hint() -> None:
    assert canonical_spelling(" \t\r\n\f\vhttps://a.example\v") == "https://a.example"
    for odd in "\x1c\x85\xa0\u2003":
        assert canonical_spelling(f"{odd}https://a.example{odd}") is None


def test_a_scheme_of_its_own_is_not_taken_for_a_misspelt_one() -> None:
    for scheme in ("ftps", "capacitor", "chrome-extension", "app"):
        origin = f"{scheme}://a.example"
        assert CorsPolicy(allow_origins=[origin]).allow_origins == (origin,)


def is_sentence(text: str) -> bool:
    return text[0].isupper() and not text[1].isupper() and text.endswith(".")


@pytest.mark.parametrize("text", MENDS)
def test_a_near_miss_is_told_its_right_spelling_which_works(text: str) -> None:
    meant, code, message = MENDS[text]
    problem = problem_of(allow_origins=[text])
    assert problem.code == code
    assert message in problem.message
    assert is_sentence(problem.message)
    assert problem.hint == f"Did you mean {meant!r}?"
    accept_risks = ["opaque-origin"] if meant == "null" else []
    assert CorsPolicy(allow_origins=[meant], accept_risks=accept_risks).allow_origins == (meant,)


@pytest.mark.parametrize("text", DEAD_ENDS)
def test_what_cannot_be_mended_gets_no_wrong_hint(text: str) -> None:
    code, message = DEAD_ENDS[text]
    problem = problem_of(allow_origins=[text])
    assert problem.code == code
    assert message in problem.message
    assert is_sentence(problem.message)
    assert "Did you mean" not in problem.hint
    assert is_sentence(problem.hint)


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
def test_an_insecure_origin_is_told_its_secure_spelling_which_works(text: str, hint: str) -> None:
    problem = problem_of(allow_origins=[text], allow_credentials=True)
    assert problem.code == "insecure-origin"
    assert problem.hint.startswith(hint)
    meant = hint[len("Use '") : -len("'.")]
    assert CorsPolicy(allow_origins=[meant], allow_credentials=True).allow_origins == (meant,)
