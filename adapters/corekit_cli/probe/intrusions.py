"""Who is let in that should not be: the findings about origins that a server should refuse."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

from corekit.browser import HttpResponse
from corekit.browser.fields import get_header

from .findings import ALLOW_ORIGIN, Finding, Severity, allows, has_credentials
from .questions import Answer, Answers
from .strangers import ANY_ORIGIN, STRANGER, Stranger

__all__ = ["find_intrusions"]

_NAME_THEM: Final = (
    "Compare whole origins, byte for byte: name them in allow_origins, with patterns such as"
    " 'https://*.example.com' where they are many."
)
_GRAVITY: Final[dict[str, tuple[Severity, Severity]]] = {
    # Without credentials it grants what '*' does; but caches keep an answer for each origin.
    "any-origin": (Severity.HIGH, Severity.LOW),
    "scheme-downgrade": (Severity.MEDIUM, Severity.LOW),
    "any-port": (Severity.LOW, Severity.INFO),
    "any-sibling": (Severity.INFO, Severity.INFO),
    "any-subdomain": (Severity.INFO, Severity.INFO),
}
"""How grave it is to let one in, with credentials and without; else high, and medium."""

_MENDS: Final = {
    "any-origin": (
        "Name the origins that may call; where the answer is for everybody, send '*', without"
        " credentials."
    ),
    "opaque-origin": "Take 'null' out of the origins: it stands for no site.",
    "scheme-downgrade": "Allow https origins only, but for this very machine.",
    "any-port": "Name the port, unless every program of that host may read the answers.",
    "any-sibling": "Right where all names of the site are yours; else name the origins.",
    "any-subdomain": "Right where all subdomains are yours; else name the origins.",
}

_HOW: Final = {
    (False, True): "may act and read as its users do",
    (False, False): "may read what it answers",
    (True, True): "may act as its users do, though not read the answers: preflights are granted",
    (True, False): "may send what needs a preflight, though not read the answers",
}
"""What a stranger may do, where only its preflights are granted, and with credentials."""


Grant = tuple[bool, bool]
"""What a stranger was granted: whether by a preflight, and whether with credentials."""


def find_intrusions(answers: Answers) -> Iterator[Finding]:
    """Find every stranger that was let in, and what was granted to one without letting it in."""
    for_any: set[Grant] = set()
    for stranger, group in groupby(answers.to_strangers(), key=itemgetter(0)):
        let_in = [answer for _, answer in group if _lets_in(stranger, answer)]
        # Where any origin is let in, that a certain one is, too, says nothing more.
        granted = {_grant(answer) for answer in let_in} - for_any
        if granted:
            yield _intrusion(stranger, let_in)
        if stranger.code == ANY_ORIGIN:
            # With credentials is more than without.
            for_any = granted | {(is_preflight, False) for is_preflight, _ in granted}
    yield from _stray_grants(answers)


def _lets_in(stranger: Stranger, answer: Answer) -> bool:
    response = answer.response
    # https://fetch.spec.whatwg.org/#ok-status
    is_ok = not answer.question.is_preflight or 200 <= response.status <= 299
    return is_ok and allows(response, stranger.origin)


def _grant(answer: Answer) -> Grant:
    return answer.question.is_preflight, has_credentials(answer.response)


def _intrusion(stranger: Stranger, let_in: list[Answer]) -> Finding:
    with_credentials = any(has_credentials(answer.response) for answer in let_in)
    only_preflight = all(answer.question.is_preflight for answer in let_in)
    grave, less = _GRAVITY.get(stranger.code, (Severity.HIGH, Severity.MEDIUM))
    return Finding(
        stranger.code,
        grave if with_credentials else less,
        f"The server lets in {stranger.meaning} ({stranger.origin}), which"
        f" {_HOW[only_preflight, with_credentials]}.",
        _MENDS.get(stranger.code, _NAME_THEM),
        stranger.origin,
    )


def _stray_grants(answers: Answers) -> Iterator[Finding]:
    refused = answers.find("get", STRANGER)
    if refused is not None and has_credentials(refused) and not _grants(refused):
        yield Finding(
            "credentials-for-strangers",
            Severity.LOW,
            "An origin that is refused gets Access-Control-Allow-Credentials all the same.",
            "Send no Access-Control header to an origin that is not allowed; corekit does so.",
            STRANGER,
        )
    asked = [("private-network", answers.plan.origins[0], Severity.INFO)]
    if STRANGER not in answers.plan.origins:
        asked.append(("private-network-for-strangers", STRANGER, Severity.MEDIUM))
    for code, origin, severity in asked:
        response = answers.get("private", origin)
        if get_header(response.headers, "access-control-allow-private-network") == "true":
            yield Finding(
                code,
                severity,
                f"A preflight of {origin} was granted access to the private network.",
                "Leave allow_private_network off: browsers ask their users instead.",
                origin,
            )


def _grants(response: HttpResponse) -> bool:
    return get_header(response.headers, ALLOW_ORIGIN) is not None
