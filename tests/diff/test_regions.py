"""Routes are compared region by region; regions with the same difference are merged."""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.compat import RegexCorsPolicy
from corekit.diff import Comparison, DifferenceKind, Direction, compare, is_allowed
from tests.properties.test_diff import check_mirror, check_witnesses

APP = "https://app.example.com"
ONE = CorsPolicy(allow_origins=[APP])
PUT = ONE.replace(allow_methods=["PUT"])
OPEN = CorsPolicy(allow_origins=["*"])
NOTHING = CorsPolicy.deny_all()

Table = list[tuple[str, CorsPolicy]]
Summary = list[tuple[str, str, list[str]]]
Policies = CorsPolicy | CorsRoutes


def summary(comparison: Comparison) -> Summary:
    return [
        (each.kind.value, each.direction.value, list(each.paths)) for each in comparison.differences
    ]


CASES: list[
    tuple[str, Table | CorsPolicy, Table | CorsPolicy, list[tuple[str, str, list[str]]]]
] = [
    ("same tables", [("/a/", ONE)], [("/a/", ONE.replace())], []),
    ("policy and table of it", ONE, [("/", ONE)], []),
    ("redundant route", [("/", ONE)], [("/a/", ONE.replace(max_age=5)), ("/", ONE)], []),
    (
        "path with what is below",
        [("/a/", ONE), ("/", ONE)],
        [("/a/", PUT), ("/", ONE)],
        [("methods", "wider", ["/a/"])],
    ),
    (
        "path without what is below",
        [("/a/", ONE)],
        [("/a", PUT), ("/a/", ONE)],
        [("methods", "wider", ["/a"])],
    ),
    (
        "only what is below",
        [("/a", ONE), ("/a/", ONE)],
        [("/a", ONE), ("/a/", PUT)],
        [("methods", "wider", ["/a/*"])],
    ),
    (
        "merged",
        [("/a/", ONE), ("/b", ONE), ("/c/", OPEN)],
        [("/a/", PUT), ("/b", PUT), ("/c/", OPEN.replace(allow_methods=["PUT"]))],
        [("methods", "wider", ["/a/", "/b"]), ("methods", "wider", ["/c/"])],
    ),
    (
        "newly governed",
        [("/a/", ONE)],
        [("/a/", ONE), ("/b", OPEN)],
        [
            ("newly-governed", "unknown", ["/b"]),
        ],
    ),
    (
        "newly denied",
        [("/a/", ONE)],
        [("/a/", ONE), ("/b", NOTHING)],
        [
            ("newly-governed", "narrower", ["/b"]),
        ],
    ),
    ("no longer governed", ONE, [("/a/", ONE)], [("no-longer-governed", "unknown", ["/"])]),
    ("no longer denied", NOTHING, [("/a", NOTHING)], [("no-longer-governed", "wider", ["/"])]),
    (
        "an exception",
        [("/a/", ONE)],
        [("/a/x/", NOTHING), ("/a/", ONE)],
        [("origins", "narrower", ["/a/x/"])],
    ),
]


def table(given: Table | CorsPolicy) -> Policies:
    return given if isinstance(given, CorsPolicy) else CorsRoutes(given)


@pytest.mark.parametrize(
    ("old", "new", "expected"), [each[1:] for each in CASES], ids=[each[0] for each in CASES]
)
def test_regions(
    old: Table | CorsPolicy,
    new: Table | CorsPolicy,
    expected: Summary,
) -> None:
    assert summary(compare(table(old), table(new))) == expected


def test_message_names_a_path_of_the_region() -> None:
    old = CorsRoutes([("/a/x", ONE), ("/a/", ONE), ("/b c", ONE)])
    new = CorsRoutes([("/a", ONE), ("/a/x", ONE), ("/a/", OPEN), ("/b c", PUT)])
    assert [each.message for each in compare(old, new).differences] == [
        (
            "A page at https://unrelated.example (any origin) may now GET /a/xx and read the "
            "response; before, it could not."
        ),
        f"A page at {APP} may now PUT /b c and read the response; before, it could not.",
    ]
    for difference in compare(old, new).differences:
        witness = difference.witness
        assert witness is not None
        assert is_allowed(new, witness)
        assert not is_allowed(old, witness)


def message(old: Policies, new: Policies) -> str:
    (difference,) = compare(old, new).differences
    return difference.message


UNREADABLE = RegexCorsPolicy(allow_origin_regexes=[r"https://(?!evil)[a-z]+\.example\.net"])
COVERS = "A policy now covers /a and replaces the CORS headers of the application;"
UNCOVERS = "No policy covers /a any longer, so the CORS headers of the application apply;"


