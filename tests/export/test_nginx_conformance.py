"""nginx with an exported policy passes the conformance table on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from corekit import CorsPolicy
from tests.conformance.case import Case
from tests.conformance.table import CASES, differences
from tests.export.proxies import Application, running, serving, write_configuration
from tests.frameworks.client import Client

NOT_FROM_BROWSERS: Final = {
    # An empty header is a missing one for nginx.
    "preflight: an empty requested method",
    "preflight refused, malformed: an empty origin",
    "preflight, any origin: an empty origin",
    # Origins with such a port or of this length do not exist.
    "denied: a port above 65535",
    "malformed: an origin longer than the maximum",
    # Browsers list header names sorted, once and in lower case.
    "preflight, * with credentials: headers are reflected once, in lower case",
}
"""The differences that an export names, by the cases that show them."""

EXPORTED: Final = [
    case
    for case in CASES
    if isinstance(case.policy, CorsPolicy) and case.name not in NOT_FROM_BROWSERS
]


class Servers:
    """One nginx for each policy, started when it is first asked for."""

    def __init__(self, folder: Path, application: Application, stack: ExitStack) -> None:
        self._folder = folder
        self._application = application
        self._stack = stack
        self._clients: dict[CorsPolicy, Client] = {}

    def client_of(self, policy: CorsPolicy) -> Client:
        client = self._clients.get(policy)
        if client is None:
            text = write_configuration(policy, self._application.url)
            folder = self._folder / str(len(self._clients))
            client = Client(self._stack.enter_context(running(text, folder)))
            self._stack.callback(client.close)
            self._clients[policy] = client
        return client

    def differences(self, case: Case) -> list[str]:
        self._application.ran.discard(case.name)
        assert isinstance(case.policy, CorsPolicy)
        seen = self.client_of(case.policy).ask(case)
        return differences(case, replace(seen, ran=case.name in self._application.ran))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with ExitStack() as stack:
        application = stack.enter_context(serving())
        yield Servers(tmp_path_factory.mktemp("nginx"), application, stack)


@pytest.mark.parametrize("case", EXPORTED, ids=[case.name for case in EXPORTED])
def test_nginx_passes(case: Case, servers: Servers) -> None:
    assert servers.differences(case) == []


@pytest.mark.parametrize("name", sorted(NOT_FROM_BROWSERS))
def test_named_differences_exist(name: str, servers: Servers) -> None:
    (case,) = (each for each in CASES if each.name == name)
    assert servers.differences(case) != []
