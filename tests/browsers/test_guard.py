"""In real browsers, a page changes something exactly if it is the server's own, or one of the list.

Pages of several origins send forms, fetches and handshakes to a shop behind the guard, under every
referrer policy, over HTTP and HTTPS.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Empty
from typing import Any, Final

import pytest
import uvicorn

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard
from tests.browsers import chromium, firefox, webkit
from tests.browsers.guarded_shop import FORMS, REFERRER_POLICIES, SECRET, WRITES, Page, Shop, Visit
from tests.browsers.https import OPENERS
from tests.certificates import Certificate, make_certificate

pytestmark = pytest.mark.browser

NOTHING: Final = Visit(frozenset(), None, None, connected=False)
EVERYTHING: Final = Visit(WRITES, SECRET, SECRET, connected=True)
OWN: Final = "shop.localhost"
LISTED: Final = "app.localhost"
EVIL: Final = "evil.localhost"
REBOUND: Final = "rebind.localhost"
NAMES: Final = (OWN, LISTED, EVIL, REBOUND)
FEW: Final = ("no-referrer", "same-origin", "unsafe-url")
"""Referrer policies for the pages that differ from those of another site in one way only."""

HIDDEN: Final = {
    "chromium": frozenset(FORMS),
    "firefox": frozenset({*FORMS, "no-cors", "beacon"}),
    "webkit": frozenset({*FORMS, "no-cors", "beacon"}),
}
"""What has `Origin: null` if the referrer policy hides the origin: requests without CORS."""

PLAIN: Final = {name: name.replace(".localhost", ".example") for name in NAMES}
"""Names that are not loopback names, so that browsers over plain HTTP do not trust the server."""


@contextmanager
def serve(app: Any, certificate: Certificate | None = None) -> Iterator[int]:
    """Serve on a free port of loopback; return the port."""
    files: dict[str, Any] = {}
    if certificate is not None:
        files = {"ssl_certfile": certificate.path, "ssl_keyfile": certificate.key}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, log_level="critical", lifespan="off", **files)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def open_browser(engine: str, url: str, certificate: Certificate | None, home: Path) -> Any:
    if certificate is not None:
        return OPENERS[engine](url, certificate.authority, home)
    if engine == "chromium":
        rules = ", ".join(f"MAP {name} 127.0.0.1" for name in PLAIN.values())
        return chromium.open_page(url, arguments=[f"--host-resolver-rules={rules}"])
    if engine == "firefox":
        names = ",".join(PLAIN.values())
        return firefox.open_page(url, preferences={"network.dns.localDomains": names})
    return webkit.open_page(url)


def visit(
    engine: str, shop: Shop, pages: list[Page], certificate: Certificate | None, home: Path
) -> dict[Page, Visit]:
    """Open the pages one after the other; return what each achieved."""
    shop.pages = pages
    visits: dict[Page, Visit] = {}
    with open_browser(engine, pages[0].url, certificate, home):
        for page in pages:
            try:
                report = shop.reports.get(timeout=60)
            except Empty:
                raise TimeoutError(f"no report of {page}") from None
            assert report["page"] == page.name
            visits[page] = shop.visit_of(report)
    return visits


def pages_of(scheme: str, ports: tuple[int, int], names: dict[str, str]) -> Iterator[Page]:
    """Yield the pages of all owners, and their referrer policies."""
    port, other_port = ports
    target = f"{scheme}://{names[OWN]}:{port}"
    rebound = f"{scheme}://{names[REBOUND]}:{port}"
    for policy in REFERRER_POLICIES:
        yield Page("own", target, target, policy)
        yield Page("listed", f"{scheme}://{names[LISTED]}:{port}", target, policy)
        yield Page("evil", f"{scheme}://{names[EVIL]}:{port}", target, policy)
        if policy not in FEW:
            continue
        yield Page("other port", f"{scheme}://{names[OWN]}:{other_port}", target, policy)
        yield Page("rebound", rebound, rebound, policy)


WORLDS: Final = [
    *((engine, world) for engine in OPENERS for world in ("loopback", "https")),
    # WebKit has no switch for other names of this machine.
    ("chromium", "plain"),
    ("firefox", "plain"),
]


@pytest.mark.parametrize(("engine", "world"), WORLDS, ids=str)
def test_page_changes_something_exactly_if_it_is_own_or_listed(
    engine: str, world: str, tmp_path: Path
) -> None:
    scheme = "https" if world == "https" else "http"
    names = PLAIN if world == "plain" else {name: name for name in NAMES}
    certificate = make_certificate(tmp_path, *names.values()) if world == "https" else None
    shop = Shop()
    with ExitStack() as stack:
        ports = tuple(stack.enter_context(serve(shop, certificate)) for _ in range(2))
        assert len(ports) == 2
        listed = f"{scheme}://{names[LISTED]}:{ports[0]}"
        policy = CorsPolicy(
            allow_origins=[listed],
            allow_credentials=True,
            allow_methods=["PUT", "DELETE"],
            allow_headers=["content-type"],
            accept_risks=["insecure-origin"] if world == "plain" else [],
        )
        shop.protect(policy, CrossOriginGuard(policy, hosts=[names[OWN]]))
        visits = visit(engine, shop, list(pages_of(scheme, ports, names)), certificate, tmp_path)
    for page, achieved in visits.items():
        expected = EVERYTHING if page.owner in {"own", "listed"} else NOTHING
        if expected is EVERYTHING and hides_origin(page, world):
            expected = expected._replace(wrote=WRITES - HIDDEN[engine])
        assert achieved == expected, page


def hides_origin(page: Page, world: str) -> bool:
    """Return whether requests of a page have no origin, and no Sec-Fetch-Site that replaces it."""
    if page.owner == "own":
        return world == "plain" and page.referrer_policy == "no-referrer"
    return page.referrer_policy in {"no-referrer", "same-origin"}


def test_without_hosts_a_rebound_name_is_an_own_page(tmp_path: Path) -> None:
    shop = Shop()
    with serve(shop) as port:
        origin = f"http://{REBOUND}:{port}"
        policy = CorsPolicy.deny_all()
        shop.protect(policy, CrossOriginGuard(policy))
        page = Page("rebound", origin, origin, "same-origin")
        visits = visit("chromium", shop, [page], None, tmp_path)
    assert visits == {page: EVERYTHING}


def test_without_a_guard_another_site_writes_and_connects(tmp_path: Path) -> None:
    shop = Shop()
    with serve(shop) as port:
        target = f"http://{OWN}:{port}"
        page = Page("evil", f"http://{EVIL}:{port}", target, "same-origin")
        visits = visit("chromium", shop, [page], None, tmp_path)
    assert visits[page] == Visit(WRITES - {"json", "put", "delete"}, None, SECRET, connected=True)
