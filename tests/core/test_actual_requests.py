"""The answers to all that is no preflight, whole; and to origins that no browser sends."""

from __future__ import annotations

import pytest

from corekit import Reason
from tests.core.answers import (
    APP,
    CREDENTIALS,
    EVIL,
    EXPOSE,
    ORIGIN,
    SUB,
    Case,
    check,
    get,
    options,
)

CASES = {
    # 1. No Origin: untouched, but for Vary or the static answer.
    "no origin": Case("plain", get(None), Reason.NOT_CORS),
    "no origin, with credentials": Case("full", get(None), Reason.NOT_CORS),
    "no origin, public": Case(
        "public", get(None), Reason.NOT_CORS, ((ORIGIN, "*"), (EXPOSE, "*")), vary=()
    ),
    "no origin, nothing granted": Case("nothing", get(None), Reason.NOT_CORS),
    "OPTIONS without origin": Case(
        "plain", {"method": "OPTIONS", "request_method": "PUT"}, Reason.NOT_CORS
    ),
    # 5. Actual requests.
    "actual": Case("plain", get(APP), Reason.GRANTED, ((ORIGIN, APP),)),
    "actual, by pattern": Case("plain", get(SUB), Reason.GRANTED, ((ORIGIN, SUB),)),
    "actual, full": Case(
        "full", get(APP), Reason.GRANTED, ((ORIGIN, APP), CREDENTIALS, (EXPOSE, "x-id, etag"))
    ),
    "actual, public": Case(
        "public", get(EVIL), Reason.GRANTED, ((ORIGIN, "*"), (EXPOSE, "*")), vary=()
    ),
    "actual, public, from null": Case(
        "public, all", get("null"), Reason.GRANTED, ((ORIGIN, "*"),), vary=()
    ),
    "actual, opaque": Case("opaque", get("null"), Reason.GRANTED, ((ORIGIN, "null"),)),
    "actual with a method that preflights refuse": Case(
        "plain", {"method": "DELETE", "origin": APP}, Reason.GRANTED, ((ORIGIN, APP),)
    ),
    "actual with request headers of a preflight": Case(
        "plain",
        get(APP, request_method="PUT", request_headers="x"),
        Reason.GRANTED,
        ((ORIGIN, APP),),
    ),
    "plain OPTIONS": Case(
        "plain", {"method": "OPTIONS", "origin": APP}, Reason.GRANTED, ((ORIGIN, APP),)
    ),
    "options in lower case is no preflight": Case(
        "plain", {**options(APP), "method": "options"}, Reason.GRANTED, ((ORIGIN, APP),)
    ),
    "actual, denied": Case("full", get(EVIL), Reason.ORIGIN_NOT_ALLOWED),
    "actual, null denied": Case("full", get("null"), Reason.ORIGIN_NOT_ALLOWED),
    "actual, nothing granted": Case("nothing", get(APP), Reason.ORIGIN_NOT_ALLOWED),
    "actual, public, malformed": Case(
        "public", get("x"), Reason.GRANTED, ((ORIGIN, "*"), (EXPOSE, "*")), vary=()
    ),
}

# 8. What is not byte for byte one serialized origin is nobody's.
MALFORMED = {
    "two origins": f"{APP}, {EVIL}",
    "one origin twice": f"{APP}, {APP}",
    "a list": f"{APP} {EVIL}",
    "empty": "",
    "upper case": APP.upper(),
    "slash": f"{APP}/",
    "default port": f"{APP}:443",
    "newline": f"{APP}\n",
    "long": APP + "x" * 100_000,
    "star": "*",
}
CASES |= {
    f"{kind}, malformed origin: {name}": Case(
        policy,
        request(origin),
        Reason.ORIGIN_MALFORMED,
        status=None if request is get else 403,
    )
    for name, origin in MALFORMED.items()
    for kind, request in (("actual", get), ("preflight", options))
    for policy in ("full",)
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_answer_is_the_documented_one(case: Case) -> None:
    check(case)
