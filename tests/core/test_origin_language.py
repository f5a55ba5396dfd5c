"""What a set of origins has, proven by origins, however the set is written."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corekit import CorsPolicy, PolicyError, _origin_language
from corekit._automata import TooManyStates
from corekit._origin_kinds import Kind, automaton_of, pattern_source
from corekit._origin_language import Opening, OriginLanguage
from corekit._origins import (
    OriginPattern,
    OriginSet,
    is_hostless,
    is_loopback,
    is_serialized_origin,
)
from corekit._regexes import find_problems
from corekit.compat import RegexCorsPolicy
from corekit.problems import RISKS, Problem


def language(source: str) -> OriginLanguage:
    return OriginLanguage.of_regex(re.compile(source))


@pytest.mark.parametrize(
    ("source", "suffix", "origin"),
    [
        # The top-level domain is open.
        (r".*", "", "https://evil.example"),
        (r"https?://.+", "", "https://evil.example"),
        (r"https://.*\.example\.com.*", "", "https://x.example.com.evil.example"),
        (r"https://[^.]+\.example\.com(:\d+)?/?.*", "", "https://x.example.com.evil.example"),
        (r".*example.*", "", "https://evil.example"),
        (r"https://app\.(.+)$", "", "https://app.evil.example"),
        (r"https://app\.example\.[a-z]+", "", "https://app.example.evil"),
        (r"https://\w+\.\w+\.\w+", "", "https://x.evil.example"),
        (r"https://.*:\d+", "", "https://evil.example:1"),
        (r"https?://localhost.*", "", "https://localhost.evil.example"),
        (r"(?:https://app\.example\.com)?.*", "", "https://evil.example"),
        # So is the address.
        (r"https://\d+\.\d+\.\d+\.\d+", "", "https://1.1.1.1"),
        (r"https://203\.0\.113\.\d+", "", "https://203.0.113.1"),
        (r"https://\[.*\]", "", "https://[::]"),
        # The label below a public suffix is open.
        (r"https://.*example\.com", "com", "https://evilexample.com"),
        (r"https://pr-\d+.example\.com", "com", "https://pr-1xexample.com"),
        (r"https://app.example\.com", "com", "https://appxexample.com"),
        (r"https://app\.example.com", "", None),
        (r"https://a\.co\.uk|https://\w+\.co\.uk", "co.uk", "https://evil.co.uk"),
        (r"https://shop-.*\.vercel\.app", "vercel.app", "https://shop-evil.vercel.app"),
        (r"https://[\w-]+\.github\.io\.?(:\d+)?", "github.io", "https://evil.github.io"),
        (r"https://(a|b\.[a-z]+)\.(com|co\.uk)", "com", None),
        (r"https://.*\.platform\.sh", "ent.platform.sh", "https://evil.ent.platform.sh"),
        (r"https://.*\.platform\.sh\.", "ent.platform.sh", "https://evil.ent.platform.sh."),
        (r"ftp://.*\.com", "com", "ftp://evil.com"),
        (r"https://\w+\.\w+\.ex\.ortsinfo\.at", "ex.ortsinfo.at", None),
        # Each of these is one site, or some sites that are written out.
        (r"https://.*-staging\.example\.com", None, None),
        (r"https://[a-z-]+\.example\.com", None, None),
        (r"^https://(?:.*\.)?example\.com(?::\d+)?$", None, None),
        (r"https://(a|b)\.example\.(com|org|co\.uk)", None, None),
        (r"https://[a-d]\.example\.com|https://[a-o]\.com", None, None),
        (r"https://.*\.localhost|https://.*\.internal:\d+", None, None),
        (r"https?://(10\.\d+|192\.168)\.\d+\.\d+", None, None),
        (r"https://\[fd00::[0-9a-f]+\]|https://\[2001:db8::[1-9]\]", None, None),
        (r"https://203\.0\.113\.[1-9]", None, None),
        (r"[a-z-]+-extension://.*", None, None),
        (r"https://\w+\.ex\.ortsinfo\.at", None, None),
        # Too long for a host.
        (r"https://(a{300}|b)\.example\.com", None, None),
        (r"https://(a{300}|b)\.com", None, None),
    ],
)
def test_open_site_is_found_exactly(source: str, suffix: str | None, origin: str | None) -> None:
    opening = language(source).find_open_site()
    assert language(source).has_open_site() is (opening is not None)
    assert (opening and opening.suffix) == suffix
    if opening is not None:
        assert re.fullmatch(source, opening.origin)
        assert is_serialized_origin(opening.origin)
        assert origin is None or opening.origin == origin


def test_a_site_is_open_even_if_no_origin_proves_it() -> None:
    opening = language(r"https://a{300}[a-z]+\.com").find_open_site()
    assert opening == Opening("com", "")


@pytest.mark.parametrize(
    ("source", "origin"),
    [
        (r"http://a\.example\.com", "http://a.example.com"),
        (r"https?://.*\.example\.com", "http://x.example.com"),
        (r"(?:http(s)?://a\.example\.com)", "http://a.example.com"),
        (r"(https://a\.example\.com|http://b\.example\.com:8080)", "http://b.example.com:8080"),
        (r".*-staging\.example\.com", "http://-staging.example.com"),
        (r"http://192\.168\.1\.\d+(:\d+)?", "http://192.168.1.1"),
        (r"http://localhost.*", "http://localhostx"),
        (r"http://127\.0\.0\.1\.example\.com", "http://127.0.0.1.example.com"),
        (r"\w+://localhost\.example", "http://localhost.example"),
        (r"https://.*", None),
        (r"^https?://(localhost|127\.0\.0\.1)(:\d+)?$", None),
        (r"http:\/\/localhost:\d+", None),
        (r"http://.*\.localhost:\d+", None),
        (r"http://[a-z]+\.localhost\.?", None),
        (r"http://localhost\.:\d+|http://127(\.\d+){3}|http://\[::1\]", None),
        (r"capacitor://localhost|app://.*", None),
    ],
)
def test_plain_http_of_another_machine_is_found_exactly(source: str, origin: str | None) -> None:
    assert language(source).find_insecure() == origin


@pytest.mark.parametrize(
    "source",
    [
        r"^http://localhost:",
        r"https://App\.example\.com",
        r"https://app\.example\.com/.*",
        r"https://app\.example\.com:443",
        r"https://app\.example\.com:99999",
        r"https://app\.example\.com:08",
        r"https://1\.2",
        r"https://256\.1\.1\.1",
        r"http://\[::0001\]",
        "https://" + "a" * 300,
        r"wss://app\.example\.com",
        r"a^b",
        r"example\.com",
        r"https://a\.\.b",
        r"https://*",
        r"^$",
        r"é",
    ],
)
def test_what_no_browser_sends_is_never_matched(source: str) -> None:
    assert language(source).find_any() is None


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("null", Kind.OPAQUE),
        ("file://", Kind.HOSTLESS),
        ("app://", Kind.HOSTLESS),
        ("tauri://localhost", Kind.APP),
        ("vscode-webview://[a-z0-9]+", Kind.APP),
        ("safari-web-extension://[A-F0-9-]+", Kind.APP),
        (r"https://\[2001:db8::1\]", Kind.IPV6),
        (r"http://10\.0\.0\.1:8080", Kind.IPV4),
        (r"https://example\.com\.?", Kind.DOMAIN),
        ("ftp://example", Kind.DOMAIN),
    ],
)
def test_origin_is_of_one_kind(source: str, kind: Kind) -> None:
    found = [each for each in Kind if language(source).find(each)]
    assert found == [kind]


HOSTS = ("example.com", "localhost", "co.uk", "vercel.app", "platform.sh", "ck", "internal", "com.")
LABELS = (None, "*", "pr-*", "*-x")
PATTERNS = st.builds(
    lambda scheme, label, host, port: f"{scheme}://{label or 'app'}.{host}{port}",
    st.sampled_from(["http", "https"]),
    st.sampled_from(LABELS),
    st.sampled_from(HOSTS),
    st.sampled_from(["", ":8443", ":*"]),
)
RANDOM_PATTERNS = st.builds(
    lambda scheme, label, labels, port: f"{scheme}://{label}.{'.'.join(labels)}{port}",
    st.sampled_from(["http", "https", "tauri"]),
    st.sampled_from(["*", "a*", "*-b", "a"]),
    st.lists(
        st.sampled_from(["a", "b2", "com", "example", "github", "io", "local"]),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["", ":1", ":*"]),
)


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str]:
    """Return a pattern, and one of the regular expressions of the same origins."""
    pattern = draw(PATTERNS | RANDOM_PATTERNS)
    source = pattern_source(pattern)
    several = draw(st.sampled_from([r"([a-z0-9_-]+\.)+", r".*\.", r"(?:[\w-]+\.)+", r"[^/:]+\."]))
    port = draw(st.sampled_from(["(:[1-9][0-9]*)?", r"(?::\d+)?", r"(|:\d{1,5})"]))
    label = draw(st.sampled_from(["[a-z0-9_-]+", r"[\w-]+", r"[^.]+", r"[^./:]{1,63}"]))
    source = source.replace(r"([a-z0-9_-]+\.)+", "<several>").replace("[a-z0-9_-]+", label)
    source = source.replace("<several>", several).replace("(:[1-9][0-9]*)?", port)
    wrap = draw(st.sampled_from(["{}", "^{}$", "(?:{})", r"\A{}\Z", "({0}|{0})", "(?i){}"]))
    if not pattern.startswith("http"):
        # Only hosts of web pages are always in lower case.
        wrap = wrap.replace("(?i)", "")
    return pattern, wrap.format(source)


def problems_of(policy: type[CorsPolicy], **arguments: object) -> list[Problem]:
    try:
        policy(**{"allow_credentials": True, **arguments})  # type: ignore[arg-type]
    except PolicyError as error:
        return list(error.problems)
    return []


def plain_hint(problem: Problem) -> str:
    # The fix is written like the setting itself, a regular expression as r'...'.
    return re.sub(r"r?'[^']*'", "'...'", problem.hint)


# The sets that can be written are many, so this is a large number in the profile for CI.
MANY_PAIRS = 10 * settings().max_examples


@settings(max_examples=MANY_PAIRS)
@given(spellings(), st.sampled_from([(), *((risk,) for risk in sorted(RISKS))]))
def test_equal_sets_get_equal_verdicts_however_they_are_written(
    each: tuple[str, str], accepted: tuple[str, ...]
) -> None:
    pattern, source = each
    for credentials in (False, True):
        given = {"accept_risks": accepted, "allow_credentials": credentials}
        as_pattern = problems_of(CorsPolicy, allow_origins=[pattern], **given)
        as_regex = problems_of(RegexCorsPolicy, allow_origin_regexes=[source], **given)
        assert [one.code for one in as_pattern] == [one.code for one in as_regex]
        assert list(map(plain_hint, as_pattern)) == list(map(plain_hint, as_regex))
        suffixes = [
            [one.parameters.get("suffix") for one in each] for each in (as_pattern, as_regex)
        ]
        assert suffixes[0] == suffixes[1]


@given(spellings(), st.lists(spellings(), max_size=4))
def test_inclusion_agrees_with_look_ups(
    whole: tuple[str, str], parts: list[tuple[str, str]]
) -> None:
    patterns = [pattern for pattern, _ in parts]
    union = OriginSet(
        [each for each in patterns if "*" not in each],
        [parsed for each in patterns if (parsed := OriginPattern.parse(each))],
    )
    found = language(whole[1]).find_outside([automaton_of(source) for _, source in parts])
    if found is not None:
        assert re.fullmatch(whole[1], found)
        assert found not in union
    elif "*" not in whole[0]:
        assert whole[0] in union
    else:
        for label in ("x", "x.y", "a", "ab", "x-b", "pr-1", "pr-1-x"):
            for port in ("", ":8443", ":7"):
                origin = whole[0].replace(":*", port).replace("*", label)
                assert origin in union or not re.fullmatch(whole[1], origin)


ORIGINS = st.sampled_from(
    """https://a.com https://a.b.co.uk http://localhost:80 http://localhost http://127.1.1.1:5
    http://127.0.0.1.x https://1.2.3 https://1.2.3.4 https://0x1 https://a.1a https://a.0xg http://x.
    https://x.. ftp://x:21 ftp://x:22 app:// file:// https:// ws://x null NULL chrome-extension://Ab
    https://[::1] https://[::0] http://[1:2:3:4:5:6:7:8] https://[1::2::3] https://[0:0:1::]
    https://a:0 https://a:65535 https://a:65536 https://-a_ https://A x://y.z.:8""".split()
)


