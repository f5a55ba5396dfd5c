"""The adapter in docs/writing-an-adapter.md passes the conformance table; other pages run."""

from __future__ import annotations

import dataclasses
import re
from contextlib import ExitStack, closing
from typing import Any

from sanic import Sanic

import corekit.adapter
from tests.conformance.table import CASES, differences
from tests.docs.pages import ROOT, blocks, run
from tests.frameworks.client import Client
from tests.frameworks.dispatch import POLICIES, ran
from tests.frameworks.sanic_app import make
from tests.sanic.serving import APP, UNTRUSTED, serve

GUIDE = ROOT / "docs" / "writing-an-adapter.md"
PAGE = ROOT / "docs" / "sanic.md"


def read_adapter() -> dict[str, Any]:
    """Run the blocks of the guide as one module."""
    return run("\n\n".join(blocks(GUIDE, "python")), GUIDE)


def test_adapter_of_the_guide_passes_every_case() -> None:
    install = read_adapter()["install"]
    ran.clear()
    failed = {}
    with ExitStack() as stack:
        clients = {}
        for policy in POLICIES:
            server = stack.enter_context(serve(make(policy, install)))
            clients[id(policy)] = stack.enter_context(closing(Client(server.port)))
        for case in CASES:
            result = clients[id(case.policy)].ask(case)
            result = dataclasses.replace(result, ran=case.name in ran)
            failed[case.name] = differences(case, result)
    assert {name: found for name, found in failed.items() if found} == {}


def test_adapter_of_the_guide_reports_decisions() -> None:
    events: list[Any] = []
    app = make(POLICIES[0], lambda app, policy: None)
    read_adapter()["install"](app, POLICIES[0], on_decision=events.append)
    with serve(app) as server:
        server.get("/missing", UNTRUSTED)
    assert [event.adapter for event in events] == ["sanic"]


def test_table_lists_every_name() -> None:
    table = GUIDE.read_text().partition("| name | what it is for |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    listed = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(listed) == sorted(corekit.adapter.__all__)


def test_example_answers_listed_origins_only() -> None:
    (snippet,) = blocks(PAGE, "python")
    app: Sanic[Any, Any] = run(snippet, PAGE)["app"]
    app.config.TOUCHUP = False
    with serve(app) as server:
        assert server.get("/items").allowed == [APP]
        assert server.get("/items", UNTRUSTED).allowed is None
        assert server.preflight("/items").allowed == [APP]
        assert server.get("/feed", UNTRUSTED).allowed == ["*"]
