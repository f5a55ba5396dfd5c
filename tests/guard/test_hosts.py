"""The Host header, and lists of hosts, against a naive reading of both."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit.guard.hosts import LOCAL_HOSTS, HostSet, split_host


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("example.com", ("example.com", "")),
        ("EXAMPLE.com", ("example.com", "")),
        ("example.com.", ("example.com", "")),
        ("example.com:", ("example.com", "")),
        ("example.com:80", ("example.com", "80")),
        ("example.com.:80", ("example.com", "80")),
        ("127.0.0.1:8000", ("127.0.0.1", "8000")),
        ("[::1]", ("[::1]", "")),
        ("[::1]:8000", ("[::1]", "8000")),
        ("[::FFFF:1.2.3.4]", ("[::ffff:1.2.3.4]", "")),
        ("a_b.example", ("a_b.example", "")),
        (f"{'a' * 254}", ("a" * 254, "")),
        (f"{'a' * 254}:65535", ("a" * 254, "65535")),
        ("a" * 255, None),
        ("example.com..", None),
        (".", None),
        (".example.com", None),
        ("a..example.com", None),
        ("", None),
        (":80", None),
        ("::1", None),
        ("[::1", None),
        ("example.com:x", None),
        ("example.com:123456", None),
        ("example.com:+80", None),
        ("example.com:\u0661", None),
        ("a b", None),
        ("a,b", None),
        ("a/b", None),
        ("user@example.com", None),
        ("http://example.com", None),
        ("*.example.com", None),
        ("b\u00fccher.example", None),
        ("example.com\n", None),
        ("\u212a.example", None),
    ],
)
def test_split_host(value: str, expected: tuple[str, str] | None) -> None:
    assert split_host(value) == expected


LISTED = ["example.com", "*.sub.example", "api.example:8000", "tls.example:443", "[2001:db8::1]"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("example.com", True),
        ("example.com:1", True),
        ("www.example.com", False),
        ("sub.example", False),
        ("a.sub.example", True),
        ("a.b.sub.example:8000", True),
        ("xsub.example", False),
        ("api.example:8000", True),
        ("api.example:8001", False),
        ("api.example", False),
        ("tls.example", True),
        ("tls.example:443", True),
        ("tls.example:80", False),
        ("[2001:db8::1]:8000", True),
        ("[2001:db8::2]", False),
        ("127.0.0.1", False),
        ("example.com.evil.example", False),
        ("evil-example.com", False),
    ],
)
def test_host_set(host: str, expected: bool) -> None:
    parts = split_host(host)
    assert parts is not None
    assert (parts in HostSet(LISTED)) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("localhost:8000", True),
        ("LOCALHOST.", True),
        ("app.localhost:3000", True),
        ("127.0.0.1", True),
        ("127.255.255.254:9", True),
        ("[::1]:8000", True),
        ("128.0.0.1", False),
        ("127.0.0.1.example.com", False),
        ("127.0.1", False),
        ("127.0.0.01", False),
        ("127.0.0.1.", True),
        ("0.0.0.0", False),
        ("[::]", False),
        ("localhost.example.com", False),
        ("notlocalhost", False),
        ("192.168.1.20", False),
    ],
)
def test_local_hosts(host: str, expected: bool) -> None:
    parts = split_host(host)
    assert parts is not None
    assert (parts in HostSet(LOCAL_HOSTS)) is expected


names = st.sampled_from(["a", "b", "a.b", "b.a", "a.a.b", "ab", "x.a.b", "127.0.0.1", "[::1]"])
ports = st.sampled_from(["", "80", "443", "8000"])
rules = st.builds(
    lambda name, port: f"{name}:{port}" if port else name, names, ports
) | st.sampled_from(["*.a", "*.b", "*.a.b"])


def matches(rule: str, name: str, port: str) -> bool:
    """Return whether one rule of a list matches, read naively."""
    if rule.startswith("*."):
        return name.endswith(rule[1:]) and name != rule[1:]
    if rule == name:
        return True
    return any(rule == f"{name}:{each}" for each in ([port] if port else ["80", "443"]))


@given(st.lists(rules, max_size=4), names, ports)
def test_list_matches_what_one_of_its_rules_matches(
    listed: list[str], name: str, port: str
) -> None:
    expected = any(matches(rule, name, port) for rule in listed)
    assert ((name, port) in HostSet(listed)) is expected


@given(st.text(max_size=40))
def test_what_is_split_is_written_back(value: str) -> None:
    parts = split_host(value)
    if parts is not None:
        name, port = parts
        assert split_host(f"{name}:{port}" if port else name) == parts
        assert name == name.lower()
        assert not name.endswith(".")
