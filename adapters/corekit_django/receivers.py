"""Call the receivers of the signal with origins that no project can mean, for the system checks.

What a receiver allows cannot be read from its code, so it is tried: with a request that the
settings deny, for each path of the URLconf where it could allow credentials. Nothing depends on
it that is not there during a check: the receivers run in a thread that has no databases, their
exceptions are ignored, and after a few seconds the check goes on without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from threading import Event, Thread
from typing import Any, Final, NamedTuple, NoReturn

from django.conf import settings
from django.db import DatabaseError, connections
from django.http import HttpRequest
from django.test import RequestFactory

from corekit.adapter import RoutingError
from corekit.probe import make_probe_origins

from .conf import get_configuration
from .middleware import find_grant
from .resolving import fill_path, find_paths, find_view, name_view
from .signals import call, check_request_enabled, find_receivers, settle

_SECONDS: Final = 3.0
"""How long a check waits for all receivers."""

_MOST_PATHS: Final = 300
_NEVER_MEANT: Final = frozenset({"any-origin", "suffix", "prefix", "unescaped-dot"})
"""The probe origins that are never the project's own, whatever it allows."""


class Reply(NamedTuple):
    """What a receiver, named by its module, returned for an untrusted origin.

    `missing` is the attribute of the request that it read instead, and that is not there.
    """

    receiver: str
    origin: str
    path: str
    value: object
    missing: str = ""


class _Try(NamedTuple):
    request: HttpRequest
    credentials: bool


_Found = dict[tuple[str, object], Reply]


def probe_receivers() -> list[Reply]:
    """Return the replies of receivers that are wrong.

    They allow an untrusted origin with credentials, return no bool, or read an attribute that the
    request does not have.
    """
    if not check_request_enabled.has_listeners(None):
        return []
    requests = list(_make_requests())
    found: _Found = {}
    stopped = Event()
    thread = Thread(target=_call_receivers, args=(requests, found, stopped), daemon=True)
    thread.start()
    thread.join(_SECONDS)
    stopped.set()
    return list(found.values())


def _make_requests() -> Iterator[_Try]:
    """Yield requests that the settings deny, and that a receiver could allow."""
    hosts = [host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*"))]
    factory = RequestFactory(SERVER_NAME=hosts[0] if hosts else "localhost")
    origins = list(_find_origins())
    for path in dict.fromkeys(["/", *islice(map(fill_path, find_paths()), _MOST_PATHS)]):
        for origin in origins:
            request = factory.get(path, headers={"Origin": origin})
            try:
                grant = find_grant(request, find_view(request), "GET")
            except RoutingError:
                # No receiver is asked about such a request.
                continue
            if (
                grant is not None
                and grant.admitting is not None
                and not grant.engine.allows(origin)
            ):
                yield _Try(request, grant.policy.allow_credentials)


def _find_origins() -> Iterator[str]:
    policies = get_configuration().policies
    allowed = (origin for policy in policies for origin in policy.allow_origins)
    exact = next((origin for origin in allowed if "*" not in origin), "")
    for each in make_probe_origins(exact):
        if each.code in _NEVER_MEANT:
            yield each.origin


def _call_receivers(requests: list[_Try], found: _Found, stopped: Event) -> None:
    # The connections belong to this thread, so no other one misses them.
    for alias in connections:
        vars(connections[alias])["connect"] = _refuse
    for each in requests:
        plain, later = find_receivers()
        for receiver in (*plain, *later):
            if stopped.is_set():
                return
            (value,) = settle(call([receiver], each.request))
            _judge(each, receiver, value, found)


def _judge(tried: _Try, receiver: Any, value: object, found: _Found) -> None:
    request = tried.request
    missing = ""
    if isinstance(value, AttributeError) and value.obj is request:
        missing = value.name or ""
    elif value is True:
        if not tried.credentials:
            return
    elif value is None or value is False or isinstance(value, BaseException):
        return
    name = name_view(receiver)
    judged = Reply(name, request.headers["Origin"], request.path, value, missing)
    found.setdefault((name, missing or value is True), judged)


def _refuse() -> NoReturn:
    raise DatabaseError("A system check calls this receiver, without databases.")
