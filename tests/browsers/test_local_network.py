"""Chromium checks Local Network Access as the model does.

All servers are on this machine. A switch of Chromium puts them into other address spaces, and
another one lets names that are not local lead to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import product
from typing import Final, NamedTuple

import pytest

from corekit.browser import (
    CHROMIUM,
    BrowserModel,
    Fetch,
    HttpResponse,
    LocalNetwork,
    Outcome,
)
from corekit.browser.local_network import ADDRESS_SPACES, LOCAL_NETWORK_KINDS, PERMISSIONS
from corekit.explain import ERRORS, find_error
from tests.browser_model.servers import redirect_if_asked
from tests.browsers import chromium, devtools, firefox
from tests.browsers.lab import Lab, Session, open_lab
from tests.browsers.tab import Tab
from tests.browsers.test_troubleshooting import wait_for
from tests.browsers.websocket import connect
from tests.certificates import make_certificate

pytestmark = pytest.mark.browser

NAMES: Final = {kind.name for kind in LOCAL_NETWORK_KINDS}
PAGES: Final = (
    ("https", "app.example.com"),
    ("http", "app.example.com"),
    ("http", "app.localhost"),
)
HOSTS: Final = (
    ("https", "api.example.com"),
    ("http", "api.example.com"),
    ("http", "127.0.0.1"),
    ("http", "192.168.1.5"),
    ("http", "0.0.0.0"),
    ("http", "8.8.8.8"),
    ("http", "printer.local"),
)
TARGETS: Final = (None, *ADDRESS_SPACES)
AS_PUBLIC: Final = (("Content-Security-Policy", "treat-as-public-address"),)


class Place(NamedTuple):
    """Where a server is: its scheme and its address space."""

    scheme: str
    space: str


class Networks:
    """Pages and servers in every address space, and a Chromium that is at one of the pages."""

    def __init__(
        self, pages: dict[tuple[Place, str], Lab], servers: dict[Place, Lab], tab: Tab
    ) -> None:
        self.pages = pages
        self.servers = servers
        self.tab = tab
        self.tools: devtools.DevTools
        self.spaces: dict[str, str] = {}

    def url(self, scheme: str, host: str, space: str) -> str:
        """Return the URL of a server below any of its names."""
        port = self.servers[Place(scheme, space)].wire.port
        self.spaces[f"{host}:{port}"] = space
        return f"{scheme}://{host}:{port}"

    def visit(self, lab: Lab) -> None:
        """Open a page. A page of the lab can be opened once."""
        self.tab.call("Page.navigate", url=f"{lab.page}/")
        self.tab.wait_for(f"location.origin === {lab.page!r}")

    def allow(self, lab: Lab, permissions: tuple[str, ...]) -> None:
        """Let the user allow `permissions` for the open page, and no others."""
        for name in PERMISSIONS.values():
            setting = "granted" if name in permissions else "denied"
            self.tab.call(
                "Browser.setPermission",
                permission={"name": name},
                setting=setting,
                origin=lab.page,
            )
            self.tab.wait_for(
                f"!isSecureContext || navigator.permissions.query({{ name: {name!r} }})"
                f".then(({{ state }}) => state === {setting!r})"
            )

    def find_message(self, session: Session) -> str | None:
        """Return the message of the console about a session's failure."""
        texts = (text for text in self.tools.messages if f"/{session.id}/" in text)
        return next((text for text in texts if "blocked by CORS policy" in text), None)

    def run(self, lab: Lab, sessions: list[Session]) -> None:
        """Let the page of `lab` make the fetches of the sessions to the servers."""
        known = {session.id: session for session in sessions}
        for server in self.servers.values():
            server.sessions = known
        lab.run(sessions)


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Networks]:
    chromium.require_chromium()
    home = tmp_path_factory.mktemp("home")
    folder = tmp_path_factory.mktemp("certificate")
    certificate = make_certificate(folder, "app.example.com", "api.example.com")
    firefox.trust(certificate.authority, home / ".pki" / "nssdb")

    with ExitStack() as stack:

        def serve(place: Place, host: str = "app.example.com") -> Lab:
            context = certificate.server_context() if place.scheme == "https" else None
            return stack.enter_context(open_lab(context, host))

        pages = {
            (Place(scheme, space), host): serve(Place(scheme, space), host)
            for (scheme, host), space in product(PAGES, ADDRESS_SPACES)
        }
        places = [Place(*each) for each in product(("http", "https"), ADDRESS_SPACES)]
        servers = {place: serve(place) for place in places}
        spaces = [(lab, place.space) for (place, _), lab in pages.items()]
        spaces += [(lab, place.space) for place, lab in servers.items()]
        overrides = [f"127.0.0.1:{lab.wire.port}={space}" for lab, space in spaces]
        names = ("*.example.com", "192.168.1.5", "0.0.0.0", "8.8.8.8", "printer.local")
        arguments = [
            "--remote-debugging-port=0",
            f"--ip-address-space-overrides={','.join(overrides)}",
            f"--host-resolver-rules={', '.join(f'MAP {name} 127.0.0.1' for name in names)}",
        ]
        start = f"{next(iter(pages.values())).page}/"
        stack.enter_context(chromium.open_page(start, arguments=arguments, home=home))
        tab = Tab(stack.enter_context(connect(home / "profile", start)))
        found = Networks(pages, servers, tab)
        found.tools = stack.enter_context(devtools.listen(home / "profile", start))
        yield found


