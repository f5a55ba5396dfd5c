"""The arguments of an `OriginLookup`: wrong ones stop the server, with the fix."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit_lookups import LookupRequest, OriginLookup
from tests.clock import Clock

REQUEST: Final = LookupRequest("https", "api.example.com", "/")


def allow(origin: str) -> bool:
    return True


async def allow_async(origin: str) -> bool:
    return True


def allow_tenant(origin: str, tenant: str) -> bool:
    return True


def host_of(request: LookupRequest) -> str:
    return request.host


class Allow:
    def __call__(self, origin: str) -> bool:
        return True


class AllowAsync:
    async def __call__(self, origin: str) -> bool:
        return True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lookup": None}, "lookup is of type NoneType: None. Pass a function: lookup(origin)."),
        ({"lookup": Allow}, "lookup is the class Allow. Pass an instance or a function."),
        ({"tenant": "host"}, "tenant is of type str: 'host'. Pass a function: tenant(request)."),
        ({"tenant": Allow}, "tenant is the class Allow."),
        ({"tenant": allow_async}, "tenant is an async function. Pass one that is not."),
        ({"ttl": "60"}, "ttl is of type str. Pass a number of seconds."),
        ({"ttl": True}, "ttl is of type bool."),
        ({"size": 1.5}, "size is of type float. Pass a whole number."),
        ({"concurrency": True}, "concurrency is of type bool."),
        ({"accept_risks": "insecure-origin"}, "accept_risks is of type str. Pass a list"),
        ({"accept_risks": 1}, "accept_risks is of type int."),
    ],
)
def test_wrong_type_is_an_error(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        OriginLookup(**{"lookup": allow, **arguments})
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ttl": -1}, "ttl is -1. Pass a number of seconds from 0."),
        ({"negative_ttl": float("nan")}, "negative_ttl is nan. Pass a number of seconds from 0."),
        ({"stale_if_error": float("inf")}, "stale_if_error is inf."),
        ({"timeout": 0}, "timeout is 0. Pass a number of seconds from 0.001."),
        ({"size": 0}, "size is 0. Pass a whole number from 1."),
        ({"concurrency": -1}, "concurrency is -1. Pass a whole number from 1."),
        ({"accept_risks": ["http"]}, "accept_risks has 'http'. The risks of a look-up are"),
    ],
)
def test_wrong_value_is_an_error(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        OriginLookup(**{"lookup": allow, **arguments})
    assert str(caught.value).startswith(message)


def test_smallest_values_are_valid() -> None:
    smallest: dict[str, Any] = {
        "ttl": 0,
        "negative_ttl": 0,
        "size": 1,
        "concurrency": 1,
        "stale_if_error": 0,
    }
    lookup = OriginLookup(allow, timeout=0.001, clock=Clock(), **smallest)
    assert lookup.ask_sync("https://a.example", REQUEST).allowed


@pytest.mark.parametrize(
    ("function", "is_async"),
    [
        (allow, False),
        (Allow(), False),
        (partial(allow), False),
        (allow_async, True),
        (AllowAsync(), True),
        (partial(allow_async), True),
    ],
)
def test_async_functions_are_known(function: Any, is_async: bool) -> None:
    lookup = OriginLookup(function)
    assert lookup.is_async is is_async
    if is_async:
        with pytest.raises(TypeError, match="lookup is an async function"):
            lookup.ask_sync("https://a.example", REQUEST)


def test_look_up_follows_the_rules_of_the_policy() -> None:
    policy = CorsPolicy(allow_origins=["https://example.com"], allow_credentials=True)
    insecure = "http://a.example"
    assert not OriginLookup(allow).is_asked(policy.engine, insecure)
    assert OriginLookup(allow, accept_risks=["insecure-origin"]).is_asked(policy.engine, insecure)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lookup": allow_tenant}, "lookup takes other arguments. It is called as lookup(origin)."),
        (
            {"lookup": allow, "tenant": str},
            "tenant is the class str. Pass an instance or a function.",
        ),
        (
            {"lookup": allow, "tenant": host_of},
            "lookup takes other arguments. It is called as lookup(origin, tenant).",
        ),
        (
            {"lookup": allow_tenant, "tenant": allow_tenant},
            "tenant takes other arguments. It is called as tenant(request).",
        ),
    ],
)
def test_function_takes_what_it_is_called_with(arguments: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        OriginLookup(**arguments)
    assert str(caught.value) == message


def test_function_of_c_may_have_no_signature() -> None:
    # Since it says nothing about its arguments, it is found out with the first request.
    assert OriginLookup(max).is_async is False  # type: ignore[arg-type]
