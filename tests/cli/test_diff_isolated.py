"""`corekit diff`: policies on their way from the process that reads them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.compat import RegexCorsPolicy
from corekit.diff import Relation, compare
from corekit_cli.diff import isolated


@pytest.mark.parametrize("flags", [0, 2])
def test_policies_survive_the_way_between_processes(flags: int) -> None:
    policy = RegexCorsPolicy(
        allow_origins=["http://a.example", "https://*.example.com", "null"],
        allow_origin_regexes=[re.compile(r"https://x\d\.example", flags)],
        allow_methods=["PUT"],
        allow_headers=["authorization", "*"],
        expose_headers=["etag"],
        max_age=7,
        allow_private_network=True,
        preflight_status=200,
        accept_risks=["opaque-origin"],
    )
    for each in (policy, CorsPolicy.deny_all(), CorsRoutes([("/a/", policy)])):
        built = isolated.build(json.loads(json.dumps(isolated.dump(each))))
        comparison = compare(each, built)
        assert (comparison.relation, comparison.differences) == (Relation.SAME, ())
    assert isolated.build(isolated.dump(policy)) == policy


def test_files_that_are_read_are_remembered() -> None:
    opened: set[Path] = set()
    for event, path, flags in [
        ("open", "/read", os.O_RDONLY),
        ("open", b"/bytes", os.O_RDONLY),
        ("open", "/written", os.O_WRONLY | os.O_CREAT),
        ("open", "/both", os.O_RDWR),
        ("open", 3, os.O_RDONLY),
        ("os.listdir", "/listed", 0),
    ]:
        isolated._add_opened(opened, event, (path, "r", flags))
    assert opened == {Path("/read"), Path("/bytes")}
