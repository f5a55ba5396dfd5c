"""With a name, no two policies in one proxy define the same, and nothing else changes."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit.export import TARGETS, Export, Target, export_policy
from corekit.export.parts import write_prefix

EVERYTHING: Final = CorsPolicy(
    allow_origins=["https://app.example.com", *(f"https://a{each}.example" for each in range(30))],
    allow_credentials=True,
    allow_methods=["*", "$CORS_PURGE"],
    allow_headers=["*", "x-$cors_a"],
    expose_headers=["x-total"],
    max_age=600,
    allow_private_network=True,
)
LISTED: Final = CorsPolicy(
    allow_origins=["https://app.example.com"], allow_credentials=True, allow_methods=["PUT"]
)
WORDS: Final = (
    *("a", "age", "cors", "credentials", "dollar", "expose", "filter", "headers", "location"),
    *("max", "max_age", "method", "methods", "network", "no", "origin", "origins", "preflight"),
    *("private", "remove", "requested", "vary", "verdict", "api", "s3", "cloudfront"),
)

_definitions = re.compile(
    r"^(?:"
    r" *map .* \$(?P<variable>\w+) \{"
    r"|defaults (?P<section>\w+)$"
    r"|- name: (?P<filter>\w+)$"  # the layer of runtime is the same for all policies
    r"|    (?P<middleware>cors\w*):$"
    r"|.*&(?P<anchor>cors\w*)\b"
    r'|.*"Name": "(?P<policy>cors.*)")',
    re.MULTILINE,
)


def export(target: Target, name: str | None) -> Export:
    policy = EVERYTHING if export_policy(EVERYTHING, target).files else LISTED
    exported = export_policy(policy, target, name=name, command="corekit export")
    assert exported.files
    return exported


def defined(exported: Export) -> set[tuple[str, str]]:
    """Return the names of files, and of what they define, each with its kind."""
    found = {("file", name) for name in exported.files}
    for text in exported.files.values():
        for match in _definitions.finditer(text):
            kind = match.lastgroup
            assert kind is not None
            found.add((kind, match[kind]))
    return found


@st.composite
def names(draw: st.DrawFn) -> str | None:
    """A name of words that are in other names, or None."""
    words = draw(st.lists(st.sampled_from(WORDS), max_size=3))
    return "_".join(words) or None


def is_name(name: str | None) -> bool:
    try:
        write_prefix(name)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@given(one=names().filter(is_name), other=names().filter(is_name))
def test_two_names_have_nothing_in_common(
    target: Target, one: str | None, other: str | None
) -> None:
    common = defined(export(target, one)) & defined(export(target, other))
    assert bool(common) is (one == other), common


def test_definitions_are_found() -> None:
    found = {name: defined(export(target, None)) for name, target in TARGETS.items()}
    assert {name for kind, name in found["nginx"] if kind == "variable"} == {
        *("cors_origin", "cors_verdict", "cors_preflight", "cors_credentials", "cors_expose"),
        *("cors_requested_method", "cors_methods", "cors_requested_headers", "cors_headers"),
        *("cors_max_age", "cors_private_network", "cors_vary"),
    }
    assert found["haproxy"] == {
        *(("file", "cors.cfg"), ("file", "cors_origins.lst"), ("section", "cors"))
    }
    assert found["envoy"] == {
        *(("file", "cors.yaml"), ("filter", "cors"), ("anchor", "cors_origins")),
        *(("anchor", "cors_remove"), ("anchor", "cors_vary")),
    }
    assert found["traefik"] == {("file", "cors.yml"), ("middleware", "cors")}
    assert ("policy", f"cors-{LISTED.fingerprint}") in found["aws-cloudfront"]


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_name_changes_nothing_else(target: Target) -> None:
    plain, named = export(target, None).files, export(target, "admin").files
    assert all("cors_admin" in name for name in named)
    texts = {name.replace("cors_admin", "cors"): text for name, text in named.items()}
    for name, text in texts.items():
        changed = text.replace("cors_admin", "cors")
        if target.name == "envoy":
            # Each route enables its own filter.
            changed = changed.replace("- name: cors\n  disabled: true\n", "- name: cors\n")
            changed = re.sub(r"# The filter is disabled\..*\n# .*\n", "", changed)
        assert changed == plain[name]
    assert texts.keys() == plain.keys()


def test_head_repeats_the_name() -> None:
    head = export_policy(LISTED, TARGETS["nginx"], name="admin").head
    assert "\n#     corekit export nginx FILE --name admin\n" in head
    assert "--name" not in export_policy(LISTED, TARGETS["nginx"]).head


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize(
    "name",
    ["", "A", "1a", "_a", "a-b", "a b", "a\n", "\xe4", "a" * 21, "a;}", "../a", "a.b", "$a"],
)
def test_other_names_are_refused(name: str, target: Target) -> None:
    expected = (
        f"name={name!a} cannot be a part of other names. Use up to 20 lower-case letters, digits"
        " and underscores, starting with a letter, such as 'admin'."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        export_policy(LISTED, target, name=name)


@pytest.mark.parametrize("name", ["location", "requested", "a_location", "a_requested"])
def test_name_is_not_a_part_of_another(name: str) -> None:
    expected = (
        f"name={name!a} could be mistaken for a part of another name. Let it end with a word other"
        " than 'location' or 'requested'."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        export_policy(LISTED, TARGETS["nginx"], name=name)


@pytest.mark.parametrize("name", ["a", "a" * 20, "a1_", "locations", "location_1", "relocation"])
def test_names(name: str) -> None:
    assert [*export_policy(LISTED, TARGETS["caddy"], name=name).files] == [f"cors_{name}.caddy"]
