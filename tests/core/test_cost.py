"""What a decision costs, in bytecodes counted: the same for one origin and for many."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from corekit import CorsPolicy, CorsRoutes, _engine
from corekit.snapshots import Rules, SnapshotReader
from tests.core.steps import steps_of

MANY = 20_000
EVIL = "https://evil.example"


def forms(number: int) -> list[str]:
    """Return one origin of each form, made unique by a number."""
    return [
        f"https://a{number}.example",
        f"https://*.b{number}.example",
        f"https://pr-*.c{number}.example",
        f"http://d{number}.example:*",
    ]


def policy_of(count: int, form: slice = slice(None)) -> CorsPolicy:
    return CorsPolicy(
        allow_origins=[text for number in range(count) for text in forms(number)[form]],
        allow_methods=["PUT"],
    )


SMALL, LARGE = policy_of(1), policy_of(MANY // 4)
LONG = "https://" + "a." * 32_768 + "example"
ASKED = {
    "an exact origin": "https://a0.example",
    "a subdomain": "https://x.b0.example",
    "a gap": "https://pr-1.c0.example",
    "any port": "http://d0.example:81",
    "an unknown origin": EVIL,
    "an unknown origin of many labels": "https://" + "a." * 100 + "b0.example",
    "an unknown origin of too many labels": LONG,
    "no origin at all": "x",
    "null": "null",
}


@pytest.mark.parametrize("origin", ASKED.values(), ids=ASKED.keys())
def test_an_actual_request_costs_the_same_for_one_origin_and_for_many(origin: str) -> None:
    small, large = (steps_of(policy.decide, "GET", origin=origin) for policy in (SMALL, LARGE))
    assert small == large < 1000


@pytest.mark.parametrize("origin", ASKED.values(), ids=ASKED.keys())
def test_a_preflight_costs_the_same_for_one_origin_and_for_many(origin: str) -> None:
    def ask(policy: CorsPolicy) -> Callable[[], object]:
        return partial(policy.decide, "OPTIONS", origin=origin, request_method="PUT")

    assert steps_of(ask(SMALL)) == steps_of(ask(LARGE)) < 1000


def test_exact_origins_alone_are_found_without_reading_the_origin() -> None:
    small, large = policy_of(1, slice(1)), policy_of(MANY, slice(1))
    costs = {
        steps_of(policy.engine.actual, origin)
        for policy in (small, large)
        for origin in (EVIL, LONG, "https://a0.example", "null")
    }
    assert max(costs) - min(costs) < 20
    assert max(costs) < 60


@pytest.mark.parametrize("labels", [1, 50, 120, 10_000])
def test_the_labels_of_a_hostile_origin_cost_nothing(labels: int) -> None:
    origin = "https://" + "a." * labels + "example"
    few = steps_of(LARGE.engine.actual, "https://a.example")
    assert steps_of(LARGE.engine.actual, origin) <= few + 100


def test_only_shapes_cost_never_patterns_of_one_shape() -> None:
    """A pattern for each of many subdomains, all under one host, is one look-up."""
    one = CorsPolicy(allow_origins=["https://aa-*.example.com"])
    many = CorsPolicy(
        allow_origins=[f"https://{a}{b}-*.example.com" for a in "abcdefgh" for b in "abcdefgh"]
    )
    for origin in ("https://aa-1.example.com", "https://zz-1.example.com"):
        assert steps_of(one.engine.actual, origin) == steps_of(many.engine.actual, origin)


@pytest.mark.parametrize("length", [1, 4096, 65_536, 1_000_000])
@pytest.mark.parametrize("credentials", [False, True])
def test_a_preflight_costs_the_same_whatever_was_asked(length: int, credentials: bool) -> None:
    policy = CorsPolicy(
        allow_origins=["https://a.example"],
        allow_credentials=credentials,
        allow_headers=["x-a"],
    )
    asked = {
        steps_of(policy.engine.preflight, "https://a.example", "PUT", headers, None)
        for headers in ("", "," * length, "x" * length, "x, " * length, "\x00" * length)
    }
    assert len(asked) == 1


@pytest.mark.parametrize(
    "policy",
    [
        CorsPolicy(allow_origins=["https://a.example"], allow_headers=["x-a"]),
        CorsPolicy(allow_origins=["*"], allow_headers=["*"], allow_methods=["*"]),
        CorsPolicy(
            allow_origins=["https://a.example"],
            allow_credentials=True,
            allow_headers=["*"],
            allow_methods=["*"],
        ),
    ],
)
def test_64_kib_of_requested_headers_are_not_read(
    policy: CorsPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(value: str) -> None:
        raise AssertionError("the list was read")

    monkeypatch.setattr(_engine, "parse_field_names", refuse)
    decision = policy.decide(
        "OPTIONS",
        origin="https://a.example",
        request_method="GET",
        request_headers="," * 65_536,
    )
    assert decision.status == 204
    assert not any("," * 3 in value for _, value in decision.headers)
    assert decision.reason.name == "HEADERS_TOO_LONG"


def test_a_path_costs_the_same_for_one_route_and_for_many() -> None:
    small = CorsRoutes([("/a0/b/", SMALL), ("/x", SMALL)])
    large = CorsRoutes(
        [(f"/a{number}/b/", SMALL) for number in range(300)]
        + [(f"/x{number}", SMALL) for number in range(300)]
    )
    for path in ("/a0/b/c", "/nowhere/at/all", "/", "/a0" * 1000):
        assert steps_of(small.policy_for, path) == steps_of(large.policy_for, path) < 500


def test_the_depth_of_a_hostile_path_costs_nothing() -> None:
    routes = CorsRoutes([("/a/b/", SMALL)])
    short, long = (steps_of(routes.policy_for, "/x" * depth) for depth in (3, 100_000))
    assert short == long
    assert steps_of(routes.policy_for, "/a/b/" + "c/" * 100_000) < 2 * short


def test_partial_labels_cost_as_much_as_their_distinct_beginnings() -> None:
    patterns = [f"https://a{i}*b{j}.example.com" for i in range(1, 31) for j in range(1, 31)]
    many = CorsPolicy(allow_origins=patterns)
    one = CorsPolicy(allow_origins=patterns[:1])
    for origin in ("https://a7xb30.example.com", "https://nothing.example.com"):
        cost = steps_of(many.decide, "GET", origin=origin)
        assert cost < 5 * steps_of(one.decide, "GET", origin=origin)


def reader() -> SnapshotReader:
    policy = CorsPolicy(allow_origins=[EVIL], allow_credentials=True)
    return SnapshotReader(Rules.of(policy, ["insecure-origin"], allow_patterns=True))


LONG_ROWS = {
    "a label": "https://" + "a" * 100_000,
    "labels": LONG,
    "upper case": "https://" + "A." * 50_000 + "example",
    "Unicode": "https://" + "é" * 100_000 + ".example",
    "digits": "http://" + "1" * 100_000,
    "a scheme": "a" * 100_000 + "://a.example",
    "a path": "https://a.example" + "/" * 100_000,
    "a port": "https://a.example:" + "1" * 100_000,
    "a list": "https://a.example," * 10_000,
    "wildcards": "https://" + "*." * 50_000 + "example",
    "spaces": " " * 100_000 + "https://a.example",
}


@pytest.mark.parametrize("row", LONG_ROWS.values(), ids=LONG_ROWS.keys())
def test_long_row_costs_what_its_beginning_does(row: str) -> None:
    for part in (row, row[:10_000]):
        reader().read([part])  # modules are imported only once
    costs = [steps_of(reader().read, [part]) for part in (row, row[:10_000])]
    assert abs(costs[0] - costs[1]) < 100


@pytest.mark.parametrize("form", range(4))
def test_end_of_a_load_costs_the_same_for_few_patterns_and_for_many(form: int) -> None:
    costs = []
    for count in (10, 1_000):
        read = reader()
        read.read(forms(number)[form] for number in range(count))
        assert len([*read.compile()]) == 2_048
        costs.append(steps_of(read.finish))
    assert costs[0] == costs[1]