def make_fetches(networks: Networks, own: str) -> list[Fetch]:
    """Return fetches from every server, with every target and in other modes."""
    fetches = [
        Fetch(f"{networks.url(*host, space)}/ID/", target_address_space=target)
        for host, space, target in product(HOSTS, ADDRESS_SPACES, TARGETS)
    ]
    public = networks.url("https", "api.example.com", "public")
    for space in ADDRESS_SPACES:
        url = f"{networks.url('https', 'api.example.com', space)}/ID/"
        fetches += [
            Fetch(url, mode="no-cors"),
            Fetch(url, "POST", mode="no-cors", body=b"x"),
            Fetch(url, mode="same-origin"),
            Fetch(url, redirect="manual"),
            Fetch(url, credentials="include", headers=(("X-A", "1"),)),
            Fetch(url, "POST", body=b"x", upload_listener=True),
            *(Fetch(url, "PUT", target_address_space=target) for target in TARGETS),
            Fetch(f"{url}to?{public}/ID/"),
            Fetch(f"{url}to?{own}/ID/"),
        ]
        for host, target in product(HOSTS, (None, "local")):
            to = f"{public}/ID/to?{networks.url(*host, space)}/ID/"
            fetches.append(Fetch(to, target_address_space=target))
    return fetches


def model_session(session: Session, network: LocalNetwork) -> Outcome:
    model = BrowserModel(clock=lambda: 0.0, quirks=CHROMIUM, address_space=network)
    return model.fetch(session.respond, session.page, session.fetches[0])


NOTHING: Final[tuple[tuple[str, ...], ...]] = ((),)
EVERYTHING: Final[tuple[tuple[str, ...], ...]] = (
    (),
    ("local-network",),
    ("loopback-network",),
    (*PERMISSIONS.values(),),
)


