"""Regular expressions of paths that may match some path, by the first character."""

from __future__ import annotations

import re

import pytest

from corekit.compat import may_match_path


@pytest.mark.parametrize(
    ("source", "may_match"),
    [
        ("/api/", True),
        ("^/api/", True),
        ("[/a]b", True),
        (".*", True),
        ("a?/", True),
        ("(?!/static)", True),
        ("", True),
        ("api/", False),
        ("^(api|admin)/", False),
        ("[^/]admin", False),
        # Too deep to be read, so nothing is known.
        (f"{'(' * 300}a{')' * 300}", True),
    ],
)
def test_regex_may_match_a_path(source: str, may_match: bool) -> None:
    assert may_match_path(re.compile(source)) is may_match
