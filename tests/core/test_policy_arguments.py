"""Accepted values for each argument of a policy, and the values that are stored."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from enum import Enum, IntEnum, StrEnum
from http import HTTPMethod, HTTPStatus
from typing import Any

import pytest

from corekit import CorsPolicy
from tests.core.rejections import APP, codes_of, problem_of, problems_of

OTHER = "https://other.example.com"


def generate(texts: Iterable[str]) -> Iterator[str]:
    yield from texts


@pytest.mark.parametrize(
    "collect",
    [list, tuple, set, frozenset, dict.fromkeys, deque, generate, iter, lambda it: map(str, it)],
)
def test_any_collection_of_strings_is_accepted(collect: Callable[[Any], Any]) -> None:
    origins = collect([APP, OTHER, APP])
    policy = CorsPolicy(allow_origins=origins.keys() if isinstance(origins, dict) else origins)
    assert policy.allow_origins == (APP, OTHER)
    assert policy.decide("GET", origin=OTHER).allowed


def test_order_is_kept_and_duplicates_are_dropped() -> None:
    policy = CorsPolicy(
        allow_origins=[OTHER, APP, OTHER],
        allow_methods=["PUT", "DELETE", "PUT"],
        allow_headers=["x-b", "X-A", "x-a", "X-B"],
        expose_headers=["X-Z", "x-y", "x-z"],
    )
    assert policy.allow_origins == (OTHER, APP)
    assert policy.allow_methods == ("PUT", "DELETE")
    assert policy.allow_headers == ("x-b", "x-a")
    assert policy.expose_headers == ("x-z", "x-y")


SETS = """
from corekit import CorsPolicy, PolicyError
names = {"x-b", "X-A", "x-c", "x-d", "x-e", "x-f"}
policy = CorsPolicy(
    allow_origins={f"https://{name}.example" for name in "abcdefgh"},
    allow_methods={"PUT", "DELETE", "PATCH"},
    allow_headers=names,
    expose_headers=names,
)
print(policy)
print(policy.decide("OPTIONS", origin="https://a.example", request_method="PUT").headers)
try:
    CorsPolicy(allow_origins={"b.example", "a.example", "https://c.example", "d.example/x"},
        allow_headers={"b b", "a a", "cookie", "origin"}, accept_risks={"nothing", "all", "some"})
except PolicyError as error:
    print(error)
