"""Policies of views, for every kind of view: actual requests and preflights."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path as route
from django.urls import resolve
from django.utils import translation

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit_django import cors, cors_exempt
from corekit_django.decorators import EXEMPT, read_mark
from corekit_django.resolving import find_marked_views, has_marked_views, name_view
from tests.django import views
from tests.django.conftest import Ask
from tests.django.views import OWN, OWN_ORIGIN

APP = "https://app.example.com"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
MAX_AGE = "Access-Control-Max-Age"


@pytest.fixture(autouse=True)
def project() -> Iterator[None]:
    with override_settings(CORS_ALLOWED_ORIGINS=[APP]):
        yield


def is_own(ask: Ask, path: str, method: str) -> bool:
    """Return whether the view's policy answers preflight and call; otherwise the settings' must."""
    seen: set[tuple[bool, bool]] = set()
    for origin in (OWN_ORIGIN, APP):
        preflight = ask("OPTIONS", path, origin=origin, asked=method)
        actual = ask(method, path, origin=origin)
        allowed = ALLOW_ORIGIN in preflight.headers
        assert preflight.status_code == (204 if allowed else 403)
        assert (ALLOW_ORIGIN in actual.headers) is allowed
        assert ("x-own" in actual.headers.get("Access-Control-Expose-Headers", "")) is (
            allowed and origin == OWN_ORIGIN
        )
        seen.add((origin == OWN_ORIGIN, allowed))
    assert len({is_own_origin is allowed for is_own_origin, allowed in seen}) == 1
    return (True, True) in seen


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/own/", "PUT"),
        ("/own-async/", "PUT"),
        ("/own-wrapped/", "PUT"),
        ("/own-class/", "PUT"),
        ("/own-class/", "DELETE"),
        ("/own-subclass/", "GET"),
        ("/own-dispatch/", "GET"),
        ("/own-method/", "GET"),
        ("/own-method/", "HEAD"),
        ("/own-method/", "PUT"),
        ("/own-in-urlconf/", "GET"),
        ("/own-class-in-urlconf/", "DELETE"),
        ("/own-object/", "GET"),
        ("/own-bound-method/", "GET"),
        ("/items/1/own/", "GET"),
        ("/own-translated/", "GET"),
        ("/drf/above/", "PUT"),
        ("/drf/below/", "PUT"),
        ("/drf/class/", "GET"),
        ("/drf/set/", "POST"),
        ("/drf/set/extra/", "PUT"),
        ("/ninja/below", "GET"),
        ("/ninja/above", "GET"),
        ("/ninja/decorated", "GET"),
        ("/ninja/methods", "GET"),
        ("/ninja-async/own", "PUT"),
    ],
)
def test_view_policy_applies(ask: Ask, path: str, method: str) -> None:
    assert is_own(ask, path, method)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/plain/", "PUT"),
        ("/object/", "GET"),
        ("/own-method/", "DELETE"),
        ("/drf/set/", "GET"),
        ("/ninja/methods", "DELETE"),
        ("/items/no-number/own/", "GET"),
        ("/missing/", "GET"),
    ],
)
def test_other_views_keep_the_policy_of_the_settings(ask: Ask, path: str, method: str) -> None:
    assert not is_own(ask, path, method)


def test_view_policy_applies_to_the_first_request() -> None:
    program = (
        "import django; django.setup()\n"
        "from tests.django.conftest import ask_wsgi\n"
        f"print(ask_wsgi('OPTIONS', '/own/', origin={OWN_ORIGIN!r}, asked='PUT').status_code)"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    printed = subprocess.run(
        [sys.executable, "-c", program],
        env=environ,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    assert printed == "204\n"


@override_settings(USE_I18N=True, LANGUAGES=[("en", "English"), ("de", "Deutsch")])
def test_localized_path_is_found_before_the_language_is_set(ask: Ask) -> None:
    locale = [*SETTINGS_MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    with override_settings(MIDDLEWARE=locale):
        assert is_own(ask, "/de/own-translated/", "GET")
        with translation.override("de"):  # as an earlier request in this thread may have left it
            assert is_own(ask, "/own-translated/", "GET")


SETTINGS_MIDDLEWARE = ["corekit_django.middleware.CorsMiddleware"]


class Urls:
    """A URLconf without the other views."""

    urlpatterns = (route("plain/", views.own), route("own/", views.plain))


def use_urls(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    def middleware(request: HttpRequest) -> HttpResponse:
        request.urlconf = Urls  # type: ignore[assignment]
        return get_response(request)

    return middleware


def test_urlconf_of_the_request_is_used(ask: Ask) -> None:
    before = ["tests.django.test_own_policies.use_urls", *SETTINGS_MIDDLEWARE]
    with override_settings(MIDDLEWARE=before):
        assert is_own(ask, "/plain/", "GET")
        assert not is_own(ask, "/own/", "GET")


def refuse(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    return lambda request: HttpResponse("closed", status=503)


def test_response_of_middleware_has_the_view_policy(ask: Ask) -> None:
    closed = [*SETTINGS_MIDDLEWARE, "tests.django.test_own_policies.refuse"]
    with override_settings(MIDDLEWARE=closed):
        response = ask("GET", "/own/", origin=OWN_ORIGIN)
        assert (response.status_code, response.headers[ALLOW_ORIGIN]) == (503, OWN_ORIGIN)
        assert ALLOW_ORIGIN not in ask("GET", "/own/", origin=APP).headers


@pytest.mark.parametrize("path", ["/exempt/", "/exempt-in-urlconf/"])
def test_exempt_view_is_not_changed(ask: Ask, path: str) -> None:
    views.CALLED.clear()
    preflight = ask("OPTIONS", path, origin=APP, asked="PUT")
    actual = ask("GET", path, origin=APP)
    assert views.CALLED == ["OPTIONS", "GET"]
    for response in (preflight, actual):
        own = "https://by-itself.example" if path == "/exempt/" else None
        assert response.headers.get(ALLOW_ORIGIN) == own
        assert "Vary" not in response.headers


def test_preflight_never_reaches_a_view_with_a_policy(ask: Ask) -> None:
    views.CALLED.clear()
    for origin in (OWN_ORIGIN, APP):
        ask("OPTIONS", "/own/", origin=origin, asked="PUT")
    assert views.CALLED == []


@pytest.mark.parametrize("path", ["/own-method/", "/drf/set/", "/ninja/methods"])
@pytest.mark.parametrize("origin", [OWN_ORIGIN, APP])
def test_preflight_is_not_cached_if_methods_differ(ask: Ask, path: str, origin: str) -> None:
    kept = {
        response.headers[MAX_AGE]
        for method in ("GET", "POST", "DELETE")
        if (response := ask("OPTIONS", path, origin=origin, asked=method)).status_code == 204
    }
    assert kept == {"0"}
    refused = ask("OPTIONS", path, origin="https://evil.example", asked="GET")
    assert (refused.status_code, MAX_AGE in refused.headers) == (403, False)


def test_preflight_is_cached_if_methods_share_a_policy(ask: Ask) -> None:
    for path in ("/own-class/", "/own-class-in-urlconf/", "/ninja/below", "/drf/below/"):
        response = ask("OPTIONS", path, origin=OWN_ORIGIN, asked="GET")
        assert response.headers[MAX_AGE] == "60"


def test_decorator_does_not_change_the_original_view() -> None:
    assert read_mark(cors(OWN)(views.plain)) is OWN
    assert read_mark(views.plain) is None
    assert read_mark(cors_exempt(views.own)) is EXEMPT
    assert read_mark(views.own) is OWN


def test_decorator_keeps_attributes_and_signature() -> None:
    marked = resolve("/own-without-csrf/").func
    assert marked.csrf_exempt  # type: ignore[attr-defined]

    def view(request: HttpRequest, /, a: int = 1, *, b: int = 2) -> HttpResponse:
        return HttpResponse(f"{a} {b}")

    made = cors(OWN)(view)
    assert made(HttpRequest()).content == b"1 2"
    assert made(HttpRequest(), 3, b=4).content == b"3 4"
    assert (made.__name__, made.__annotations__) == (view.__name__, view.__annotations__)
    part = cors(OWN)(functools.partial(view, b=5))
    assert part(HttpRequest()).content == b"1 5"


def test_views_are_not_looked_up_without_view_policies(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corekit_django.resolving.has_marked_views", lambda urlconf: False)
    monkeypatch.setattr("corekit_django.resolving.resolve", None)
    assert ask("OPTIONS", "/plain/", origin=APP, asked="PUT").status_code == 204
    assert ask("GET", "/plain/", origin=APP).headers[ALLOW_ORIGIN] == APP


def test_outermost_decorator_applies() -> None:
    other = CorsPolicy(allow_origins=["*"])
    assert read_mark(cors(other)(cors(OWN)(views.plain))) is other


def test_decorator_accepts_policy_arguments() -> None:
    marked = cors(allow_origins=[OWN_ORIGIN], max_age=5)(views.plain)
    assert read_mark(marked) == CorsPolicy(allow_origins=[OWN_ORIGIN], max_age=5)


def test_invalid_policy_is_refused() -> None:
    with pytest.raises(PolicyError, match="any-origin-with-credentials"):
        cors(allow_origins=["*"], allow_credentials=True)
    with pytest.raises(PolicyError, match="no-origins"):
        cors()
    with pytest.raises(TypeError, match="one or the other"):
        cors(OWN, max_age=5)
    with pytest.raises(TypeError, match="a view has one path"):
        cors(CorsRoutes([("/", OWN)]))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"cors\(\) got a function: .*arguments: allow_origins="):
        cors(views.plain)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="origin"):
        cors(origin=[OWN_ORIGIN])


def test_marked_views_are_listed_once_or_per_method() -> None:
    listed = [(path, method) for path, _, method, _ in find_marked_views()]
    assert len(listed) == len(set(listed))
    assert {("/own/", ""), ("/items/<int:pk>/own/", ""), ("/ninja/methods", "GET")} <= set(listed)
    assert ("/drf/set/", "POST") in listed
    assert ("/drf/set/", "GET") not in listed


@pytest.mark.parametrize(
    ("path", "method", "name"),
    [
        ("/own/", "", "tests.django.views.own"),
        ("/own-class/", "", "tests.django.views.OwnClass"),
        ("/drf/above/", "", "tests.django.views.drf_above"),
        ("/own-object/", "", "tests.django.views.CallableView"),
        ("/own-bound-method/", "", "tests.django.views.CallableView.method"),
        ("/ninja/methods", "GET", "tests.django.views.ninja_get"),
        ("/ninja/methods", "DELETE", "tests.django.views.ninja_delete"),
    ],
)
def test_views_have_recognizable_names(path: str, method: str, name: str) -> None:
    assert name_view(resolve(path).func, method) == name


class Lazy:
    """A URLconf entry of another library: it resolves, but is not a class of Django."""

    pattern = ""

    def __init__(self, view: Callable[[HttpRequest], HttpResponse]) -> None:
        self._entry = route("lazy/", view)

    def resolve(self, path: str) -> Any:
        return self._entry.resolve(path)

    def check(self) -> list[Any]:
        return []


def lazy_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("lazy")


class LazyUrls:
    urlpatterns = (Lazy(cors(OWN)(lazy_view)),)


def test_view_behind_an_unknown_urlconf_entry_keeps_its_policy(ask: Ask) -> None:
    with override_settings(ROOT_URLCONF=LazyUrls):
        response = ask("GET", "/lazy/", origin=OWN_ORIGIN)
    assert response.headers[ALLOW_ORIGIN] == OWN_ORIGIN


def test_unknown_urlconf_entry_is_not_listed() -> None:
    with override_settings(ROOT_URLCONF=LazyUrls):
        assert list(find_marked_views()) == []


def plain_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


def test_first_requests_of_many_threads_find_the_policies() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    plain = [route(f"{number}/", plain_view) for number in range(100)]
    try:
        for _ in range(20):
            own = route("own/", cors(OWN)(lazy_view))
            urls = type("Urls", (), {"urlpatterns": (*plain, own)})
            with ThreadPoolExecutor(8) as pool:
                assert all(pool.map(has_marked_views, [urls] * 8))
    finally:
        sys.setswitchinterval(interval)
