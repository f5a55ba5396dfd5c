"""What a guard says about a page's call, and about a WebSocket that a page opens.

The guard is asked what it is asked behind a server: each request but preflights, which the CORS
layer in front of it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from corekit._origins import OPAQUE
from corekit.browser import Exchange, HttpRequest, HttpResponse, Outcome, PageResponse
from corekit.browser.fields import get_header
from corekit.browser.sites import is_same_site, is_trustworthy
from corekit.browser.urls import Url, parse_url
from corekit.diagnostics import escape
from corekit.guard import CrossOriginGuard, GuardReason, Verdict

from .call import Call, path_of
from .explanation import Explanation, Fix, Step
from .networks import describe_cookies

WEBSOCKET_SCHEMES: Final = ("ws", "wss")

_COOKIE: Final = "(any)"
_MAX_BODY: Final = 1_000
_SWITCHING_PROTOCOLS: Final = 101
_ABOUT_HOST: Final = (GuardReason.HOST_MALFORMED, GuardReason.HOST_NOT_ALLOWED)
_LIST_ORIGIN: Final = "Add the page's origin to allow_origins if its pages may do this."
_OWN_ORIGIN: Final = "If it is the server's own, add it to own_origins: a proxy changes Host."
GUARD_HINTS: Final = {
    GuardReason.HOST_MALFORMED: "Send one Host header with the name of the server.",
    GuardReason.HOST_NOT_ALLOWED: (
        "Call the server by a name in hosts, or add the name that it was called by."
    ),
    GuardReason.SEVERAL_FETCH_SITES: "Let proxies pass on Sec-Fetch-Site as it is.",
    GuardReason.CREDENTIALS_NOT_ALLOWED: (
        "Turn on allow_credentials if pages of this origin may act as the user, or send the request"
        " with credentials: 'omit'."
    ),
    GuardReason.SAME_SITE: _LIST_ORIGIN,
    GuardReason.CROSS_SITE: (
        f"{_LIST_ORIGIN} If every website may write to the path, add the path to exempt."
    ),
    GuardReason.OPAQUE_ORIGIN: (
        "Send your own pages with Referrer-Policy: same-origin instead of no-referrer."
    ),
    GuardReason.OTHER_ORIGIN: f"{_LIST_ORIGIN} {_OWN_ORIGIN}",
    GuardReason.BROWSERS_ONLY: (
        "Set writes or websockets of the guard to 'judge' if other clients may do this."
    ),
    GuardReason.WEBSOCKET_ORIGIN: f"{_LIST_ORIGIN} {_OWN_ORIGIN}",
    GuardReason.CROSS_SITE_READ: (
        "Add the path to exempt if every website may load it, and write to it."
    ),
    GuardReason.READ_NOT_ALLOWED: f"{_LIST_ORIGIN} {_OWN_ORIGIN}",
}
"""By reason of a refusal, how to fix it if the values of the request are not known."""
_NO_CORS: Final = (
    "CORS does not apply to WebSockets: the browser sends no preflight, and every page may use the"
    " connection if the server accepts it."
)


class Judge:
    """Judges the requests of a call, in their order.

    `host` is the value of Host that the server gets, None for that of the URL.
    """

    def __init__(self, guard: CrossOriginGuard, call: Call, host: str | None = None) -> None:
        self._guard = guard
        self._call = call
        self._host = host
        self._urls: list[Url] = []
        self.verdicts: list[Verdict] = []
        """What was said about each request, other than preflights."""

    def judge(self, request: HttpRequest) -> Verdict | None:
        """Return the verdict on a request, None for a preflight."""
        if request.is_preflight:
            return None
        url, fetch = parse_url(request.url), self._call.fetch
        self._urls.append(url)
        site = find_fetch_site(self._call.page, self._urls)
        verdict = self._guard.judge(
            request.method,
            path_of(request.url),
            host=url.authority if self._host is None else self._host,
            origin=get_header(request.headers, "origin"),
            sec_fetch_site=site,
            sec_fetch_mode=None if site is None else fetch.mode,
            sec_fetch_dest=None if site is None else "empty",
            cookie=_COOKIE if request.credentials else None,
            authorization=get_header(request.headers, "authorization"),
        )
        self.verdicts.append(verdict)
        return verdict

    def guarding(
        self, send: Callable[[HttpRequest], HttpResponse]
    ) -> Callable[[HttpRequest], HttpResponse]:
        """Return a transport with the guard between the CORS layer and the application."""

        def guarded(request: HttpRequest) -> HttpResponse:
            response, verdict = send(request), self.judge(request)
            if verdict is None or verdict.status is None:
                return response
            headers = response.headers
            own = (pair for pair in verdict.response()[1] if pair not in headers)
            return HttpResponse(verdict.status, (*headers, *own))

        return guarded


def find_fetch_site(page: str, urls: Sequence[Url]) -> str | None:
    """Return the Sec-Fetch-Site of a request to the last URL, None if browsers send none.

    The other URLs are those that redirected to it.
    Source: https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header

    >>> api = parse_url("https://api.example.com/")
    >>> find_fetch_site("https://app.example.com", [api])
    'same-site'
    >>> find_fetch_site("https://api.example.com", [parse_url("https://other.example/"), api])
    'cross-site'
    """
    if not is_trustworthy(urls[-1]):
        return None
    site = "same-origin"
    for url in urls:
        if url.origin == page != OPAQUE:
            continue
        if not is_same_site(page, url.origin):
            return "cross-site"
        site = "same-site"
    return site


def read_refusal(text: str) -> tuple[GuardReason, str] | None:
    """Return the reason and the hint in the body of a refusal by a guard; None for another text.

    >>> read_refusal("Guard: the page belongs to another site.")
    (<GuardReason.CROSS_SITE: 'The page belongs to another site.'>, '')
    """
    for reason in GuardReason:
        sentence = f"Guard: {lower_first(reason.value)}"
        if reason.status is not None and text.startswith(sentence):
            return reason, text[len(sentence) :].strip()
    return None


def read_verdicts(outcome: Outcome) -> list[Verdict | None]:
    """Return what a live server's guard says about each request, None if it refused nothing.

    Preflights are left out. Only refusals are known: they have the reason in the body.
    """
    verdicts: list[Verdict | None] = []
    for exchange in outcome.exchanges:
        if not exchange.request.is_preflight:
            response = exchange.response
            found = read_refusal(response.body[:_MAX_BODY].decode("ascii", "replace"))
            is_refusal = found is not None and found[0].status == response.status
            verdicts.append(Verdict(found[0]) if found is not None and is_refusal else None)
    return verdicts


def add_verdicts(explanation: Explanation, verdicts: Sequence[Verdict | None]) -> Explanation:
    """Return an explanation with what the guard says about each request, other than preflights.

    A verdict is None if it is not known. If the browser sends the request, the last one becomes
    that of the explanation.
    """
    last = verdicts[-1] if verdicts else None
    if last is None:
        return explanation
    summary = f"{explanation.summary} {_describe(last)}"
    if last.status is not None and explanation.allowed:
        call = explanation.summary.partition(": ")[0]
        reason = f"{lower_first(last.reason.value)} [{last.reason.name}]"
        summary = f"{call}, but it is a {last.status} of the guard, which refuses this: {reason}"
    return replace(
        explanation,
        summary=summary,
        steps=tuple(_add_steps(explanation.steps, verdicts)),
        fixes=(*explanation.fixes, *_find_fixes(last, explanation.fixes)),
        verdict=last,
    )


def _add_steps(steps: Iterable[Step], verdicts: Sequence[Verdict | None]) -> Iterator[Step]:
    rest = iter(verdicts)
    for step in steps:
        verdict = next(rest) if step.kind == "response" else None
        if verdict is not None:
            yield _make_step(verdict)
        yield step


def _find_fixes(verdict: Verdict, others: Sequence[Fix]) -> Iterator[Fix]:
    # To allow the origin also lets the guard allow it; the name of the server is another matter.
    if not verdict.allowed and (verdict.reason in _ABOUT_HOST or not others):
        yield Fix(verdict.hint or GUARD_HINTS[verdict.reason])


def _make_step(verdict: Verdict) -> Step:
    title = "Lets the request pass the guard"
    details = [verdict.reason.value]
    if verdict.status is not None:
        title = f"Refuses the request by the guard: {verdict.status}"
    elif not verdict.allowed:
        title = "Reports the request by the guard, and lets it pass"
        details.append("With mode 'enforce', the guard would refuse it.")
    return Step("guard", "server", f"{title} [{verdict.reason.name}]", tuple(details))


def _describe(verdict: Verdict) -> str:
    act = "lets the request pass"
    if not verdict.allowed:
        act = "refuses the request" if verdict.is_enforced else "only reports the request"
    return f"The guard {act}: {lower_first(verdict.reason.value)} [{verdict.reason.name}]"


def lower_first(sentence: str) -> str:
    """Return a sentence as it continues another one."""
    return sentence[0].lower() + sentence[1:]


def describe_handshake(
    guard: CrossOriginGuard | None, url: str, page: str, *, cookies: bool, host: str | None
) -> Explanation:
    """Explain how a page with the origin `page` opens a WebSocket: see `explain_handshake`."""
    scheme, _, rest = url.partition(":")
    if scheme.lower() not in WEBSOCKET_SCHEMES:
        raise ValueError(f"not the URL of a WebSocket: {escape(url)}")
    http_url = parse_url(f"http{scheme[2:].lower()}:{rest}")
    shown = str(replace(http_url, fragment=None)).replace("http", "ws", 1)
    headers = (("Origin", page), ("Upgrade", "websocket"))
    request = HttpRequest("GET", shown, headers, credentials=cookies)
    verdict = None
    if guard is not None:
        verdict = guard.judge(
            "GET",
            path_of(str(http_url)),
            host=http_url.authority if host is None else host,
            origin=page,
            cookie=_COOKIE if cookies else None,
            websocket=True,
        )
    is_open = verdict is None or verdict.status is None
    status = _SWITCHING_PROTOCOLS if verdict is None else verdict.status or _SWITCHING_PROTOCOLS
    sent = (f"Origin: {page}", *([describe_cookies(page, http_url)] if cookies else []))
    judged = [] if verdict is None else [_make_step(verdict)]
    end = "Opens the WebSocket" if is_open else "Reports an error to the page, without the reason"
    why = "Without a guard, every page can open it."
    steps = (
        Step("call", "page", f"Opens a WebSocket to {escape(shown)} from {page}", (_NO_CORS,)),
        Step("request", "browser", f"Sends the handshake: GET {escape(shown)}", sent),
        *judged,
        Step("response", "server", f"Responds to the handshake: {status}", ()),
        Step("end", "browser", end),
    )
    said = why if verdict is None else _describe(verdict)
    result = PageResponse("basic" if is_open else "opaque", shown, status, (), b"")
    exchange = Exchange(request, HttpResponse(status))
    return Explanation(
        is_open,
        f"A page from {page} {'can' if is_open else 'cannot'} open {escape(shown)}: {said}",
        steps,
        None,
        (),
        () if verdict is None else tuple(_find_fixes(verdict, ())),
        Outcome(result, (exchange,)),
        verdict,
    )
