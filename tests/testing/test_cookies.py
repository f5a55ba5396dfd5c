"""The cookie jar: what a browser stores and sends, by table."""

from __future__ import annotations

import pytest

from corekit_testing import CookieJar
from corekit_testing.cookies import COOKIE_QUIRKS
from tests.clock import Clock

PAGE = "https://app.example.com"
API = "https://api.example.com/a/b?c"
FOREIGN = "https://other.example"
NOW = 1_000_000_000.0  # 2001-09-09T01:46:40Z


def kept(line: str, *, page: str = PAGE, url: str = API, third_party: bool = True) -> CookieJar:
    jar = CookieJar(clock=Clock(NOW), third_party=third_party)
    jar.store(page, url, [line])
    return jar


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a=1", "a=1"),
        (" a = 1 ; Path=/", "a=1"),
        ("a=1=2", "a=1=2"),
        ("a=", "a="),
        ("alone", "alone"),
        ("=alone", "alone"),
        ("", None),
        ("=", None),
        ("; Path=/", None),
        ("a=1\x00", None),
        ("a=1\x7f", None),
        ("a=\t1", "a=1"),
        (f"a={'x' * 4095}", f"a={'x' * 4095}"),
        (f"a={'x' * 4096}", None),
        ("a=1; Path=/a", "a=1"),
        ("a=1; Path=/a/", "a=1"),
        ("a=1; Path=/a/b", "a=1"),
        ("a=1; Path=/a/b/", None),
        ("a=1; Path=/a/bc", None),
        ("a=1; Path=/A", None),
        ("a=1; Path=x", "a=1"),
        ("a=1; path=/x; PATH=/", "a=1"),
        ("a=1; Domain=example.com", "a=1"),
        ("a=1; Domain=.example.com", "a=1"),
        ("a=1; domain=API.example.com", "a=1"),
        ("a=1; Domain=other.example.com", None),
        ("a=1; Domain=pi.example.com", None),
        ("a=1; Domain=com", None),
        ("a=1; Domain=", "a=1"),
        ("a=1; Max-Age=0", None),
        ("a=1; Max-Age=-5", None),
        ("a=1; Max-Age=10", "a=1"),
        ("a=1; Max-Age=x", "a=1"),
        ("a=1; Max-Age=-", "a=1"),
        ("a=1; Max-Age=+10", "a=1"),
        ("a=1; Max-Age=1.5", "a=1"),
        ("a=1; Max-Age=\u0663; Expires=Sun, 09 Sep 2001 01:46:39 GMT", None),
        ("a=1; Max-Age=x; Expires=Sun, 09 Sep 2001 01:46:39 GMT", None),
        ("a=1; Max-Age=0010", "a=1"),
        (f"a=1; Max-Age={'0' * 1000}", None),
        (f"a=1; Max-Age=-{'9' * 1000}", None),
        ("a=1; Expires=Sun, 09 Sep 2001 01:46:39 GMT", None),
        ("a=1; Expires=Sun, 09 Sep 2001 01:46:41 GMT", "a=1"),
        ("a=1; Expires=soon", "a=1"),
        ("a=1; Max-Age=10; Expires=Sun, 09 Sep 2001 01:46:39 GMT", "a=1"),
        ("a=1; SameSite=None", None),
        ("a=1; SameSite=None; Secure", "a=1"),
        ("a=1; SameSite=Strict", "a=1"),
        ("a=1; SameSite=odd", "a=1"),
        ("__Secure-a=1", None),
        ("__secure-a=1; Secure", "__secure-a=1"),
        ("__Host-a=1; Secure; Path=/", "__Host-a=1"),
        ("__Host-a=1; Secure", None),
        ("__Host-a=1; Secure; Path=/a", None),
        ("__Host-a=1; Secure; Path=x", None),
        (f"a=1; Path=/a; Path=/{'x' * 1023}", None),
        (f"a=1; Path=/a; Path=/{'x' * 1024}", "a=1"),
        ("__Host-a=1; Path=/", None),
        ("__Host-a=1; Secure; Path=/; Domain=api.example.com", None),
        ("=__Secure-a; Secure", None),
        ("__Host-a; Secure; Path=/", None),
    ],
)
def test_attributes_decide_about_a_cookie(line: str, expected: str | None) -> None:
    assert kept(line).header(PAGE, API) == expected


