"""The services of the page about proxies: the table of what they can have, and the filter."""

from __future__ import annotations

import re
from textwrap import indent
from typing import Any, Final

import pytest
import yaml

from corekit.export import TARGETS, export_policy
from tests.docs.export_targets import PAGE
from tests.docs.pages import blocks
from tests.export.services import SERVICES
from tests.properties.strategies import build

PUBLIC: Final = {"allow_origins": ["*"], "allow_credentials": False}
ROWS: Final[dict[str, list[dict[str, Any]]]] = {
    "`https://*.example.com`": [{"allow_origins": ["https://*.example.com"]}],
    "`http://localhost:*`": [{"allow_origins": ["http://localhost:*"]}],
    "`https://*.example.com:*`, `https://pr-*.example.com`, `http://192.168.1.*`": [
        {"allow_origins": [each]}
        for each in ("https://*.example.com:*", "https://pr-*.example.com", "http://192.168.1.*")
    ],
    "`capacitor://localhost`, `chrome-extension://*`": [
        {"allow_origins": [each]} for each in ("capacitor://localhost", "chrome-extension://*")
    ],
    "an origin without credentials": [{"allow_credentials": False}],
    "`*` without credentials": [PUBLIC],
    "the method `PATCH`": [{"allow_methods": ["PATCH"]}],
    "the method `PROPFIND`": [{"allow_methods": ["PROPFIND"]}],
    "any method": [{"allow_methods": ["*"]}],
    "any header": [{"allow_headers": ["*"]}],
    "any header and `authorization`, for `*` without credentials": [
        {**PUBLIC, "allow_headers": ["*", "authorization"]}
    ],
    "`max_age = 0`": [{"max_age": 0}],
    "`allow_private_network`": [{"allow_private_network": True}],
}
"""The policies that the rows of the table of services are about."""


def test_every_row_of_services_is_known() -> None:
    assert [label for label, _ in service_rows()] == [*ROWS]


@pytest.mark.parametrize("label", ROWS)
def test_services_can_have_what_the_table_says(label: str) -> None:
    words = dict(service_rows())[label]
    for changes in ROWS[label]:
        given = {"allow_origins": ["https://app.example.com"], "allow_credentials": True}
        policy = build({**given, **changes}).policy
        exports = [export_policy(policy, service.target) for service in SERVICES]
        assert words == ["yes" if each.files else "no" for each in exports]


def service_rows() -> list[tuple[str, list[str]]]:
    """Return the rows of the table of services: the label, and a word for each service."""
    text = PAGE.read_text().partition("\n## Services\n")[2].partition("\n### ")[0]
    head, _, *rows = (
        row.split(" | ") for row in re.findall(r"^\|(?: (.*) |-.*)\|$", text, re.MULTILINE)
    )
    assert head[1:] == [f"`{each.target.name}`" for each in SERVICES]
    return [(label, words) for label, *words in rows]


def test_filter_is_included_as_shown() -> None:
    *_, shown = blocks(PAGE, "yaml")
    policy = build({"allow_origins": ["https://app.example.com"], "allow_credentials": True}).policy
    text = export_policy(policy, TARGETS["gateway-api"]).text
    # What Helm does for {{- ... | nindent 6 }}
    included = re.sub(
        r"\s*\{\{- .*nindent (\d) \}\}",
        lambda match: "\n" + indent(text.rstrip("\n"), " " * int(match[1])),
        shown,
    )
    (rule,) = yaml.safe_load(included)["rules"]
    assert rule["filters"] == yaml.safe_load(text)
    assert rule["backendRefs"] == [{"name": "api", "port": 8000}]
