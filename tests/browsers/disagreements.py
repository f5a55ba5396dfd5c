"""Fetches of which engines and the model once made something else: each reduced to its cause.

`hosts` are those that the fetch is redirected through: the page's own (``p``), an API (``a``) and
another one (``o``). Every response allows the page, with credentials.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from corekit.browser import Fetch
from tests.browsers.lab import Lab, Session
from tests.browsers.sessions import API, OTHER, Redirecting

LONG: Final = ("Accept", "a" * 100)
FULL: Final = ("Accept", "a" * 128)
JSON: Final = ("Content-Type", "application/json")
TOKEN: Final = ("Authorization", "Bearer x")
TEXT: Final = "text/plain;charset=utf-8"


class Case(NamedTuple):
    fetch: Fetch
    hosts: str = "a"
    status: int = 307
    bend: str | None = None
    any_origin: bool = False


def get(*headers: tuple[str, str]) -> Fetch:
    return Fetch("", headers=headers)


def post(*headers: tuple[str, str], body: bytes | None = b"body") -> Fetch:
    return Fetch("", "POST", headers, body)


CASES: Final = {
    # Request headers
    "hint": Case(get(("Save-Data", "on"))),
    "hint with a decimal number": Case(get(("DPR", "2.5"))),
    "hint with another value": Case(get(("ECT", "5g"))),
    "hint for another server": Case(get(("DPR", "2"), ("Save-Data", "on")), "pa"),
    "hint for the own server": Case(get(("DPR", "2"), ("Save-Data", "on")), "pp"),
    "user agent": Case(get(("User-Agent", "me"))),
    "header three times, long together": Case(get(LONG, LONG, LONG)),
    "nine full headers": Case(get(*[FULL] * 8, ("Content-Language", "en"))),
    "range twice": Case(get(("Range", "bytes=0-1"), ("Range", "bytes=0-1"))),
    "header twice": Case(get(("X-B", "1"), ("x-b", "2"), ("X-A", "1"))),
    "range up to 2^63 - 1": Case(get(("Range", "bytes=0-9223372036854775807"))),
    "range up to 2^63 - 2": Case(get(("Range", "bytes=0-9223372036854775806"))),
    "range up to 2^64": Case(get(("Range", "bytes=0-18446744073709551616"))),
    # Bodies
    "listener without a body": Case(replace(post(body=None), upload_listener=True)),
    "listener to a GET": Case(replace(get(), upload_listener=True)),
    "listener after a redirect to a GET": Case(replace(post(), upload_listener=True), "aa", 303),
    "header twice with a listener": Case(
        replace(post(("X-B", "1"), ("x-b", "2")), upload_listener=True)
    ),
    "Blob of JSON": Case(replace(post(), body_type="application/json")),
    "Blob of JSON without CORS": Case(
        replace(post(), body_type="application/json", mode="no-cors", credentials="include")
    ),
    "Blob of text without CORS": Case(replace(post(), body_type=TEXT, mode="no-cors")),
    "Blob without CORS, with a type that is dropped": Case(
        replace(post(JSON), body_type=TEXT, mode="no-cors")
    ),
    "bytes": Case(post()),
    # Redirects
    "token, from the own server": Case(get(TOKEN), "pa", 302),
    "JSON, from the own server": Case(post(JSON), "pa", 303),
    "PUT, from the own server": Case(Fetch("", "PUT", (), b"body"), "pa", 303),
    "JSON, two redirects": Case(post(JSON), "aoo", 303),
    "JSON, two redirects from the own server": Case(post(JSON), "paa", 303),
    "JSON, two redirects to the own server": Case(post(JSON), "ppp", 303),
    "text, two redirects": Case(post(("Content-Type", "text/plain")), "aoo", 302),
    "language, two redirects": Case(post(("Content-Language", "en")), "aaa", 303),
    "token, two redirects": Case(get(TOKEN), "aoo"),
    "DELETE with a type": Case(Fetch("", "DELETE", (), b"x", body_type=TEXT), "ap", 302),
    "POST that becomes a GET": Case(post(), "pp", 302),
    "user name, own server": Case(get(), "pp", bend="user"),
    "user name, own server, listener": Case(
        replace(post(), upload_listener=True), "pp", bend="user"
    ),
    "any origin, from the own server": Case(get(), "paa", any_origin=True),
    # URLs
    "blocked port": Case(Fetch("http://api.localhost:6000/")),
    "data": Case(Fetch("data:text/plain,hello")),
}


def case_sessions(lab: Lab) -> Iterator[Session]:
    """Each case twice, so that the preflight cache counts, and with a fragment in between."""
    hosts = {"p": lab.page_host, "a": API, "o": OTHER}
    for number, (name, case) in enumerate(CASES.items()):
        urls = [f"{lab.origin(hosts[key])}/d{number}/{at}" for at, key in enumerate(case.hosts)]
        grants = ["*" if case.any_origin else "echo"] * len(urls)
        server = Redirecting(grants, urls, case.status, len(urls) - 1, lab.page, case.bend)
        fetch = replace(case.fetch, url=case.fetch.url or urls[0])
        fetches = [fetch, replace(fetch, url=f"{fetch.url}#a"), fetch]
        yield Session(f"d{number}", lab.page, fetches, server.answer, note=name)
