"""Whether findings name the proxy that a response came from or through."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit.browser import FAILURES
from corekit.probe import find_proxy
from tests.probe.servers import (
    Headers,
    add,
    codes,
    is_get,
    is_missing_page,
    is_preflight,
    probe,
    respond,
    wrong,
)

NGINX: Final = ("Server", "nginx/1.27.0")
BLAME: Final = (
    " A proxy or web server (Server: 'nginx/1.27.0') sent this response or passed it on: check its"
    " configuration too."
)


@pytest.mark.parametrize(
    ("headers", "proxy"),
    [
        ((), None),
        ((("Server", "uvicorn"),), None),
        ((("Server", "gunicorn"),), None),
        ((NGINX,), "Server: 'nginx/1.27.0'"),
        ((("server", "Apache/2.4"),), "Server: 'Apache/2.4'"),
        ((("Server", "AmazonS3"), ("Via", "1.1 x (CloudFront)")), "Via: '1.1 x (CloudFront)'"),
        ((("Via", "1.1 cache"), NGINX), "Server: 'nginx/1.27.0'"),
        ((("Via", "\x1b[2J"),), r"Via: '\x1b[2J'"),
        ((("Server", "nginx" + "x" * 500),), f"Server: 'nginx{'x' * 115}'... (505 long)"),
    ],
)
def test_proxy_of_a_response(headers: Any, proxy: str | None) -> None:
    assert find_proxy(headers) == proxy


@pytest.mark.parametrize(
    ("bug", "code"),
    [
        (lambda environ: (200, [NGINX]) if is_get(environ) else None, "refused"),
        (lambda environ: (204, [NGINX]) if is_preflight(environ) else None, "preflight-refused"),
        (lambda environ: (404, [NGINX]) if is_missing_page(environ) else None, "headers-lost-on"),
    ],
)
def test_hint_names_the_proxy(bug: Any, code: str) -> None:
    found = probe(wrong(lambda environ, *right: bug(environ) or right))
    (finding,) = (each for each in found if each.code.startswith(code))
    assert finding.hint.endswith(BLAME)


def test_hint_of_other_findings_names_the_proxy() -> None:
    found = probe(wrong(respond(502, NGINX, when=is_get)))
    assert [each.hint.endswith(BLAME) for each in found] == [True]
    repeated = add(("Access-Control-Max-Age", "600"), NGINX)
    (finding,) = (each for each in probe(wrong(repeated)) if each.code == "repeated-header")
    assert finding.hint == FAILURES["MultipleAllowOriginValues"].hint + BLAME
    assert codes(probe(wrong(add(NGINX)))) == set()


@pytest.mark.parametrize("status", [200, 299, 300, 403, 405, 502])
def test_status_of_a_refused_preflight_is_named(status: int) -> None:
    def bug(environ: dict[str, Any], right: int, headers: Headers) -> tuple[int, Headers]:
        return (status, []) if is_preflight(environ) else (right, headers)

    (finding, *_) = probe(wrong(bug))
    context = "" if status < 300 else f"OPTIONS, status {status}: "
    assert finding.code == "preflight-refused"
    assert finding.message.startswith(f"{context}The preflight response has no ")
