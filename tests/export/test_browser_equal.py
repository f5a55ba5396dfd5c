"""Through a proxy that is not exact, pages may send and read what the policy allows.

The application behind the proxy allows everything to everybody. The browser model loads pages of
all kinds, through the proxy and from corekit's own middleware.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit._origins import is_serialized_origin
from corekit_testing import Browser
from corekit_wsgi import CorsMiddleware
from tests.conformance.case import APP, UNTRUSTED
from tests.export.every import BROWSER_EQUAL
from tests.export.proxies import Proxy, running, serving, write_configuration
from tests.export.service_models import READABLE, bare
from tests.export.services import without_refused
from tests.export.test_generated import POLICIES, ask_all, known, many_origins
from tests.export.test_service_pages import CALLS, CONFORMANCE, PATH, Call, assert_equal_pages
from tests.properties.strategies import Preflight, setups

every_proxy = pytest.mark.parametrize("proxy", BROWSER_EQUAL, ids=str)


@contextmanager
def deployed(proxy: Proxy, policy: CorsPolicy, folder: Path) -> Iterator[int]:
    """Run a proxy in front of a careless application; yield its port."""
    with serving(*READABLE) as application:
        text = write_configuration(proxy, policy, application.url)
        with running(proxy, text, folder) as port:
            yield port


def assert_same(
    port: int, policy: CorsPolicy, pages: Sequence[str], calls: Sequence[Call] = CALLS
) -> None:
    server = f"http://127.0.0.1:{port}"
    assert_equal_pages(CorsMiddleware(bare, policy), server, pages, calls, server)


@every_proxy
@pytest.mark.parametrize("number", range(len(CONFORMANCE)))
def test_pages_may_do_the_same_in_the_conformance_table(
    proxy: Proxy, number: int, tmp_path: Path
) -> None:
    policy = without_refused(CONFORMANCE[number].engine.source.arguments, proxy.target)
    with deployed(proxy, policy, tmp_path) as port:
        assert_same(port, policy, (APP,))
        assert_same(port, policy, (UNTRUSTED, "null"), CALLS[::7])


@every_proxy
def test_pages_may_do_nothing_if_no_origin_is_allowed(proxy: Proxy, tmp_path: Path) -> None:
    policy = CorsPolicy.deny_all()
    with deployed(proxy, policy, tmp_path) as port:
        assert_same(port, policy, (APP, "null"), CALLS[::7])


@every_proxy
@given(data=st.data())
@settings(max_examples=POLICIES, phases=[Phase.reuse, Phase.generate])  # each starts a proxy
def test_pages_may_do_the_same_for_any_policy(
    proxy: Proxy, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    setup = data.draw(setups())
    policy = without_refused(setup.arguments, proxy.target)
    origins = data.draw(many_origins(setup))
    pages = [*filter(is_serialized_origin, origins)][:2]
    calls = data.draw(st.lists(st.sampled_from(CALLS), min_size=10, max_size=10))
    with deployed(proxy, policy, tmp_path_factory.mktemp(proxy.name)) as port:
        assert_same(port, policy, pages, calls)
        requests = [Preflight(each, "PUT", None, None) for each in origins]
        for origin, (_, headers) in zip(origins, ask_all(port, requests), strict=True):
            decision = policy.decide("GET", origin=known(origin))
            allowed = dict(decision.headers).get("Access-Control-Allow-Origin")
            sent = allowed and allowed.replace(known(origin), origin)
            assert headers.get("access-control-allow-origin") == (sent and [sent])


@every_proxy
@pytest.mark.parametrize("max_age", [None, 0, 1, 600])
def test_preflights_are_cached_as_long(proxy: Proxy, max_age: int | None, tmp_path: Path) -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"], max_age=max_age)
    with deployed(proxy, policy, tmp_path) as port:
        server = f"http://127.0.0.1:{port}"
        sent = methods_sent(server, server)
        assert sent == methods_sent(CorsMiddleware(bare, policy), server)
    assert sent.count("OPTIONS") < sent.count("PUT") or max_age == 0


def methods_sent(app: object, url: str) -> list[str]:
    """Return the methods of the requests of a page that calls now and then."""
    with Browser(app, APP, url=url, clock=lambda: 0.0) as browser:
        for seconds in (0, 0.5, 1, 4, 2, 500, 200):
            browser.wait(seconds)
            browser.fetch("PUT", PATH)
        return [each.request.method for each in browser.exchanges]
