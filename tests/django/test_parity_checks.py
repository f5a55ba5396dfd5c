"""Settings that the checks of django-cors-headers or of corekit_django reject, and both.

Unless a row names a difference, both agree. A difference is the beginning of a row in
docs/migrating-from-django-cors-headers.md, which has the reason.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import pytest
from corsheaders.checks import check_settings as their_check
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import override_settings

from corekit_django.checks import check_names, check_problems
from tests.django.layers import APP
from tests.django.parity_rows import LISTED
from tests.django.test_parity_table import assert_in_the_guide


class Checked(NamedTuple):
    """Settings, whether each of the two rejects them, and the row of the guide about them."""

    settings: dict[str, Any]
    theirs: bool
    ours: bool
    difference: str = ""


LISTS: Final = (
    "CORS_ALLOW_HEADERS",
    "CORS_ALLOW_METHODS",
    "CORS_EXPOSE_HEADERS",
    "CORS_ALLOWED_ORIGINS",
    "CORS_ORIGIN_WHITELIST",
    "CORS_ALLOWED_ORIGIN_REGEXES",
    "CORS_ORIGIN_REGEX_WHITELIST",
)
VALUES: Final = (
    "CORS_ALLOW_CREDENTIALS",
    "CORS_ALLOW_PRIVATE_NETWORK",
    "CORS_ALLOW_ALL_ORIGINS",
    "CORS_ORIGIN_ALLOW_ALL",
    "CORS_PREFLIGHT_MAX_AGE",
    "CORS_URLS_REGEX",
)
STRING: Final = "a string instead of a list"
RISKS: Final = "`null`, `file://`"
MANY: Final = "`https://app.example.com/`, `https://App.example.com`"
CHECKED: Final = [
    Checked({}, theirs=False, ours=False),
    Checked(LISTED, theirs=False, ours=False),
    *(
        Checked({name: value}, theirs=True, ours=True)
        for name in (*LISTS, *VALUES)
        for value in (object, [object])
    ),
    *(Checked({name: ()}, theirs=False, ours=False) for name in LISTS),
    *(Checked({name: ()}, theirs=True, ours=True) for name in VALUES),
    *(
        Checked({name: "a"}, theirs=False, ours=True, difference=STRING)
        for name in ("CORS_ALLOW_HEADERS", "CORS_ALLOW_METHODS", "CORS_EXPOSE_HEADERS")
    ),
    Checked({"CORS_ALLOWED_ORIGIN_REGEXES": "a"}, theirs=False, ours=True, difference=STRING),
    Checked({"CORS_ALLOWED_ORIGINS": {APP}}, True, False, "a set instead of a list"),
    Checked({"CORS_PREFLIGHT_MAX_AGE": "10"}, theirs=True, ours=True),
    Checked({"CORS_PREFLIGHT_MAX_AGE": -1}, theirs=True, ours=True),
    Checked({"CORS_PREFLIGHT_MAX_AGE": 0}, theirs=False, ours=False),
    Checked({"CORS_PREFLIGHT_MAX_AGE": None}, True, False, "`CORS_PREFLIGHT_MAX_AGE = None`"),
    *(
        Checked({name: [origin]}, theirs=True, ours=True)
        for name in ("CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST")
        for origin in (
            "example.com",
            "https://",
            "//example.com",
            "https://example.com/",
            "https://example.com/path",
            "https://example.com?a",
            "https://example.com#a",
            "",
            "localhost:8000",
        )
    ),
    *(
        Checked({"CORS_ALLOWED_ORIGINS": [origin]}, False, True, difference)
        for origin, difference in (
            ("https://App.example.com", MANY),
            ("https://example.com:443", MANY),
            ("null", RISKS),
            ("file://", RISKS),
        )
    ),
    Checked({"CORS_ALLOWED_ORIGINS": [APP, "file://", "null"]}, False, True, RISKS),
    Checked({"CORS_ALLOWED_ORIGINS": ["*"]}, theirs=True, ours=True),
    Checked({"CORS_ALLOWED_ORIGINS": ["https://*.example.com"]}, theirs=False, ours=False),
    Checked({"CORS_ALLOWED_ORIGIN_REGEXES": [re.compile(rf"^{APP}$")]}, theirs=False, ours=False),
    Checked(
        {"CORS_ALLOWED_ORIGIN_REGEXES": [re.compile("a")]},
        False,
        True,
        "a regular expression that matches no origin",
    ),
    Checked({"CORS_ALLOW_METHODS": ["put"]}, False, True, "`put`, `Patch` in"),
    Checked({"CORS_MODEL": "a.B"}, True, False, "`CORS_MODEL`, `CORS_REPLACE_HTTPS_REFERER`"),
    Checked(
        {"CORS_REPLACE_HTTPS_REFERER": True},
        True,
        False,
        "`CORS_MODEL`, `CORS_REPLACE_HTTPS_REFERER`",
    ),
    Checked(
        {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True},
        False,
        True,
        "`CORS_ALLOW_ALL_ORIGINS` with `CORS_ALLOW_CREDENTIALS`",
    ),
]


@pytest.mark.parametrize("row", CHECKED, ids=[f"{row.settings}"[:60] for row in CHECKED])
def test_settings_are_rejected_by_both_or_the_guide_has_the_difference(row: Checked) -> None:
    with override_settings(**row.settings):
        theirs = their_check()
        ours = [each for each in (*check_problems(), *check_names()) if each.is_serious()]
    assert (bool(theirs), bool(ours)) == (row.theirs, row.ours)
    if row.theirs and row.ours:
        # Both name the setting, and the old name if the project has that.
        (name,) = row.settings
        assert all(name in each.msg for each in (*theirs, *ours))
    assert (row.difference == "") is (row.theirs is row.ours)
    if row.difference:
        assert_in_the_guide(row.difference)


def test_command_runs_the_checks() -> None:
    call_command("check")
    with override_settings(CORS_ALLOW_ALL_ORIGINS=object), pytest.raises(SystemCheckError):
        call_command("check")
