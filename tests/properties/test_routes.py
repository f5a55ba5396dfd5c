"""Routes agree with a naive first match, and stay safe when other layers rewrite the path."""

from __future__ import annotations

import posixpath
import re
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes, PolicyError

POLICIES = [
    CorsPolicy(allow_origins=[f"https://{name}.example"]) for name in ("a", "b", "c", "d", "e")
]
NOTHING = CorsPolicy.deny_all()

segments = st.sampled_from(["a", "b", "A", "ab", "a+b", "a b", "é"])
plain_paths = st.tuples(
    st.lists(segments, max_size=3).map("/".join), st.sampled_from(["", "/"])
).map(lambda parts: re.sub("//+", "/", "/" + "".join(parts)))
odd_paths = st.lists(
    segments
    | st.sampled_from(["", ".", "..", "...", "a\\b", "..\\a", "\\", "a\\..", "\\..\\b"])
    | st.sampled_from(["a\n", "\x00", "\ufffd", "\udcffb", ".\x7f.", "\x9f\\"])
    | st.just("@@a"),
    max_size=7,
).map(lambda parts: "/" + "/".join(parts))
tables = st.lists(plain_paths, min_size=1, max_size=5, unique=True)


def first_match(table: list[str], path: str) -> CorsPolicy | None:
    for wanted, policy in zip(table, POLICIES, strict=False):
        bare = wanted.removesuffix("/")
        if path in (bare, f"{bare}/") or (wanted.endswith("/") and path.startswith(wanted)):
            return policy
    return None


def unreachable(error: PolicyError) -> set[object]:
    assert {problem.code for problem in error.problems} == {"unreachable-path"}
    return {problem.value for problem in error.problems}


def make(table: list[str]) -> tuple[CorsRoutes, list[str]]:
    """Build routes from the reachable paths of `table`."""
    while True:
        try:
            return CorsRoutes(list(zip(table, POLICIES, strict=False))), table
        except PolicyError as error:
            table = [path for path in table if path not in unreachable(error)]


@given(tables, plain_paths)
def test_first_matching_route_applies(table: list[str], path: str) -> None:
    routes, table = make(table)
    assert routes.policy_for(path) is first_match(table, path)


@given(tables)
@example(["/a/", "/", "/b"])
def test_route_is_unreachable_only_if_an_earlier_one_covers_it(table: list[str]) -> None:
    # A path with a slash at its end covers more than itself: what is below it.
    covered = {
        path
        for at, path in enumerate(table)
        if first_match(table[:at], f"{path}below" if path.endswith("/") else path) is not None
    }
    try:
        CorsRoutes(list(zip(table, POLICIES, strict=False)))
    except PolicyError as error:
        found = unreachable(error)
    else:
        found = set()
    assert found == covered


def remove_dot_segments(path: str) -> str:
    """Resolve a path: https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4"""
    output: list[str] = []
    parts = path.split("/")[1:]
    for at, part in enumerate(parts):
        if part == "..":
            output = output[:-1]
        if part not in (".", ".."):
            output.append(part)
        elif at == len(parts) - 1:
            output.append("")
    return "/" + "/".join(output)


def readings(path: str) -> set[str]:
    """Return every path that a server, a proxy or a framework might interpret `path` as."""
    found = {path}
    for _ in range(4):
        for text in list(found):
            merged = re.sub("//+", "/", text)
            normal = re.sub("^//+", "/", posixpath.normpath(text))
            slash = "/" if normal != "/" and re.search(r"/\.{0,2}\Z", text) else ""
            found |= {
                merged,
                text.replace("\\", "/"),
                "".join(each for each in text if unicodedata.category(each) not in ("Cc", "Cs")),
                text.replace("\ufffd", ""),
                text.replace("/@@", "/"),
                remove_dot_segments(text),
                remove_dot_segments(merged),
                normal + slash,
            }
    return found


@given(tables, odd_paths)
@example(["/a/", "/"], "/b/../a//../c")  # resolved without merging slashes: /a/c
@example(["/a/", "/"], "/b\\c/../a/d")  # a literal backslash: /a/d
@example(["/a/", "/"], "/b/..\\a/d")
@example(["/a", "/"], "/a\n")  # Starlette: /a
@example(["/a", "/"], "/\ufffda")  # Bottle: /a
@example(["/a", "/"], "/@@a")  # Pyramid: /a
def test_ambiguous_path_gets_no_policy_of_another_path(table: list[str], path: str) -> None:
    routes, table = make(table)
    policy = routes.policy_for(path)
    meant = {first_match(table, reading) for reading in readings(path)}
    if meant == {policy}:
        return
    assert policy == NOTHING, (path, readings(path))


@given(tables, odd_paths)
def test_unambiguous_path_is_matched_as_is(table: list[str], path: str) -> None:
    routes, table = make(table)
    if readings(path) == {path}:
        assert routes.policy_for(path) is first_match(table, path)