@pytest.mark.parametrize(
    ("policy", "covered", "uncovered"),
    [
        (NOTHING, "it allows no origins.", "the policy allowed no origins."),
        (UNREADABLE, "it allows some origins.", "the policy allowed some origins."),
        (
            CorsPolicy(allow_origins=["https://*.example.com"], allow_credentials=True),
            (
                "a page at https://x.example.com may GET /a with the user's cookies and read the "
                "response."
            ),
            (
                "before, a page at https://x.example.com could GET /a with the user's cookies and "
                "read the response."
            ),
        ),
        (
            RegexCorsPolicy(allow_origin_regexes=[r"https://pr-\d+\.example\.com"]),
            "a page at https://pr-1.example.com may GET /a and read the response.",
            "before, a page at https://pr-1.example.com could GET /a and read the response.",
        ),
    ],
    ids=["nothing", "unreadable", "pattern", "regex"],
)
def test_governed(policy: CorsPolicy, covered: str, uncovered: str) -> None:
    with_policy, without = CorsRoutes([("/b", ONE), ("/a", policy)]), CorsRoutes([("/b", ONE)])
    assert message(without, with_policy) == f"{COVERS} {covered}"
    assert message(with_policy, without) == f"{UNCOVERS} {uncovered}"


# Equal policies that are not identical, and all ways to relate to each other.
POLICIES = [ONE, ONE.replace(max_age=5), PUT, OPEN, NOTHING]
segments = st.sampled_from(["a", "b", "x", "xx"])
plain_paths = st.tuples(
    st.lists(segments, max_size=2).map("/".join), st.sampled_from(["", "/"])
).map(lambda parts: re.sub("//+", "/", "/" + "".join(parts)))
tables = st.lists(st.tuples(plain_paths, st.sampled_from(POLICIES)), min_size=1, max_size=4)
PATHS = [
    "/",
    *(
        f"/{'/'.join(parts)}{end}"
        for length in (1, 2, 3)
        for parts in product(["a", "b", "x", "xx", "y"], repeat=length)
        for end in ("", "/")
    ),
]


@st.composite
def routes(draw: st.DrawFn) -> Policies:
    pairs = dict(draw(tables))
    try:
        return CorsRoutes(list(pairs.items()))
    except PolicyError as error:
        unreachable = {problem.value for problem in error.problems}
        pairs = {path: policy for path, policy in pairs.items() if path not in unreachable}
        return CorsRoutes(list(pairs.items()))


def is_in(path: str, regions: tuple[str, ...], others: set[str]) -> bool:
    """Return whether a path is in one of the regions; `others` are all regions."""
    bare = path.removesuffix("/")
    names = [bare, f"{bare}/"] if bare else []
    while bare:
        # The nearest that lists the path, then the nearest above it.
        if set(names) & others:
            return not set(names).isdisjoint(regions)
        bare = bare.rpartition("/")[0]
        names = [f"{bare}/*", f"{bare}/"]
    return "/" in regions


@given(routes() | st.sampled_from(POLICIES), routes())
def test_every_path_has_the_differences_of_its_region(old: Policies, new: Policies) -> None:
    comparison = compare(old, new)
    event(comparison.relation.value)
    everywhere = {
        name
        for each in (old, new)
        if isinstance(each, CorsRoutes)
        for path, _ in each.routes
        for bare in [path.removesuffix("/")]
        for name in ([bare, f"{bare}/", f"{bare}/*"] if path.endswith("/") else [bare])
    }
    for path in PATHS:
        found = {
            (each.kind, each.direction, each.values)
            for each in comparison.differences
            if is_in(path, each.paths, everywhere)
        }
        expected = differences_of(old.policy_for(path), new.policy_for(path))
        assert found == expected, (path, summary(comparison))


@cache
def differences_of(before: CorsPolicy | None, after: CorsPolicy | None) -> set[tuple[object, ...]]:
    if before is None and after is None:
        return set()
    if before is None or after is None:
        kind = DifferenceKind.NO_LONGER_GOVERNED
        if before is None:
            kind = DifferenceKind.NEWLY_GOVERNED
        if NOTHING not in (before, after):
            return {(kind, Direction.UNKNOWN, ())}
        return {(kind, Direction.WIDER if after is None else Direction.NARROWER, ())}
    return {(each.kind, each.direction, each.values) for each in compare(before, after).differences}


@given(routes() | st.sampled_from(POLICIES), routes())
def test_witnesses_of_routes_are_real(old: Policies, new: Policies) -> None:
    there, back = compare(old, new), compare(new, old)
    check_witnesses(there, old, new)
    check_witnesses(back, new, old)
    check_mirror(there, back)


def test_ambiguous_paths_give_no_page_more() -> None:
    # The same object for both routes: an ambiguous path has a policy, which each reading had.
    old = CorsRoutes([("/a/", PUT), ("/", ONE)])
    new = CorsRoutes([("/", ONE)])
    assert old.policy_for("/b/../a/c") == NOTHING
    assert new.policy_for("/b/../a/c") == ONE
    assert summary(compare(old, new)) == [("methods", "narrower", ["/a/"])]
