"""docs/browsers.md lists every quirk and the engines that have it."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from corekit.browser import CHROMIUM, FIREFOX, WEBKIT, Quirks
from corekit_testing.cookies import COOKIE_QUIRKS, CookieQuirks

PAGE = Path(__file__).parents[2] / "docs" / "browsers.md"
ROW = re.compile(r"^\| `(\w+)` \|.*\| ([\w]+) \| ([\w]+) \| ([\w]+) \|$", re.MULTILINE)


def test_every_quirk_is_documented() -> None:
    documented = {match[1]: match.groups()[1:] for match in ROW.finditer(PAGE.read_text())}
    words = {True: "yes", False: "no"}
    engines = [CHROMIUM, FIREFOX, WEBKIT]
    jars = [COOKIE_QUIRKS[engine.name] for engine in engines]
    quirks = {
        name: tuple(words.get(getattr(each, name), str(getattr(each, name))) for each in having)
        for quirk_type, having in ((Quirks, engines), (CookieQuirks, jars))
        for name in (field.name for field in fields(quirk_type))
        if name != "name"
    }
    assert documented == quirks
