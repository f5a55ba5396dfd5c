"""The resource that applies to a path is the one that flask-cors applies."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

import flask_cors
from flask import Blueprint, Flask
from hypothesis import given
from hypothesis import strategies as st

from corekit import PolicyError
from corekit.adapter import path_readings
from corekit_flask.compat import CORS
from tests.flask.shop import APP

Resource = str | re.Pattern[str]

SEGMENTS = ["a", "b", "ab", "1", "admin", "é", "новости", "A", "a.b", "a+", "x y"]
ATOMS = [
    *SEGMENTS,
    "/",
    ".",
    ".*",
    "[^/]+",
    "[a-z]*",
    "[à-ü]",
    r"\w+",
    r"\d",
    r"\b",
    "(a|b)",
    "(?!admin)",
    "(?=a)",
    "(?<!a)",
    "(?i:a)",
    "b?",
    "*",
    "$",
    "%41",
    "<a>",
]

ODD_SEGMENTS = ["a", "%61", "%2561", "%2f", "..", ".", "\\", "\n", ""]
ANY = [".*", "[^/]+", r"\w+", "[a-z]*", "(?!b).*", "*", ".*$", r"\S+", "[à-ü]*", ".*(?<!b)"]

regexes = st.lists(st.sampled_from(ATOMS), max_size=5).map("".join)


@st.composite
def cases(draw: st.DrawFn, segments: list[str]) -> tuple[list[Resource], str]:
    """Draw a path, and resources of which many match it."""
    drawn = draw(st.lists(st.sampled_from(segments), max_size=4))
    forms = [st.sampled_from([each, unquote(each), *ANY]) for each in drawn]
    near = st.builds(
        lambda start, parts, count, end: f"{start}/{'/'.join(parts[:count])}{end}",
        st.sampled_from(["", "", "^"]),
        st.tuples(*forms),
        st.integers(0, len(drawn)),
        st.sampled_from(["", "", "*", "/*", ".*", "/.*", "$"]),
    )
    texts = st.one_of(near, near, near, regexes, regexes.map("/{}".format), st.just("*"))
    found: list[Resource] = draw(st.lists(texts, min_size=1, max_size=6, unique=True))
    for index in draw(st.sets(st.sampled_from(range(len(found))), max_size=2)):
        flags = draw(st.sampled_from([0, re.IGNORECASE]))
        with suppress(re.error):
            found[index] = re.compile(found[index], flags)
    return found, f"/{'/'.join(drawn)}"


def applied(extension: Any, table: list[Resource], path: str, *, blueprint: bool) -> str | None:
    """Return the index of the resource that an extension applies to a path."""
    app, routes = Flask("shop"), Blueprint("routes", "shop")
    routes.add_url_rule("/", "root", lambda: "root")
    routes.add_url_rule("/<path:path>", "read", lambda path: path)
    options = {each: {"expose_headers": f"x-{index}"} for index, each in enumerate(table)}
    extension(routes if blueprint else app, resources=options, origins=APP)
    app.register_blueprint(routes)
    environ = {"PATH_INFO": path.encode().decode("latin-1")}
    response = app.test_client().get("/", environ_overrides=environ, headers={"Origin": APP})
    return response.headers.get("Access-Control-Expose-Headers")


def compare(table: list[Resource], path: str, *, blueprint: bool) -> None:
    is_plain = path_readings(path) == (path,) and "%" not in path
    theirs: str | None = None
    with suppress(ValueError):  # one is not a regular expression
        theirs = applied(flask_cors.CORS, table, path, blueprint=blueprint)
    try:
        ours = applied(CORS, table, path, blueprint=blueprint)
    except PolicyError as error:
        refused = [problem.value for problem in error.problems]
        unmatched = [each.value for each in error.problems if each.code == "malformed-path"]
        if is_plain and theirs is not None:
            assert table[int(theirs.removeprefix("x-"))] not in unmatched
        rest = [each for each in table if each not in refused]
        assert len(rest) < len(table)
        if rest:
            compare(rest, path, blueprint=blueprint)
        return
    assert ours == theirs or (not is_plain and ours is None)


@given(cases(SEGMENTS), st.booleans())
def test_resource_of_a_path_is_that_of_flask_cors(
    case: tuple[list[Resource], str], blueprint: bool
) -> None:
    compare(*case, blueprint=blueprint)


@given(cases(ODD_SEGMENTS))
def test_ambiguous_path_has_the_same_resource_or_none(case: tuple[list[Resource], str]) -> None:
    compare(*case, blueprint=False)