@pytest.mark.parametrize("space", ADDRESS_SPACES)
@pytest.mark.parametrize(("scheme", "host"), PAGES)
def test_model_agrees_with_chromium(networks: Networks, scheme: str, host: str, space: str) -> None:
    lab = networks.pages[Place(scheme, space), host]
    is_secure = scheme == "https" or host == "app.localhost"
    seen: set[str] = set()
    networks.visit(lab)
    for number, permissions in enumerate(EVERYTHING if space == "public" else NOTHING):
        networks.allow(lab, permissions)
        fetches = [(lab.page, fetch) for fetch in make_fetches(networks, lab.page)]
        if is_secure:
            fetches += [("null", fetch) for fetch in make_fetches_of_frame(networks)]
        sessions = []
        for at, (page, fetch) in enumerate(fetches):
            name = f"{scheme}-{host}-{space}-{number}-{at}".replace(".", "-")
            named = replace(fetch, url=fetch.url.replace("/ID/", f"/{name}/"))
            sessions.append(
                Session(name, page, [named], redirect_if_asked, note=(permissions, page, named))
            )
        networks.run(lab, sessions)
        network = LocalNetwork(space, permissions, {**networks.spaces, parse(lab.page): space})
        for session in sessions:
            seen |= compare(networks, session, model_session(session, network))
    expected = {
        ("public", True): {*NAMES} - {"InsecureLocalNetwork"},
        ("public", False): {*NAMES} - {"LocalNetworkAccessPermissionDenied"},
    }
    assert seen == expected.get((space, is_secure), {"InvalidLocalNetworkAccess"})
    warnings = [text for text in networks.tools.messages if "should also be served" in text]
    assert all(find_error(text) is ERRORS["MixedContentWarning"] for text in warnings)
    if scheme == "https":
        assert any(lab.page in text for text in warnings)


def make_fetches_of_frame(networks: Networks) -> list[Fetch]:
    """Return fetches of a sandboxed frame."""
    return [
        Fetch(f"{networks.url('https', 'api.example.com', space)}/ID/", mode=mode)
        for space, mode in product(ADDRESS_SPACES, ("cors", "no-cors"))
    ]


def parse(origin: str) -> str:
    return origin.partition("//")[2]


def compare(networks: Networks, session: Session, outcome: Outcome) -> set[str]:
    """Compare the outcome, the requests and the failure's name; return the name, if any."""
    (found,) = session.outcomes
    assert found["ok"] == (outcome.failure is None), (session.note, outcome.failure)
    requests = [f"{each.request.method} {each.request.url}" for each in outcome.exchanges]
    logged = [f"{each.request.method} {each.request.url}" for each in session.log]
    assert requests == logged, session.note
    if outcome.failure is None or outcome.failure.name not in NAMES:
        return set()
    url = session.fetches[0].url
    names = wait_for(lambda: networks.tools.failures.get(url))
    assert {*names} == {outcome.failure.name}, session.note
    # The console may have a warning about mixed content too.
    message = wait_for(lambda: networks.find_message(session))
    assert find_error(message) is ERRORS[outcome.failure.name]
    return {*names}


@pytest.mark.parametrize(
    ("scheme", "host", "name"),
    [
        ("https", "app.example.com", None),
        ("http", "app.localhost", None),
        ("http", "app.example.com", "InsecureLocalNetwork"),
    ],
)
@pytest.mark.parametrize("target", [None, "local"])
def test_own_server_of_a_trustworthy_page_is_exempt(
    networks: Networks, scheme: str, host: str, name: str | None, target: str | None
) -> None:
    page = networks.url(scheme, host, "loopback")
    networks.servers[Place(scheme, "loopback")].sessions = {
        "public": Session("public", page, [], lambda _: HttpResponse(200, AS_PUBLIC)),
        "own": Session("own", page, [], redirect_if_asked),
    }
    networks.tab.call("Page.navigate", url=f"{page}/public")
    networks.tab.wait_for(f"location.origin === {page!r} && document.readyState === 'complete'")
    url = f"{page}/own/{target}"
    option = "" if target is None else f", {{ targetAddressSpace: {target!r} }}"
    sent = networks.tab.evaluate(f"fetch({url!r}{option}).then(() => true, () => false)")
    if name is not None and target is not None:
        name = "InvalidLocalNetworkAccess"
    assert sent == (name is None)
    if name is not None:
        assert wait_for(lambda: networks.tools.failures.get(url)) == [name]
    network = LocalNetwork("public", (), {parse(page): "loopback"})
    model = BrowserModel(clock=lambda: 0.0, quirks=CHROMIUM, address_space=network)
    outcome = model.fetch(redirect_if_asked, page, Fetch(url, target_address_space=target))
    assert (outcome.failure and outcome.failure.name) == name