@pytest.mark.parametrize(
    ("line", "url", "expected"),
    [
        ("a=1; Path=/", "https://api.example.com/", True),
        ("a=1; Path=/", "https://api.example.com:8443/", True),
        ("a=1; Path=/", "https://x.api.example.com/", False),
        ("a=1; Path=/; Domain=example.com", "https://x.api.example.com/", True),
        ("a=1; Path=/; Domain=example.com", "https://example.com/", True),
        ("a=1; Path=/; Domain=example.com", "https://x.example.com.au/", False),
        ("a=1", "https://api.example.com/a/", True),
        ("a=1", "https://api.example.com/a", True),
        ("a=1", "https://api.example.com/", False),
        ("a=1", "https://api.example.com/ab", False),
        ("a=1; Secure", "https://api.example.com/a/b", True),
    ],
)
def test_cookie_is_sent_to_its_host_and_path_only(line: str, url: str, expected: bool) -> None:
    assert (kept(line).header(PAGE, url) is not None) == expected


@pytest.mark.parametrize(
    ("page", "same_site", "stored"),
    [
        (PAGE, "Strict", True),
        (PAGE, "Lax", True),
        (FOREIGN, "Strict", False),
        (FOREIGN, "Lax", False),
        (FOREIGN, "None; Secure", True),
        ("null", "Lax", False),
        ("null", "None; Secure", True),
        ("http://app.example.com", "Lax", False),
        ("https://app.example.com:8443", "Strict", True),
    ],
)
def test_samesite_applies_to_sending_and_storing(page: str, same_site: str, stored: bool) -> None:
    line = f"a=1; Path=/; SameSite={same_site}"
    assert (len(kept(line, page=page)) == 1) == stored
    assert (kept(line).header(page, API) is not None) == stored


def test_engines_differ_in_the_default_of_samesite() -> None:
    for engine, stored in (("standard", 0), ("chromium", 0), ("firefox", 1), ("webkit", 2)):
        jar = CookieJar(clock=Clock(NOW), quirks=COOKIE_QUIRKS[engine])
        jar.store(FOREIGN, API, ["a=1; Path=/", "b=2; SameSite=None; Path=/"])
        assert len(jar) == stored
        assert (jar.header(FOREIGN, API) is not None) == bool(stored)


def test_webkit_ignores_prefixes() -> None:
    for engine, stored in (("standard", 0), ("firefox", 0), ("webkit", 2)):
        jar = CookieJar(clock=Clock(NOW), quirks=COOKIE_QUIRKS[engine])
        jar.store(PAGE, API, ["__Secure-a=1", "__Host-a=1"])
        assert len(jar) == stored


def test_third_party_cookies_can_be_blocked() -> None:
    line = "a=1; Path=/; SameSite=None; Secure"
    assert len(kept(line, page=FOREIGN, third_party=False)) == 0
    jar = kept(line, third_party=False)
    assert jar.header(FOREIGN, API) is None
    assert jar.header(PAGE, API) == "a=1"


def test_secure_cookies_need_https_or_loopback() -> None:
    secure = "a=1; Path=/; Secure"
    assert len(kept(secure, page="http://api.example.com", url="http://api.example.com/")) == 0
    local = "http://localhost:8000"
    jar = kept(secure, page=local, url=f"{local}/")
    assert jar.header(local, f"{local}/x") == "a=1"
    jar = kept("a=1; Path=/; Secure; Domain=example.com")
    assert jar.header("http://api.example.com", "http://api.example.com/") is None


def test_webkit_sends_secure_cookies_over_https_only() -> None:
    local = "http://localhost:8000"
    jar = CookieJar(clock=Clock(NOW), quirks=COOKIE_QUIRKS["webkit"])
    jar.store(local, f"{local}/", ["a=1; Path=/; Secure", "b=2; Path=/"])
    assert jar.header(local, f"{local}/") == "b=2"
    secure = "https://localhost"
    assert jar.header(secure, f"{secure}/") == "a=1; b=2"


def test_order_of_cookies() -> None:
    jar = CookieJar(clock=Clock(NOW))
    jar.store(PAGE, API, ["a=1; Path=/", "b=2; Path=/a/b", "c=3; Path=/"])
    assert jar.header(PAGE, API) == "b=2; a=1; c=3"
    jar.store(PAGE, API, ["a=4; Path=/"])
    assert jar.header(PAGE, API) == "b=2; a=4; c=3"


