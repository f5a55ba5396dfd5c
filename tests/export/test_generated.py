"""A proxy with an exported policy sends what the policy decides, for generated policies."""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from corekit import CorsPolicy, Decision
from corekit._origins import DEFAULT_PORTS, is_serialized_origin
from tests.export.every import EXACT
from tests.export.proxies import Proxy, running, write_configuration
from tests.properties.strategies import Preflight, Setup, near_misses, preflights, setups

POLICIES: Final = 200 if settings().max_examples >= 200 else 20
"""200 with the profile `ci`."""
ORIGINS: Final = 500
"""Origins for each policy: 100,000 for all."""

_CHARACTERS: Final = ".-:/x1A*@ \xe4"
_LISTS: Final = ("access-control-allow-methods", "access-control-allow-headers")
_PRIVATE: Final = "Access-Control-Request-Private-Network"
_replace_address = re.compile(r"//\[[0-9a-f:]{2,39}\]").sub
_is_with_port = re.compile(r"([a-z][^:]*)(://.*:)([1-9][0-9]{0,4})").fullmatch

Seen = tuple[int, dict[str, list[str]]]


def neighbors(origin: str) -> Iterator[str]:
    """Yield what differs from an origin in one character."""
    yield origin
    for at in range(len(origin) + 1):
        yield origin[:at] + origin[at + 1 :]
        for character in _CHARACTERS:
            yield origin[:at] + character + origin[at:]
            yield origin[:at] + character + origin[at + 1 :]


def is_sent_as_it_is(value: str) -> bool:
    """Return whether every proxy reads a value as it is: not empty, no white space around it."""
    return value != "" and value == value.strip() and value.isprintable() and value <= "\xff" * 99


def as_browsers_ask(request: Preflight) -> Preflight:
    """Return a preflight whose header names are sorted, in lower case, and not ``*``."""
    names = {each.lower() for each in (request.request_headers or "").split(",")} - {"", "*"}
    return request._replace(request_headers=",".join(sorted(names)) or None)


def known(origin: str) -> str:
    """Return an origin that the policy decides as a proxy does one that no browser sends.

    It has a port that exists, and an IPv6 address as a browser writes it, if it has one.
    """
    if is_serialized_origin(origin):
        return origin
    match = _is_with_port(origin)
    if match is not None:
        scheme, before, port = match.groups()
        if int(port) > 65535 or port == DEFAULT_PORTS.get(scheme):
            origin = f"{scheme}{before}64999"
    return origin if is_serialized_origin(origin) else _replace_address("//[::beef]", origin)


def ask_all(port: int, requests: Sequence[Preflight]) -> Iterator[Seen]:
    """Send preflights over one connection; yield the status and the headers of each response."""
    with (
        socket.create_connection(("127.0.0.1", port), 20) as connection,
        connection.makefile("rb") as reader,
    ):
        # One by one, since Envoy does not read several requests at once.
        for request in requests:
            connection.sendall(_bytes_of(request))
            yield _read(reader)


def _bytes_of(request: Preflight) -> bytes:
    fields = {
        "Host": "api.example.com",
        "Origin": request.origin,
        "Access-Control-Request-Method": request.request_method,
        "Access-Control-Request-Headers": request.request_headers,
        _PRIVATE: request.request_private_network,
    }
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join(["OPTIONS /200 HTTP/1.1", *lines, "", ""]).encode("latin-1")


def _read(reader: BinaryIO) -> Seen:
    status = int(reader.readline().split()[1])
    headers: dict[str, list[str]] = {}
    while line := reader.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    length = int(headers.get("content-length", ["0"])[0])
    reader.read(length)
    return status, headers


def parts(name: str, values: Sequence[str]) -> object:
    """Return the value of a header for comparison: lists are sets."""
    if name in _LISTS:
        return {part.strip() for value in values for part in value.split(",")}
    return list(values)


def of_interest(headers: dict[str, list[str]]) -> dict[str, object]:
    return {
        name: parts(name, values)
        for name, values in headers.items()
        if name.startswith("access-control-") or name == "vary"
    }


def decided(decision: Decision) -> Seen:
    headers = {name.lower(): [value] for name, value in decision.headers}
    if decision.vary:
        headers["vary"] = [", ".join(decision.vary)]
    assert decision.status is not None
    return decision.status, headers


def check(port: int, policy: CorsPolicy, requests: Sequence[Preflight]) -> None:
    for request, (status, headers) in zip(requests, ask_all(port, requests), strict=True):
        expected = policy.decide("OPTIONS", **request._asdict())
        other = policy.decide("OPTIONS", **request._replace(origin=known(request.origin))._asdict())
        if other.status != expected.status:
            assert status == other.status
            continue
        wanted, fields = decided(expected)
        assert (status, of_interest(headers)) == (wanted, of_interest(fields)), request


@st.composite
def many_origins(draw: st.DrawFn, setup: Setup) -> list[str]:
    """Draw origins that a policy allows or nearly does, and those around them."""
    pool = setup.origins if setup.origins != ["*"] else ["https://app.example.com"]
    origins = draw(st.lists(near_misses(pool), min_size=8, max_size=8))
    chance = random.Random(draw(st.integers(0, 2**32)))
    around = [each for origin in origins for each in neighbors(origin) if is_sent_as_it_is(each)]
    return [*filter(is_sent_as_it_is, origins), *chance.choices(around, k=ORIGINS)][:ORIGINS]


@pytest.mark.parametrize("proxy", EXACT, ids=str)
@given(data=st.data())
@settings(max_examples=POLICIES, phases=[Phase.reuse, Phase.generate])  # each starts a proxy
def test_preflights_are_those_of_the_policy(
    proxy: Proxy, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    setup: Setup = data.draw(setups())
    chosen = data.draw(many_origins(setup))
    asked = data.draw(
        st.lists(
            preflights(setup).filter(lambda each: is_sent_as_it_is(each.origin)),
            min_size=20,
            max_size=20,
        )
    )
    folder = tmp_path_factory.mktemp(proxy.name)
    text = write_configuration(proxy, setup.policy, "http://127.0.0.1:9")
    with running(proxy, text, folder) as port:
        check(port, setup.policy, [Preflight(each, "PUT", None, None) for each in chosen])
        check(port, setup.policy, [*map(as_browsers_ask, asked)])