@given(
    ORIGINS | st.from_regex(r"(https?|x|ftp)://[a-c0x.\[\]:-]{1,12}(:[0-9]{1,5})?", fullmatch=True)
)
def test_kinds_have_the_origins_that_are_sent(origin: str) -> None:
    kinds = [kind for kind in Kind if kind.origins.matches(origin)]
    is_sent = is_serialized_origin(origin) or is_hostless(origin)
    assert len(kinds) <= 1
    if is_sent:
        assert kinds
    elif kinds:
        # What an automaton does not count, and which run of zeros an address leaves out.
        assert kinds == [Kind.IPV6] or origin != origin.lower()


@given(st.sets(st.sampled_from(["a.com", "b.a.com", "c.co.uk", "d.github.io", "localhost"])))
def test_written_out_sites_are_never_open(hosts: set[str]) -> None:
    source = "|".join(f"https?://{re.escape(host)}" for host in sorted(hosts)) or "null"
    assert language(source).find_open_site() is None
    assert bool(language(source).find_insecure()) == any(not is_loopback(each) for each in hosts)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (r"^http://localhost:", "never-matches"),
        (r"https://*.example.com", "never-matches"),
        (r"https://(a+)+", "slow-regex"),
        (r"(?!x).*", "opaque-origin"),
    ],
)
def test_what_can_never_work_is_refused_without_credentials(source: str, code: str) -> None:
    found = find_problems(re.compile(source), credentials=False)
    assert [each.kind.code for each in found] == [code]


