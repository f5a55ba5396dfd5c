"""What a live server allows: the requests that find out, and what its responses mean.

The package does no I/O: a function from `HttpRequest` to `HttpResponse` carries the requests.

- `probe_origins`: origins that a server should refuse;
- `requests`: the requests to send, and the responses;
- `finding_kinds`: all messages and hints as one table;
- `findings`: what the responses mean for the pages that should be allowed;
- `forged`: what any website can send without a preflight;
- `proxies`: which proxy a response came through;
- `access`: what untrusted origins get, and where the server deviates from a policy.
"""

from __future__ import annotations

from collections.abc import Callable

from corekit.browser import HttpRequest, HttpResponse
from corekit.diagnostics import SEVERITIES, Diagnostic

from .access import check_untrusted_origins, compare_with_policy
from .findings import check_pages, check_unknown, is_judged
from .forged import check_forged
from .probe_origins import UNTRUSTED, ProbeOrigin, make_probe_origins
from .proxies import find_proxy
from .requests import (
    Plan,
    ProbeRequest,
    ProbeResponse,
    Responses,
    TooManyRequestsError,
    make_requests,
    send_requests,
)

__all__ = [
    "UNTRUSTED",
    "Plan",
    "ProbeOrigin",
    "ProbeRequest",
    "ProbeResponse",
    "Responses",
    "TooManyRequestsError",
    "check_responses",
    "find_proxy",
    "is_judged",
    "make_probe_origins",
    "make_requests",
    "run_probe",
    "send_requests",
]


def run_probe(
    plan: Plan, send: Callable[[HttpRequest], HttpResponse]
) -> tuple[Responses, tuple[Diagnostic, ...]]:
    """Send the requests of a plan one by one; return the responses and all findings.

    >>> from corekit.browser import Fetch
    >>> plan = Plan(("https://app.example.com",), Fetch("https://api.example.com/"))
    >>> _, findings = run_probe(plan, lambda request: HttpResponse(200))
    >>> [(finding.code, finding.failure) for finding in findings]
    [('refused', 'MissingAllowOriginHeader'), ('preflight-refused', 'PreflightMissingAllowOriginHeader')]
    """  # noqa: E501 - one line of output
    responses = send_requests(plan, make_requests(plan), send)
    return responses, check_responses(responses)


def check_responses(responses: Responses) -> tuple[Diagnostic, ...]:
    """Return everything that is wrong with the responses, the most severe first."""
    unknown = [*check_unknown(responses)]
    responses = responses.without_unknown()
    found = (
        *unknown,
        *check_untrusted_origins(responses),
        *check_pages(responses),
        *compare_with_policy(responses),
        *check_forged(responses),
    )
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))
