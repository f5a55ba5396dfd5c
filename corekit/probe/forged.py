"""What a server does with requests that any website can send without a preflight."""

from __future__ import annotations

from collections.abc import Iterator

from corekit.browser.urls import parse_url
from corekit.diagnostics import Diagnostic, Severity
from corekit.lint.rules import is_internal

from .finding_kinds import report
from .probe_origins import UNTRUSTED
from .requests import OTHER_HOST, Responses

_SWITCHING_PROTOCOLS = 101
_FIRST_ERROR = 400


def check_forged(responses: Responses) -> Iterator[Diagnostic]:
    """Find what the server accepts from any website, and under any name."""
    severity: Severity = "warning" if responses.plan.include else "info"
    write = responses.find("forged-write", UNTRUSTED)
    if write is not None and write.response.status < _FIRST_ERROR:
        status = write.response.status
        yield report("forged-write", UNTRUSTED, status, severity=severity, status=status)
    handshake = responses.find("forged-handshake", UNTRUSTED)
    if handshake is not None and handshake.response.status == _SWITCHING_PROTOCOLS:
        status = handshake.response.status
        yield report("forged-handshake", UNTRUSTED, status, severity=severity)
    read = responses.find("get", UNTRUSTED)
    if responses.plan.refuses_reads and read is not None and read.response.status < _FIRST_ERROR:
        status = read.response.status
        yield report("read-not-refused", UNTRUSTED, status, status=status)
    host = responses.find("host", None)
    if host is not None and host.response.status < _FIRST_ERROR:
        url, status = responses.plan.url, host.response.status
        is_reachable = is_internal(parse_url(url).host)
        severity = "warning" if is_reachable else "info"
        yield report("host-not-checked", url, OTHER_HOST, severity=severity, status=status)
