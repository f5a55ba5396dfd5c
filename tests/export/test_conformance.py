"""A proxy with an exported policy passes the conformance table on the wire."""

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
from tests.export.every import EXACT
from tests.export.proxies import Application, Proxy, running, serving, write_configuration
from tests.frameworks.client import Client

CASES_OF_POLICIES: Final = [case for case in CASES if isinstance(case.policy, CorsPolicy)]


class Servers:
    """One process for each proxy and policy, started when it is first asked for."""

    def __init__(self, folder: Path, application: Application, stack: ExitStack) -> None:
        self._folder = folder
        self._application = application
        self._stack = stack
        self._clients: dict[tuple[str, CorsPolicy], Client] = {}

    def client_of(self, proxy: Proxy, policy: CorsPolicy) -> Client:
        client = self._clients.get((proxy.name, policy))
        if client is None:
            text = write_configuration(proxy, policy, self._application.url)
            folder = self._folder / str(len(self._clients))
            client = Client(self._stack.enter_context(running(proxy, text, folder)))
            self._stack.callback(client.close)
            self._clients[proxy.name, policy] = client
        return client

    def differences(self, proxy: Proxy, case: Case) -> list[str]:
        self._application.ran.discard(case.name)
        assert isinstance(case.policy, CorsPolicy)
        seen = self.client_of(proxy, case.policy).ask(case)
        return differences(case, replace(seen, ran=case.name in self._application.ran))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with ExitStack() as stack:
        application = stack.enter_context(serving())
        yield Servers(tmp_path_factory.mktemp("proxies"), application, stack)


@pytest.mark.parametrize("proxy", EXACT, ids=str)
@pytest.mark.parametrize("case", CASES_OF_POLICIES, ids=[case.name for case in CASES_OF_POLICIES])
def test_proxy_passes(case: Case, proxy: Proxy, servers: Servers) -> None:
    found = servers.differences(proxy, case)
    # A difference that the export names exists.
    assert bool(found) is (case.name in proxy.other), found