def test_what_is_not_known_is_a_risk_with_credentials_only() -> None:
    source = r"https://(?!evil)\w+\.example\.com"
    RegexCorsPolicy(allow_origin_regexes=[source])
    (problem,) = problems_of(RegexCorsPolicy, allow_origin_regexes=[source])
    assert problem.code == "opaque-regex"
    policy = RegexCorsPolicy(
        allow_origin_regexes=[source], allow_credentials=True, accept_risks=["opaque-regex"]
    )
    assert policy.decide("GET", origin="https://a.example.com").allowed


def test_alternation_of_subdomains_is_judged() -> None:
    hosts = "|".join(rf"(?:.*\.)?s{number}\.com" for number in range(31))
    (problem,) = problems_of(RegexCorsPolicy, allow_origin_regexes=[f"https://(?:{hosts})"])
    assert problem.code == "public-suffix"


def test_what_is_too_large_is_opaque() -> None:
    hosts = "|".join(map("".join, product("abcdefgh", repeat=3)))
    source = rf"https://({hosts})+\.example\.com"
    with pytest.raises(TooManyStates):
        language(source)
    (problem,) = problems_of(RegexCorsPolicy, allow_origin_regexes=[source])
    assert problem.code == "opaque-regex"


def test_that_no_origin_was_confirmed_does_not_prove_that_no_origin_exists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusing = OriginLanguage(automaton_of("https://ab?"), lambda _: False)
    assert refusing.find_any() is None
    monkeypatch.setattr(_origin_language, "_MOST_ATTEMPTS", 0)
    with pytest.raises(TooManyStates):
        refusing.find_any()


@pytest.mark.parametrize(
    ("source", "sites"),
    [
        (r"https://(.*\.example\.com|(a|b)\.github\.io)", "a.github.io b.github.io example.com"),
        # A public suffix is a site if it is a host itself.
        (r"https://(github\.io|app\.github\.io|a\.co\.uk)", "a.co.uk app.github.io github.io"),
        (r"https://co\.uk|https://localhost|https://[a-z]+\.co\.uk", "co.uk localhost"),
        (r"https://127\.0\.0\.1", ""),
    ],
)
def test_sites_are_the_registrable_domains(source: str, sites: str) -> None:
    assert sorted(language(source).sites()) == sites.split()
