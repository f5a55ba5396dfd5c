"""django-cors-headers and corekit_django respond alike to the requests of parity_rows.

Each row is sent to both, under WSGI and ASGI. Where they differ, they differ in what the row says,
and the migration guide has the difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from corsheaders.middleware import CorsMiddleware as Theirs
from corsheaders.signals import check_request_enabled as their_signal
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse

from corekit_django.middleware import CorsMiddleware as Ours
from corekit_django.signals import check_request_enabled
from tests.django.layers import APP, EVIL, Seen, ask
from tests.django.parity_rows import ALLOW, LISTED, PREFLIGHT, ROWS, Row

GUIDE: Final = Path(__file__).parents[2] / "docs" / "migrating-from-django-cors-headers.md"
LAYERS: Final = ((Theirs, their_signal), (Ours, check_request_enabled))


def view(request: HttpRequest) -> HttpResponse:
    status = {"/missing/": 404, "/login/": 401, "/error/": 500}.get(request.path_info, 202)
    # Views of projects have deleted the attribute that django-cors-headers leaves there.
    vars(request).pop("_cors_enabled", None)
    return HttpResponse("from the view", status=status, headers={"Vary": "Accept"})


def as_it_is(layer: Any) -> Any:
    return layer


def in_a_loop(layer: Any) -> Callable[..., Any]:
    """Return a layer that gets an async view, as under ASGI."""

    def make(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], Any]:
        async def view_async(request: HttpRequest) -> HttpResponse:
            return view(request)

        return lambda request: asyncio.run(layer(view_async)(request))

    return make


MODES: Final = pytest.mark.parametrize("mode", [as_it_is, in_a_loop], ids=["sync", "async"])


def effect(seen: Seen) -> dict[str, object]:
    """Return what browsers, caches and gateways do with a response depends on."""
    lists = (f"{ALLOW}headers", "access-control-expose-headers")
    single = (
        f"{ALLOW}origin",
        f"{ALLOW}credentials",
        f"{ALLOW}private-network",
        "access-control-max-age",
        "content-length",
    )
    return {
        "status": seen.status,
        "vary": seen.vary,
        # Browsers allow HEAD in any case.
        f"{ALLOW}methods": seen.names(f"{ALLOW}methods") - {"HEAD"},
        **{name: {each.lower() for each in seen.names(name)} for name in lists},
        **{name: seen.headers.get(name) for name in single},
    }


def changes(theirs: dict[str, object], ours: dict[str, object]) -> set[str]:
    return {name for name in theirs if theirs[name] != ours[name]}


def assert_in_the_guide(difference: str) -> None:
    rows = [line for line in GUIDE.read_text().splitlines() if line.startswith(f"| {difference}")]
    assert len(rows) == 1, difference


@pytest.mark.filterwarnings("ignore::corekit.PolicyWarning")
@MODES
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_response_is_the_same_or_the_guide_has_the_difference(row: Row, mode: Any) -> None:
    def send(layer: Any) -> dict[str, object]:
        asked = {"path": row.path, "script_name": row.script_name, **row.headers}
        return effect(ask(mode(layer), row.settings, row.method, answer=view, **asked))

    theirs = send(Theirs)
    try:
        found = changes(theirs, send(Ours))
    except ImproperlyConfigured:
        found = {"rejected"}
    assert found == set().union(*(each.changes for each in row.differences))
    for each in row.differences:
        assert_in_the_guide(each.guide)


class Receiver:
    """Return a fixed reply, or one by path, and count the calls."""

    def __init__(self, reply: bool | str | None) -> None:
        self.reply = reply
        self.calls = 0

    def __call__(self, sender: object, request: HttpRequest, **kwargs: object) -> bool | None:
        assert sender is None
        self.calls += 1
        return request.path.startswith(self.reply) if isinstance(self.reply, str) else self.reply


@contextmanager
def receiving(signal: Any, receiver: Receiver) -> Iterator[None]:
    signal.connect(receiver)
    try:
        yield
    finally:
        signal.disconnect(receiver)


@MODES
@pytest.mark.parametrize("regex", [{}, {"CORS_URLS_REGEX": "^/api/"}], ids=["all paths", "api"])
@pytest.mark.parametrize("path", ["/plain/", "/api/x"])
@pytest.mark.parametrize("origin", [APP, EVIL])
@pytest.mark.parametrize("reply", [True, False, None, "/api/"])
def test_signal_has_the_same_effect(
    path: str, origin: str, reply: bool | str | None, regex: dict[str, str], mode: Any
) -> None:
    for method, asked in (("GET", {}), ("OPTIONS", PREFLIGHT)):
        found: list[Seen] = []
        for layer, signal in LAYERS:
            with receiving(signal, Receiver(reply)):
                given = {**asked, "Origin": origin}
                found.append(ask(mode(layer), {**LISTED, **regex}, method, path, view, **given))
        theirs, ours = found
        assert ours.origin == theirs.origin
        if theirs.origin is not None:
            assert effect(ours) == effect(theirs)


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_signal_is_sent_once_for_an_origin_that_is_not_listed(method: str) -> None:
    for layer, signal in LAYERS:
        receiver = Receiver(True)
        with receiving(signal, receiver):
            seen = ask(layer, LISTED, method, answer=lambda _: HttpResponse(), Origin=EVIL)
        assert (seen.origin, receiver.calls) == (EVIL, 1)
