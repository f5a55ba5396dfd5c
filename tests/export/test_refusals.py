"""What is not exported has a code and a hint, and no file is written."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.compat import RegexCorsPolicy
from corekit.export import REFUSALS, TARGETS, Target, export_policy
from corekit.extended import extend
from corekit.guard import CrossOriginGuard
from corekit.snapshots import Rules, SnapshotReader
from corekit_lookups import OriginLookup

POLICY: Final = CorsPolicy(allow_origins=["https://app.example.com"], allow_credentials=True)
LOOKUP: Final = OriginLookup(lambda _: True, ttl=60)


def extended() -> Any:
    reader = SnapshotReader(Rules.of(POLICY))
    reader.read(["https://shop-1.example"])
    return extend(POLICY, reader.finish())


def with_regexes(*regexes: str) -> CorsPolicy:
    return RegexCorsPolicy(
        allow_origins=["https://app.example.com"], allow_origin_regexes=[*regexes]
    )


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize(
    ("policy", "options", "code", "subject"),
    [
        (CorsRoutes([("/api/", POLICY)]), {}, "routes-not-exported", "routes"),
        (
            with_regexes(r"https://a\.example\.com"),
            {},
            "regex-not-exported",
            "allow_origin_regexes",
        ),
        (extended(), {}, "snapshot-not-exported", "allow_origins"),
        (POLICY, {"lookup": LOOKUP}, "look-up-not-exported", "lookup"),
    ],
    ids=["routes", "regex", "snapshot", "lookup"],
)
def test_refused(target: Any, policy: Any, options: Any, code: str, subject: str) -> None:
    export = export_policy(policy, target, **options)
    assert (export.files, export.text) == ({}, "")
    assert [(each.code, each.severity, each.subject) for each in export.problems] == [
        (code, "error", subject)
    ]
    assert json.dumps(export.to_dict())


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (1, "'/0/'"),
        (5, "'/0/', '/1/', '/2/', '/3/', '/4/'"),
        (7, "'/0/', '/1/', '/2/', '/3/', '/4/' and 2 more"),
    ],
)
def test_routes_are_named(number: int, shown: str) -> None:
    paths = [f"/{each}/" for each in range(number)]
    routes = CorsRoutes([(path, POLICY) for path in paths])
    (problem,) = export_policy(routes, TARGETS["nginx"]).problems
    assert problem.message == (
        f"Each of the routes {shown} has its own policy, and an export has one."
    )
    assert "export each with its own --name" in problem.hint
    assert problem.value == paths


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_guard_is_left_to_the_application(target: Any) -> None:
    guard = CrossOriginGuard(POLICY)
    export = export_policy(POLICY, target, guard=guard)
    assert [(each.code, each.severity) for each in export.problems] == [
        ("guard-not-exported", "warning")
    ]
    assert export.files == export_policy(POLICY, target).files


def test_policy_that_could_be_refused_is_exported() -> None:
    nginx = TARGETS["nginx"]
    expected = export_policy(POLICY, nginx)
    assert export_policy(LivePolicy(POLICY), nginx) == expected
    assert export_policy(with_regexes(), nginx).problems == ()
    # It looks nothing up.
    assert export_policy(CorsPolicy(allow_origins=["*"]), nginx, lookup=LOOKUP).problems == ()


def test_every_refusal_is_tested() -> None:
    assert set(REFUSALS) == {
        "any-name-not-exported",
        "authorization-not-named",
        "credentials-not-exported",
        "guard-not-exported",
        "list-too-long",
        "look-up-not-exported",
        "max-age-not-exported",
        "method-not-exported",
        "no-origins-not-exported",
        "origin-not-exported",
        "private-network-not-exported",
        "regex-not-exported",
        "routes-not-exported",
        "snapshot-not-exported",
        "too-many-origins",
        "too-many-entries",
    }


RUNNABLE: Final = {name: each for name, each in TARGETS.items() if each.is_runnable}


@pytest.mark.parametrize("target", RUNNABLE.values(), ids=RUNNABLE)
@pytest.mark.parametrize(
    "upstream",
    [
        *("", "127.0.0.1:8000", "http://a/path", "http://a\n", "http://a'", 'http://a"'),
        # What would be more than a host in the language of one of the proxies.
        *("http://a; return 200", "http://a check", "http://a { }", "http://a, port_value: 1"),
        *("http://$host", "http://$HOST", "http://{env.A}", "http://%REQ(host)%", "http://{{.}}"),
    ],
)
def test_upstream_is_not_written_unless_it_is_a_url(upstream: str, target: Target) -> None:
    with pytest.raises(ValueError, match="An upstream is an HTTP URL"):
        export_policy(POLICY, target, standalone=upstream)