def test_cookies_expire_and_can_be_deleted() -> None:
    clock = Clock(NOW)
    jar = CookieJar(clock=clock)
    jar.store(PAGE, API, ["a=1; Path=/; Max-Age=10", "b=2; Path=/"])
    clock.now += 10
    assert [cookie.name for cookie in jar] == ["b"]
    jar.store(PAGE, API, ["b=; Path=/; Max-Age=0"])
    assert len(jar) == 0
    jar.store(PAGE, API, ["c=3"])
    jar.clear()
    assert jar.header(PAGE, API) is None


def test_cookies_live_at_most_400_days() -> None:
    limit = NOW + 400 * 86400
    for attribute in (
        "Max-Age=99999999999",
        f"Max-Age={'9' * 400}",
        f"Max-Age={'9' * 1024}",
        "Expires=Fri, 01 Jan 2100 00:00:00 GMT",
        "Expires=Fri, 31 Dec 9999 23:59:59 GMT",
    ):
        (cookie,) = kept(f"a=1; {attribute}")
        assert cookie.expires == limit


def test_attributes_of_any_size_are_read() -> None:
    for digits in (1025, 5000, 100_000):
        for attribute in ("Max-Age=", "Max-Age=-", "Expires=Sun, 09 Sep "):
            (cookie,) = kept(f"a=1; {attribute}{'9' * digits}")
            assert cookie.expires is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sun, 09 Sep 2001 01:46:40 GMT", NOW),
        ("Sunday, 09-Sep-01 01:46:40 GMT", NOW),
        ("Sun Sep  9 01:46:40 2001", NOW),
        ("01:46:40 9 september 2001", NOW),
        ("2001 9 SEP 1:46:40.5", NOW),
        ("9th Sep 2001AD 01:46:40 +0200", NOW),
        ("9,Sep\t2001/01:46:40", NOW),
        ("09 Sep 99 01:46:40", 936841600.0),
        ("01 Jan 70 00:00:00", 0.0),
        ("01 Jan 1601 00:00:00", -11644473600.0),
        ("31 Dec 1600 00:00:00", None),
        ("Sun, 09 Sep 20011 01:46:40 GMT", None),
        ("Sun, 09 Sep 99999999999999999999 01:46:40 GMT", None),
        ("Sun, 009 Sep 2001 01:46:40 GMT", None),
        ("Sun, 00 Sep 2001 01:46:40 GMT", None),
        ("Sun, 31 Sep 2001 01:46:40 GMT", None),
        ("Sun, 32 Oct 2001 01:46:40 GMT", None),
        ("Sun, 29 Feb 2001 01:46:40 GMT", None),
        ("Sun, 09 Sep 2001 24:00:00 GMT", None),
        ("Sun, 09 Sep 2001 01:60:40 GMT", None),
        ("Sun, 09 Sep 2001 01:46:60 GMT", None),
        ("Sun, 09 Sep 2001 01:46 GMT", None),
        ("Sun, 09 Sep 2001 01:46:400 GMT", None),
        ("09 Sep 2001", None),
        ("Sep 2001 01:46:40", None),
        ("09 2001 01:46:40", None),
        ("09 Sep 01:46:40", None),
        ("", None),
    ],
)
def test_date_is_read_in_any_order(text: str, expected: float | None) -> None:
    jar = CookieJar(clock=Clock((NOW if expected is None else expected) - 1))
    jar.store(PAGE, API, [f"a=1; Expires={text}"])
    assert [cookie.expires for cookie in jar] == [expected]


