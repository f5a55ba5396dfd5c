"""The complete table, and the comparison of a case with the observed response.

Every application under test responds with `response_of`; every client calls `differences`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.conformance import actual_requests, preflights, responses
from tests.conformance.case import (
    CASE_HEADER,
    GET_ONLY_PATH,
    MISSING_PATH,
    Case,
    Headers,
    Response,
)

__all__ = ["CASES", "Observed", "differences", "find_case", "request_headers", "response_of"]

CASES: Final[tuple[Case, ...]] = (
    *actual_requests.CASES,
    *preflights.CASES,
    *responses.CASES,
)

_BY_NAME: Final[Mapping[str, Case]] = {case.name: case for case in CASES}
_LISTS: Final = frozenset(
    {
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-expose-headers",
    }
)
_BODILESS: Final = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Observed:
    """The observed response, and whether the application was called. Header values are Latin-1."""

    status: int
    headers: Headers
    body: bytes
    ran: bool


def find_case(name: str) -> Case:
    """Return the case with the name in the case header."""
    return _BY_NAME[name]


def request_headers(case: Case) -> Headers:
    """Return the headers of the request, including the one that names the case."""
    return ((CASE_HEADER, case.name), *case.request.headers)


def response_of(name: str) -> Response:
    """Return the application's response, or raise the exception of the case."""
    response = _BY_NAME[name].response
    if response.raises:
        raise RuntimeError("the exception of this case")
    return response


def differences(case: Case, seen: Observed) -> list[str]:
    """Return how the observed response differs from the expected one; empty if it does not."""
    fields: dict[str, list[str]] = {}
    for name, value in seen.headers:
        fields.setdefault(name.lower(), []).append(value)
    cors = {name: values for name, values in fields.items() if name.startswith("access-control-")}
    if case.may_refuse and 400 <= seen.status < 500 and not seen.ran and not cors:
        return []

    expected = case.expected
    found: list[str] = []
    if seen.status != expected.status:
        found.append(f"status {seen.status}, not {expected.status}")
    if seen.ran is not expected.ran:
        found.append(f"the application {'ran' if seen.ran else 'did not run'}")
    for name, value in expected.headers.items():
        if name not in cors:
            found.append(f"no {name}")
        elif len(cors[name]) > 1 or not _same(name, cors[name][0], value):
            found.append(f"{name}: {cors[name]}, not {value!r}")
    found += [f"{name} was not expected" for name in cors if name not in expected.headers]
    vary = _elements(",".join(fields.get("vary", [])).lower())
    if _is_framework_response(case):
        # A framework's error page may depend on the Accept header.
        vary = [name for name in vary if name != "accept"]
    if vary != sorted(expected.vary):
        found.append(f"Vary names {vary}, not {sorted(expected.vary)}")
    return found + _app_differences(case, seen, fields)


def _app_differences(case: Case, seen: Observed, fields: Mapping[str, list[str]]) -> list[str]:
    # If the application responded, its own headers and body are unchanged.
    response = case.response
    if not case.expected.ran or response.raises or seen.status != response.status:
        return []
    found = []
    for name, value in response.headers:
        lower = name.lower()
        if lower == "vary" or lower.startswith("access-control-"):
            continue
        if not any(_is_kept(lower, value, line) for line in fields.get(lower, ())):
            found.append(f"{name} of the application: {fields.get(lower)}, not {value!r}")
    bodiless = case.request.method == "HEAD" or response.status in _BODILESS
    body = b"" if bodiless else b"".join(response.chunks)
    if seen.body != body:
        found.append(f"a body of {len(seen.body)} bytes, not of {len(body)}")
    return found


def _is_framework_response(case: Case) -> bool:
    return case.response.raises or case.request.path in (GET_ONLY_PATH, MISSING_PATH)


def _is_kept(name: str, value: str, line: str) -> bool:
    # Frameworks may write the absolute URL of a path.
    return _content(value) == _content(line) or (name == "location" and line.endswith(value))


def _content(value: str) -> str:
    # Frameworks add the charset of text types.
    return value.partition(";")[0].strip()


def _same(name: str, value: str, expected: str) -> bool:
    if name in _LISTS:
        return _elements(value) == _elements(expected)
    return value == expected


def _elements(value: str) -> list[str]:
    return sorted(part.strip() for part in value.split(",") if part.strip())