"""


def test_sets_have_the_same_order_in_every_process() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SETS],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2", "3")
    }
    (output,) = outputs
    assert "allow_headers=['x-a', 'x-b', 'x-c', 'x-d', 'x-e', 'x-f']" in output
    assert "allow_origins[0] = 'a.example'" in output


def test_sets_are_sorted() -> None:
    names = [f"X-{letter}" for letter in "abcdefghijklmnop"]
    policy = CorsPolicy(allow_origins=[APP], allow_headers=frozenset(names))
    assert policy.allow_headers == tuple(name.lower() for name in names)


def test_wrong_type_in_a_set_is_reported_first() -> None:
    for mixed in ({"PUT", None}, {"A", 1}, {"TRACE", None}):
        assert problems_of(allow_methods=mixed)[0].subject == "allow_methods[0]"
        assert problems_of(allow_methods=mixed)[0].code == "wrong-type"


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        (
            {"allow_origins": ["null", "x"], "accept_risks": ["opaque-origin"]},
            "malformed-origin",
            "[1]",
        ),
        ({"allow_methods": ["*", "put"]}, "method-case", "[1]"),
        ({"allow_methods": ["PUT", "put"]}, "method-case", "[1]"),
        ({"allow_headers": ["*", "x-a", "cookie"]}, "forbidden-header", "[2]"),
        ({"expose_headers": ["*", "x-a", "set-cookie"]}, "forbidden-header", "[2]"),
        ({"allow_origins": ["null"], "accept_risks": ["opaque-origin", "x"]}, "unknown-risk", ""),
    ],
)
def test_values_after_a_valid_one_are_checked(
    arguments: dict[str, Any], code: str, field: str
) -> None:
    problem = problem_of(**arguments)
    assert problem.code == code
    assert problem.subject.endswith(field)


class Text(str):
    """A str with other methods, like markup-safe strings and translations."""

    __slots__ = ()

    def __str__(self) -> str:
        return "https://evil.example"

    def lower(self) -> str:
        return "x-evil"


class Env(StrEnum):
    APP = APP


class Old(str, Enum):  # noqa: UP042 - still in use, and its str() is not its value
    APP = APP


def test_subclasses_of_str_are_converted() -> None:
    policy = CorsPolicy(
        allow_origins=[Text(APP), Env.APP, Old.APP],
        allow_methods=[HTTPMethod.PUT, Text("PATCH")],
        allow_headers=[Text("X-A")],
        expose_headers=[Text("x-b")],
    )
    assert repr(policy) == (
        f"CorsPolicy(allow_origins=['{APP}'], allow_methods=['PUT', 'PATCH'],"
        " allow_headers=['x-a'], expose_headers=['x-b'])"
    )
    for values in (policy.allow_origins, policy.allow_methods, policy.allow_headers):
        assert {type(text) for text in values} == {str}


class Age(int, Enum):
    HOUR = 3600


class Status(IntEnum):
    FINE = 200


def test_subclasses_of_int_are_converted() -> None:
    policy = CorsPolicy(allow_origins=[APP], max_age=Age.HOUR, preflight_status=Status.FINE)
    assert type(policy.max_age) is type(policy.preflight_status) is int
    assert (
        repr(policy) == f"CorsPolicy(allow_origins=['{APP}'], max_age=3600, preflight_status=200)"
    )
    decision = policy.decide("OPTIONS", origin=APP, request_method="GET")
    assert ("Access-Control-Max-Age", "3600") in decision.headers
    assert decision.status == 200
    other = CorsPolicy(allow_origins=[APP], preflight_status=HTTPStatus.ACCEPTED)
    assert eval(repr(other)) == other


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        (0, 0),
        (1, 1),
        (86_400, 86_400),
        (timedelta(0), 0),
        (timedelta(minutes=10), 600),
        (timedelta(days=1), 86_400),
    ],
)
def test_max_age_is_whole_seconds(given: Any, expected: int | None) -> None:
    assert CorsPolicy(allow_origins=[APP], max_age=given).max_age == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (-1, "max-age"),
        (86_401, "max-age"),
        (timedelta(seconds=-1), "max-age"),
        (timedelta(days=1, seconds=1), "max-age"),
        (timedelta(milliseconds=1), "max-age"),
        (timedelta(microseconds=-1), "max-age"),
        (600.0, "wrong-type"),
        (0.0, "wrong-type"),
        ("600", "wrong-type"),
        (True, "wrong-type"),
        (False, "wrong-type"),
        ([600], "wrong-type"),
        (float("nan"), "wrong-type"),
        (2**200, "max-age"),
    ],
)
def test_other_max_age_is_rejected(given: Any, code: str) -> None:
    assert codes_of(max_age=given) == [code]


@pytest.mark.parametrize("status", [200, 204, 299])
def test_ok_preflight_status_is_accepted(status: int) -> None:
    policy = CorsPolicy(allow_origins=[APP], preflight_status=status)
    assert policy.decide("OPTIONS", origin=APP, request_method="GET").status == status


@pytest.mark.parametrize("status", [199, 300, 0, -204, 403, 2**200])
def test_other_preflight_status_is_rejected(status: int) -> None:
    assert codes_of(preflight_status=status) == ["preflight-status"]


@pytest.mark.parametrize("status", [True, "204", 204.0, None])
def test_preflight_status_of_another_type_is_rejected(status: Any) -> None:
    assert codes_of(preflight_status=status) == ["wrong-type"]


COLLECTIONS = ["allow_origins", "allow_methods", "allow_headers", "expose_headers", "accept_risks"]


@pytest.mark.parametrize("field", COLLECTIONS)
@pytest.mark.parametrize("value", ["*", "", "x-a", b"x-a", bytearray(b"x"), {"x-a": 1}, {}])
def test_single_string_or_mapping_is_rejected(field: str, value: Any) -> None:
    problem = problem_of(**{field: value})
    assert (problem.code, problem.subject) == ("string-not-collection", field)


@pytest.mark.parametrize("field", COLLECTIONS)
@pytest.mark.parametrize("value", [None, 1, True, 1.5, object(), str])
def test_other_type_than_a_collection_is_rejected(field: str, value: Any) -> None:
    problem = problem_of(**{field: value})
    assert (problem.code, problem.subject) == ("wrong-type", field)


@pytest.mark.parametrize("field", COLLECTIONS)
def test_problem_of_an_element_has_its_index(field: str) -> None:
    good = {"allow_origins": APP, "accept_risks": "opaque-origin"}.get(field, "x-a")
    problems = problems_of(**{field: [good, None, b"x", ["x-a"], 1]})
    assert [(p.code, p.subject) for p in problems if p.code == "wrong-type"] == [
        ("wrong-type", f"{field}[{index}]") for index in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("put", "method-case"),
        ("Delete", "method-case"),
        ("patch", "method-case"),
        ("propfind", "method-case"),
        ("connect", "forbidden-method"),
        ("CONNECT", "forbidden-method"),
        ("Track", "forbidden-method"),
        ("trace", "forbidden-method"),
        ("", "invalid-method"),
        ("PUT ", "invalid-method"),
        ("PUT\n", "invalid-method"),
        ("GET,PUT", "invalid-method"),
        ("**", "invalid-method"),
        ("P*", "invalid-method"),
        ("PÜT", "invalid-method"),
    ],
)
def test_method_that_scripts_cannot_send_is_a_problem(method: str, code: str) -> None:
    assert codes_of(allow_methods=[method]) == [code]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "PROPFIND", "foo", "Foo", "*", "x!y"])
def test_method_that_scripts_can_send_is_accepted(method: str) -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_methods=[method])
    assert policy.allow_methods == (method,)
    assert policy.decide("OPTIONS", origin=APP, request_method=method).allowed


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "invalid-header"),
        ("x a", "invalid-header"),
        ("x-a:", "invalid-header"),
        ("x-a, x-b", "invalid-header"),
        ("x-*", "invalid-header"),
        ("**", "invalid-header"),
        ("x-a\r\n", "invalid-header"),
        ("x-é", "invalid-header"),
        ("HOST", "forbidden-header"),
        ("Sec-Fetch-Mode", "forbidden-header"),
        ("proxy-authorization", "forbidden-header"),
        ("Origin", "forbidden-header"),
        ("access-control-request-headers", "forbidden-header"),
        ("access-control-request-private-network", "forbidden-header"),
        ("Set-Cookie", "forbidden-header"),
        ("Access-Control-Allow-Credentials", "misplaced-header"),
        ("Access-Control-Allow-Headers", "misplaced-header"),
        ("Access-Control-Allow-Methods", "misplaced-header"),
        ("Access-Control-Allow-Origin", "misplaced-header"),
        ("Access-Control-Allow-Private-Network", "misplaced-header"),
        ("Access-Control-Expose-Headers", "misplaced-header"),
        ("Access-Control-Max-Age", "misplaced-header"),
        ("Accept-Ranges", "misplaced-header"),
        ("Age", "misplaced-header"),
        ("Allow", "misplaced-header"),
        ("ETag", "misplaced-header"),
        ("Location", "misplaced-header"),
        ("Retry-After", "misplaced-header"),
        ("Server", "misplaced-header"),
        ("Vary", "misplaced-header"),
        ("WWW-Authenticate", "misplaced-header"),
    ],
)
def test_header_that_scripts_cannot_send_is_a_problem(name: str, code: str) -> None:
    problem = problem_of(allow_headers=[name])
    assert (problem.code, problem.value) == (code, name)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("x:y", "invalid-header"),
        ("Set-Cookie", "forbidden-header"),
        ("set-cookie2", "forbidden-header"),
        ("Cookie", "misplaced-header"),
        ("Accept", "misplaced-header"),
        ("Accept-Language", "misplaced-header"),
        ("Accept-Charset", "misplaced-header"),
        ("Expect", "misplaced-header"),
        ("Host", "misplaced-header"),
        ("If-Match", "misplaced-header"),
        ("If-Modified-Since", "misplaced-header"),
        ("If-None-Match", "misplaced-header"),
        ("If-Range", "misplaced-header"),
        ("If-Unmodified-Since", "misplaced-header"),
        ("Max-Forwards", "misplaced-header"),
        ("Range", "misplaced-header"),
        ("Referer", "misplaced-header"),
        ("TE", "misplaced-header"),
        ("User-Agent", "misplaced-header"),
        ("Access-Control-Request-Headers", "misplaced-header"),
        ("Access-Control-Request-Method", "misplaced-header"),
        ("Access-Control-Request-Private-Network", "misplaced-header"),
        ("Origin", "misplaced-header"),
    ],
)
def test_header_that_scripts_cannot_read_is_a_problem(name: str, code: str) -> None:
    problem = problem_of(expose_headers=[name])
    assert (problem.code, problem.value) == (code, name)


@pytest.mark.parametrize("name", ["Authorization", "ETag", "Retry-After", "WWW-Authenticate", "*"])
def test_header_that_scripts_can_read_is_accepted(name: str) -> None:
    policy = CorsPolicy(allow_origins=[APP], expose_headers=[name])
    assert policy.expose_headers == (name.lower(),)


@pytest.mark.parametrize("name", ["Authorization", "Range", "X-HTTP-Method-Override", "*"])
def test_header_that_scripts_can_send_is_accepted(name: str) -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_headers=[name])
    assert policy.allow_headers == (name.lower(),)


@pytest.mark.parametrize(
    "misspelled", ["origins", "allowed_origins", "allow_origin", "credentials"]
)
def test_misspelled_argument_is_an_error(misspelled: str) -> None:
    arguments: dict[str, Any] = {misspelled: [APP]}
    with pytest.raises(TypeError, match=misspelled):
        CorsPolicy(**arguments)
    with pytest.raises(TypeError, match=misspelled):
        CorsPolicy(allow_origins=[APP]).replace(**arguments)


def test_arguments_are_keywords_and_origins_are_required() -> None:
    with pytest.raises(TypeError, match=r"^CorsPolicy takes keyword arguments only: write"):
        CorsPolicy([APP])  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="no-origins"):
        CorsPolicy()  # type: ignore[call-arg]
