"""Through a service, as it is documented, pages may send and read what the policy allows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit._origins import is_serialized_origin
from corekit.export import Export, export_policy
from corekit_testing import Browser, CorsError
from corekit_wsgi import CorsMiddleware
from tests.conformance.case import APP, UNTRUSTED
from tests.conformance.table import CASES
from tests.export.service_models import READABLE, bare, model_of
from tests.export.services import SERVICES, Service, without_refused
from tests.properties.strategies import near_misses, setups

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

URL: Final = "https://api.example.net"
PATH: Final = "/200"
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "PROPFIND")
Call = tuple[str, dict[str, str], str]

HEADERS: Final[tuple[dict[str, str], ...]] = (
    {},
    {"authorization": "Bearer a"},
    {"content-type": "application/json"},
    {"x-a": "1"},
    {"x-a": "1", "x-b": "2"},
)

CALLS: Final[list[Call]] = list(product(METHODS, HEADERS, ("omit", "include")))
"""What a page can call: the method, the headers and the credentials mode."""

every_service = pytest.mark.parametrize("service", SERVICES, ids=str)


def seen_by(browser: Browser, **options: Any) -> object:
    """Return what a page reads of a response, and whether the request was sent."""
    browser.wait(100_000)  # no preflight is cached
    method = options.pop("method")
    try:
        response = browser.fetch(method, PATH, **options)
    except CorsError as error:
        return [each.request.method for each in error.exchanges][-1] == method
    return response.status, [response.headers.get(name) for name, _ in READABLE], response.body


def assert_equal_pages(
    own: WSGIApplication,
    other: WSGIApplication | str,
    pages: Sequence[str],
    calls: Sequence[Call],
    url: str = URL,
) -> None:
    """Assert that pages may send to two applications, and read from them, the same."""
    for page in pages:
        with Browser(own, page, url=url) as one, Browser(other, page, url=url) as two:
            for method, headers, mode in calls:
                options = {"method": method, "headers": headers, "credentials": mode}
                assert seen_by(two, **options) == seen_by(one, **options), (page, options)


def assert_same(
    service: Service, policy: CorsPolicy, pages: Sequence[str], calls: Sequence[Call] = CALLS
) -> None:
    export = export_policy(policy, service.target)
    assert export.problems == ()
    own = CorsMiddleware(bare, policy)
    for is_reflecting in service.is_reflecting:
        model = model_of(service, export, is_reflecting=is_reflecting)
        assert_equal_pages(own, model, pages, calls)


@every_service
@pytest.mark.parametrize(
    "changes",
    [
        {"allow_credentials": True},
        {
            "allow_credentials": True,
            "allow_methods": ["PUT", "DELETE"],
            "allow_headers": ["content-type", "x-a"],
            "expose_headers": ["x-total"],
            "max_age": 600,
        },
        {"allow_origins": ["*"], "allow_methods": ["PUT"], "allow_headers": ["authorization"]},
    ],
    ids=["credentials", "listed", "public"],
)
def test_pages_may_do_the_same(service: Service, changes: dict[str, Any]) -> None:
    policy = CorsPolicy(**{"allow_origins": ["https://app.example.com"], **changes})
    assert_same(service, policy, ("https://app.example.com", "https://evil.example.net"))


CONFORMANCE: Final = [
    each
    for each in dict.fromkeys(case.policy for case in CASES)
    if isinstance(each, CorsPolicy) and each.allow_origins
]


@every_service
@pytest.mark.parametrize("number", range(len(CONFORMANCE)))
def test_pages_may_do_the_same_in_the_conformance_table(service: Service, number: int) -> None:
    arguments = CONFORMANCE[number].engine.source.arguments
    policy = without_refused(arguments, service.target)
    assert_same(service, policy, (APP,))
    assert_same(service, policy, (UNTRUSTED,), CALLS[:: len(HEADERS)])


@every_service
@given(data=st.data())
def test_pages_may_do_the_same_for_any_policy(service: Service, data: st.DataObject) -> None:
    setup = data.draw(setups())
    policy = without_refused(setup.arguments, service.target)
    service.validate(export_policy(policy, service.target))
    pool = [each for each in policy.allow_origins if each != "*"] or ["https://app.example.com"]
    page = data.draw(near_misses(pool).filter(is_serialized_origin))
    calls = data.draw(st.lists(st.sampled_from(CALLS), min_size=10, max_size=10))
    assert_same(service, policy, [page], calls)


@pytest.mark.parametrize("is_reflecting", [False, True])
@pytest.mark.parametrize("names", [["*"], ["*", "authorization"]])
def test_any_header_without_credentials_depends_on_authorization(
    names: list[str], is_reflecting: bool
) -> None:
    # Why it is refused unless Authorization is named, and always for Gateway API.
    policy = CorsPolicy(allow_origins=["*"], allow_headers=names)
    gateway = SERVICES[0]
    for service in SERVICES:
        codes = {each.code for each in export_policy(policy, service.target).problems}
        if service is gateway:
            assert codes == {"any-name-not-exported"}
        else:
            assert codes == (set() if "authorization" in names else {"authorization-not-named"})
    files = gateway.target.write(policy, None, "cors")
    refused = Export(gateway.target, files, (), ())
    model = model_of(gateway, refused, is_reflecting=is_reflecting)
    options: dict[str, Any] = {"method": "GET", "headers": {"authorization": "Bearer a"}}
    seen, expected = (
        seen_by(Browser(each, "https://app.example.com", url=URL), **options)
        for each in (model, CorsMiddleware(bare, policy))
    )
    assert (seen == expected) is (is_reflecting is ("authorization" in names))