@pytest.mark.parametrize(
    ("old", "new", "replaced"),
    [
        ("a=1; Path=/; Secure", "a=2; Path=/", False),
        ("a=1; Path=/; Secure", "a=; Path=/; Max-Age=0", False),
        ("a=1; Path=/", "a=2; Path=/", True),
        ("b=1; Path=/; Secure", "a=2; Path=/", True),
        ("A=1; Path=/; Secure", "a=2; Path=/", True),
        ("a=1; Path=/login; Secure", "a=2; Path=/login", False),
        ("a=1; Path=/login; Secure", "a=2; Path=/login/en", False),
        ("a=1; Path=/login; Secure", "a=2; Path=/", True),
        ("a=1; Path=/login; Secure", "a=2; Path=/foo", True),
        ("a=1; Path=/; Secure; Domain=example.com", "a=2; Path=/", False),
        ("a=1; Path=/; Secure", "a=2; Path=/; Domain=example.com", False),
        ("a=1; Path=/; Secure; Domain=example.com", "a=2; Path=/; Domain=example.com", False),
        ("a=1; Path=/; Secure; Max-Age=10", "a=2; Path=/", True),
    ],
)
def test_insecure_connection_leaves_secure_cookies_alone(
    old: str, new: str, replaced: bool
) -> None:
    clock = Clock(NOW)
    jar = CookieJar(clock=clock)
    jar.store(PAGE, "https://api.example.com/", [old])
    before = list(jar)
    clock.now += 10
    jar.store("http://api.example.com", "http://api.example.com/", [new])
    assert (list(jar) != before) == replaced
    assert any(cookie.value == "2" for cookie in jar) == replaced


def test_secure_cookie_of_a_sibling_is_not_protected() -> None:
    jar = CookieJar(clock=Clock(NOW))
    jar.store(PAGE, "https://api.example.com/", ["a=1; Path=/; Secure"])
    jar.store("http://app.example.com", "http://app.example.com/", ["a=2; Path=/"])
    assert len(jar) == 2


def test_secure_connection_replaces_secure_cookies() -> None:
    for origin in ("https://localhost", "http://localhost:8000"):
        jar = CookieJar(clock=Clock(NOW))
        jar.store("https://localhost", "https://localhost/", ["a=1; Path=/; Secure"])
        jar.store(origin, f"{origin}/", ["a=2; Path=/"])
        assert [(cookie.value, cookie.secure) for cookie in jar] == [("2", False)]


def test_cookie_is_identified_by_name_domain_host_only_and_path() -> None:
    jar = CookieJar(clock=Clock(NOW))
    lines = [
        *("a=1; Path=/", "A=2; Path=/", "a=3; Path=/a"),
        *("a=4; Path=/; Domain=api.example.com", "a=5; Path=/; Domain=example.com"),
    ]
    jar.store(PAGE, API, lines)
    assert [cookie.value for cookie in jar] == ["1", "2", "3", "4", "5"]
    assert jar.header(PAGE, API) == "a=3; a=1; A=2; a=4; a=5"
    jar.store(PAGE, API, [line.replace("=", "=x", 1) for line in lines])
    assert [cookie.value for cookie in jar] == ["x1", "x2", "x3", "x4", "x5"]
    jar.store(PAGE, API, ["a=; Path=/; Max-Age=0"])
    assert [cookie.value for cookie in jar] == ["x2", "x3", "x4", "x5"]


def test_expired_cookie_does_not_keep_its_place() -> None:
    clock = Clock(NOW)
    jar = CookieJar(clock=clock)
    jar.store(PAGE, API, ["a=1; Max-Age=10", "b=2"])
    clock.now += 10
    jar.store(PAGE, API, ["a=3"])
    assert jar.header(PAGE, API) == "b=2; a=3"


def test_host_prefix_requires_a_path_attribute_and_the_root() -> None:
    origin = "https://api.example.com"
    for line, stored in (
        ("__Host-a=1; Secure", 0),
        ("__Host-a=1; Secure; Path=x", 1),
        ("__Host-a=1; Secure; Path", 1),
    ):
        assert len(kept(line, url=f"{origin}/")) == stored


@pytest.mark.parametrize(
    ("host", "domain", "expected"),
    [
        ("localhost", "localhost", True),
        ("a.localhost", "localhost", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "0.0.1", False),
        ("[::1]", "[::1]", True),
        ("x.github.io", "github.io", False),
        ("github.io", "github.io", True),
    ],
)
def test_domain_may_not_be_a_public_suffix(host: str, domain: str, expected: bool) -> None:
    origin = f"https://{host}"
    jar = kept(f"a=1; Domain={domain}", page=origin, url=f"{origin}/")
    assert (jar.header(origin, f"{origin}/") is not None) == expected
    if expected and domain == "github.io":
        assert jar.header(f"https://x.{host}", f"https://x.{host}/") is None
