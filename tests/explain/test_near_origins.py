"""Near misses of origins: which are found, how they differ, and the cost of the search."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit._origins import split_origin
from corekit.compat import RegexCorsPolicy
from corekit.explain.near_misses import compare_origins
from tests.explain.calls import pages, setups

APP = "https://app.example.com"

# The allowed origins, the origin of the page, and the expected messages.
NEAR: dict[str, tuple[list[str], str, list[str]]] = {
    "scheme": (
        [APP],
        "http://app.example.com",
        [f"'{APP}' is allowed: the page has http instead of https."],
    ),
    "port": (
        ["http://localhost:3000"],
        "http://localhost:3001",
        ["'http://localhost:3000' is allowed: the page has port 3001 instead of 3000."],
    ),
    "port that is missing": (
        ["http://localhost:3000"],
        "http://localhost",
        ["'http://localhost:3000' is allowed: the page has no port instead of port 3000."],
    ),
    "port too many": (
        ["http://localhost"],
        "http://localhost:3000",
        ["'http://localhost' is allowed: the page has port 3000 instead of none."],
    ),
    "scheme and port": (
        ["https://localhost:3000"],
        "http://localhost:8000",
        [
            (
                "'https://localhost:3000' is allowed: the page has http and port 8000 instead of"
                " https and port 3000."
            )
        ],
    ),
    "several, the nearest first": (
        ["http://localhost:3000", "http://localhost:5173", "https://localhost:4000"],
        "https://localhost:3000",
        [
            "'http://localhost:3000' is allowed: the page has https instead of http.",
            "'https://localhost:4000' is allowed: the page has port 3000 instead of 4000.",
            (
                "'http://localhost:5173' is allowed: the page has https and port 3000 instead of"
                " http and port 5173."
            ),
        ],
    ),
    "port of a pattern": (
        ["https://*.example.com:8443"],
        APP,
        [
            (
                f"'{APP}:8443' is allowed by the pattern 'https://*.example.com:8443': the page"
                " has no port instead of port 8443."
            )
        ],
    ),
    "another name of this machine": (
        ["http://localhost:3000"],
        "http://127.0.0.1:3000",
        ["'http://localhost:3000' is allowed: the page has 127.0.0.1 instead of localhost."],
    ),
    "www. too many": (
        ["https://example.com"],
        "https://www.example.com",
        ["'https://example.com' is allowed: the page's host begins with 'www.'."],
    ),
    "www. that is missing": (
        ["https://www.example.com"],
        "https://example.com",
        ["'https://www.example.com' is allowed: the page's host lacks 'www.'."],
    ),
    "the apex of a pattern": (
        ["https://*.example.com"],
        "https://example.com",
        [
            (
                "'https://*.example.com' is allowed: it covers subdomains of example.com, not"
                " example.com itself."
            )
        ],
    ),
    "the apex of a pattern with any port": (
        ["https://*.example.com:*"],
        "https://example.com:8443",
        [
            (
                "'https://*.example.com:*' is allowed: it covers subdomains of example.com, not"
                " example.com itself."
            )
        ],
    ),
    "a subdomain": (
        ["https://example.com"],
        "https://a.b.example.com",
        ["'https://example.com' is allowed: the page is on a subdomain of it."],
    ),
    "a dot at the end": (
        [APP],
        f"{APP}.",
        [f"'{APP}' is allowed: the page's host ends with a dot."],
    ),
    "one letter": (
        [APP],
        "https://app.exbmple.com",
        [f"'{APP}' is allowed: one letter differs."],
    ),
    "one letter less": (
        [APP],
        "https://app.exmple.com",
        [f"'{APP}' is allowed: the page's host has one letter less."],
    ),
    "the last letter": (
        [APP],
        "https://app.example.co",
        [f"'{APP}' is allowed: the page's host has one letter less."],
    ),
    "one letter more": (
        [APP],
        "https://app.examplee.com",
        [f"'{APP}' is allowed: the page's host has one letter more."],
    ),
    "two letters": (
        [APP],
        "https://app.exmaple.com",
        [f"'{APP}' is allowed: two letters of the page's host are swapped."],
    ),
    "the last two letters": (
        ["https://intranet"],
        "https://intrante",
        ["'https://intranet' is allowed: two letters of the page's host are swapped."],
    ),
    "one letter in the longest host that is searched": (
        [f"https://{'a' * 60}.{'b' * 14}.test"],
        f"https://{'a' * 60}.{'b' * 13}c.test",
        [f"'https://{'a' * 60}.{'b' * 14}.test' is allowed: one letter differs."],
    ),
    "one letter, by a pattern": (
        ["https://*.example.com"],
        "https://a.b.exampl.com",
        [
            (
                "'https://a.b.example.com' is allowed by the pattern 'https://*.example.com': the"
                " page's host has one letter less."
            )
        ],
    ),
    "another ending": (
        [APP],
        "https://app.example.org",
        [f"'{APP}' is allowed: only the top-level domain differs."],
    ),
    "another host of the same site": (
        ["https://admin.example.com"],
        "https://shop.example.com",
        ["'https://admin.example.com' is allowed: it is another host of the same site."],
    ),
    "not a longer name with the same beginning": (["https://app.example.evil.test"], APP, []),
    "another host of the same site, with a port": (
        ["https://admin.example.com:8443"],
        "https://shop.example.com",
        ["'https://admin.example.com:8443' is allowed: it is another host of the same site."],
    ),
    "another host of the same site, far below": (
        ["https://admin.example.com"],
        "https://a.b.c.example.com",
        ["'https://admin.example.com' is allowed: it is another host of the same site."],
    ),
    "addresses with the same end": (["http://192.0.2.10"], "http://198.51.2.10", []),
    "unrelated hosts below a public suffix": (
        ["https://admin.github.io"],
        "https://my-shop.github.io",
        [],
    ),
    "addresses": (["http://192.0.2.10"], "http://198.51.100.7", []),
    "an address, one figure": (
        ["http://192.0.2.10"],
        "http://192.0.2.11",
        ["'http://192.0.2.10' is allowed: one letter differs."],
    ),
    "IPv6": (["http://[2001:db8::1]"], "http://[2001:db8:ffff::ffff]", []),
    "an unrelated origin": ([APP], "https://evil.test", []),
    "one label": (["https://intranet"], "https://wiki-server", []),
    "an opaque origin": ([APP], "null", []),
    "another scheme": (["capacitor://localhost"], "ionic://localhost", []),
    "another scheme with a port": (
        ["capacitor://localhost:1"],
        "capacitor://localhost:2",
        ["'capacitor://localhost:1' is allowed: the page has port 2 instead of 1."],
    ),
}


@pytest.mark.parametrize("name", NEAR)
def test_nearest_origins_are_named_with_their_difference(name: str) -> None:
    origins, page, sentences = NEAR[name]
    found = compare_origins(CorsPolicy(allow_origins=origins), page)
    assert [str(near) for near in found] == sentences
    assert all((near.subject, near.given) == ("origin", page) for near in found)


@pytest.mark.parametrize(("host", "is_found"), [("h0", True), ("h48", True), ("h49", False)])
def test_at_most_fifty_ports_are_tried(host: str, is_found: bool) -> None:
    origins = [f"https://h{at}:{2000 + at}" for at in range(60)]
    found = compare_origins(CorsPolicy(allow_origins=[*origins, *origins[:10]]), f"https://{host}")
    assert [near.given for near in found] == [f"https://{host}"] * is_found


def test_regular_expressions_are_searched_too() -> None:
    policy = RegexCorsPolicy(allow_origin_regexes=[r"https://pr-\d+\.example\.com"])
    (near,) = compare_origins(policy, "http://pr-17.example.com")
    assert near.nearest == "https://pr-17.example.com"
    assert "by the regular expression 'https://pr-" in near.message


@given(setups(any_origin=False), st.data())
def test_near_miss_is_allowed_and_similar(setup: object, data: st.DataObject) -> None:
    policy: CorsPolicy = setup.policy  # type: ignore[attr-defined]
    page = data.draw(pages(setup.origins))  # type: ignore[attr-defined]
    if policy.engine.actual(page).origin_allowed:
        return
    found = compare_origins(policy, page)
    assert len(found) <= 3
    for near in found:
        is_listed = near.nearest in policy.allow_origins
        assert is_listed or policy.engine.actual(near.nearest).origin_allowed
        assert near.given == page


def distance(text: str, other: str) -> int:
    """Return the edit distance of two texts; a swap counts as one edit."""
    rows = [list(range(len(other) + 1))]
    for i, mine in enumerate(text, 1):
        row = [i]
        for j, its in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (mine != its))
            if i > 1 and j > 1 and mine == other[j - 2] and text[i - 2] == its:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


names = st.text("abc-", min_size=3, max_size=6).map(lambda text: f"x{text}x")


@given(st.lists(names, min_size=1, max_size=6), names)
def test_typo_is_found_exactly_if_a_naive_search_finds_it(hosts: list[str], host: str) -> None:
    policy = CorsPolicy(allow_origins=[f"https://{each}.test" for each in hosts])
    page = f"https://{host}.test"
    if host in hosts:
        return
    found = compare_origins(policy, page)
    nearest = [near.nearest for near in found if "letter" in near.message]
    expected = {f"https://{each}.test" for each in hosts if distance(host, each) == 1}
    assert bool(nearest) == bool(expected)
    assert set(nearest) <= expected


@pytest.mark.parametrize(
    ("pattern", "page"),
    [
        ("https://t{}.example.com", "https://t5.exmple.com"),
        ("https://*.t{}.example.com", "https://a.t77777.exmple.com"),
        ("https://t{}.example.com:{}", "https://untrusted.test:1"),
    ],
)
def test_search_in_100_000_origins_is_fast(pattern: str, page: str) -> None:
    origins = [pattern.replace("{}", str(number), 1) for number in range(100_000)]
    origins = [each.replace("{}", str(1000 + at % 60_000)) for at, each in enumerate(origins)]
    policy = CorsPolicy(allow_origins=origins)
    start = time.process_time()
    found = compare_origins(policy, page)
    assert time.process_time() - start < 2.0
    assert bool(found) == ("exmple" in page)


def test_longest_host_is_not_searched_letter_by_letter() -> None:
    host = ".".join(["a" * 60] * 4)
    policy = CorsPolicy(allow_origins=[f"https://{host}b.test"])
    assert split_origin(f"https://{host}.test")
    assert compare_origins(policy, f"https://{host}.test") == ()
