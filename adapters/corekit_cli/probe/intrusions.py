"""Who is let in that should not be: the findings about origins that a server should refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from corekit.browser import HttpResponse
from corekit.browser.fields import get_header

from .findings import ALLOW_ORIGIN, Finding, Severity, allows, has_credentials
from .questions import Answer, Answers
from .strangers import STRANGER, Stranger

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
    "null-origin": "Take 'null' out of the origins: it stands for no site.",
    "scheme-downgrade": "Allow https origins only, but for this very machine.",
    "any-port": "Name the port, unless every program of that host may read the answers.",
    "any-sibling": "Right where all names of the site are yours; else name the origins.",
    "any-subdomain": "Right where all subdomains are yours; else name the origins.",
}


def find_intrusions(answers: Answers) -> Iterator[Finding]:
    """Find every stranger that was let in, and what was granted to one without letting it in."""
    let_in: set[str] = set()
    for stranger, answer in answers.to_strangers():
        if not allows(answer.response, stranger.origin) or stranger.code in let_in:
            continue
        # Where any origin is let in, that a certain one is, too, says nothing more.
        if "any-origin" in let_in:
            continue
        let_in.add(stranger.code)
        yield _intrusion(stranger, answer)
    yield from _stray_grants(answers)


def _intrusion(stranger: Stranger, answer: Answer) -> Finding:
    with_credentials = has_credentials(answer.response)
    grave, less = _GRAVITY.get(stranger.code, (Severity.HIGH, Severity.MEDIUM))
    how = "may act and read as its users do" if with_credentials else "may read what it answers"
    return Finding(
        stranger.code,
        grave if with_credentials else less,
        f"The server lets in {stranger.meaning} ({stranger.origin}), which {how}.",
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
