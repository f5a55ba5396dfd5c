"""The files and snippets of docs/policy-files.md work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard
from corekit_config import policy_schema
from corekit_config.files import parse_policy_file

PAGE = (Path(__file__).parents[2] / "docs" / "policy-files.md").read_text()
BLOCKS = re.findall(r"^```(toml|json)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("form", "text"), BLOCKS)
def test_files_of_the_page_are_valid(form: str, text: str) -> None:
    policy = parse_policy_file(text, f"cors.{form}").require().policy_for("/api/items")
    assert policy is not None
    assert policy.decide("GET", origin="https://app.example.com").allowed


def test_page_shows_both_formats() -> None:
    assert {form for form, _ in BLOCKS} == {"toml", "json"}


def test_first_snippet_loads_the_first_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cors.toml").write_text(BLOCKS[0][1])
    snippet, _ = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    names: dict[str, object] = {}
    exec(snippet, names)
    assert names["policy"] == CorsPolicy(
        allow_origins=["https://app.example.com", "http://localhost:*"],
        allow_credentials=True,
        allow_methods=["PUT", "DELETE"],
        allow_headers=["content-type", "x-csrftoken"],
        max_age=600,
    )


def test_second_snippet_loads_the_guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (content,) = (text for _, text in BLOCKS if "[guard]" in text)
    Path("cors.toml").write_text(content)
    _, snippet = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    names: dict[str, object] = {}
    exec(snippet, names)
    policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_credentials=True)
    guard = CrossOriginGuard(policy, hosts=["api.example.com"], exempt=["/webhooks/"])
    assert (names["guard"], names["policy"]) == (guard, policy)


def test_schema_can_be_nested_in_another_schema() -> None:
    schema = {"type": "object", "properties": {"cors": policy_schema()}}
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"debug": True, "cors": {"allow_origins": ["*"]}})
    assert not validator.is_valid({"cors": {"allow_origins": "*"}})
