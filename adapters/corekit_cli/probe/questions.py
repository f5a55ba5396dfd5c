"""The questions of a probe: what is asked of a server, in which order, and the answers to it.

As a browser asks: GET with and without Origin, a preflight, an error page. As an attacker would:
the same from origins that should be refused (`strangers`). What the answers mean is the subject of
`findings`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final, Literal

from corekit._names import SAFELISTED_METHODS
from corekit.browser import Fetch, HttpRequest, HttpResponse
from corekit.browser.urls import parse_url
from corekit_cli.asking import NotAskedError

from .strangers import ANY_ORIGIN, Stranger, strangers_to

__all__ = ["Answer", "Answers", "Plan", "Question", "ask_all", "make_questions"]

Kind = Literal["get", "preflight", "safelisted", "private", "error", "unsafe"]
"""What sort of request.

Of the preflights `safelisted` asks for GET, which every policy grants, and `private` for the
private network, too.
"""

_ACCEPT: Final = ("Accept", "*/*")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be found out: may pages of `origins` make this call, and nobody else?

    `fetch` is the call; its method and headers are what preflights ask for. `names` are those of
    the headers that are not safelisted. `is_asked` says that the method or a header was chosen by
    the person who asks, so that a refusal of it is a finding.
    """

    origins: tuple[str, ...]
    fetch: Fetch
    names: tuple[str, ...]
    is_asked: bool

    @property
    def url(self) -> str:
        """The address that is asked."""
        return self.fetch.url

    @property
    def include(self) -> bool:
        """Whether the page calls with credentials."""
        return self.fetch.credentials == "include"

    @property
    def needs_preflight(self) -> bool:
        """Whether a browser asks before it makes the call."""
        return self.fetch.method not in SAFELISTED_METHODS or bool(self.names)

    @property
    def simplest(self) -> Plan:
        """The same for a GET without headers of the page's own."""
        return replace(self, fetch=replace(self.fetch, method="GET", headers=()), names=())


@dataclass(frozen=True, slots=True)
class Question:
    """A request to send: of which sort, for a page of which origin (None: for no page)."""

    kind: Kind
    origin: str | None
    request: HttpRequest
    stranger: Stranger | None = None

    @property
    def is_preflight(self) -> bool:
        """Whether it asks for leave only."""
        return self.request.is_preflight


@dataclass(frozen=True, slots=True)
class Answer:
    """A question, and what the server said."""

    question: Question
    response: HttpResponse


@dataclass(frozen=True, slots=True)
class Answers:
    """All that a server said, in the order in which it was asked."""

    plan: Plan
    all: tuple[Answer, ...] = field(default=())

    def find(self, kind: Kind, origin: str | None) -> HttpResponse | None:
        """Find the answer to one sort of request of one origin."""
        for answer in self.all:
            if answer.question.kind == kind and answer.question.origin == origin:
                return answer.response
        return None

    def get(self, kind: Kind, origin: str | None) -> HttpResponse:
        """Give the answer to one sort of request that every origin of the plan is asked with."""
        (response,) = (
            answer.response
            for answer in self.all
            if (answer.question.kind, answer.question.origin) == (kind, origin)
        )
        return response

    def to_pages(self) -> Iterator[Answer]:
        """Give every answer to an origin that is to be let in."""
        return (each for each in self.all if each.question.origin in self.plan.origins)

    def to_strangers(self) -> Iterator[tuple[Stranger, Answer]]:
        """Give every answer to an origin that should be refused."""
        for answer in self.all:
            if answer.question.stranger is not None:
                yield answer.question.stranger, answer


def make_questions(plan: Plan, *, send_unsafe: bool) -> list[Question]:
    """Make the questions; fewer than thirty, and three to five for each further origin."""
    questions = [Question("get", None, _get(plan.url, None))]
    for origin in plan.origins:
        questions.append(Question("get", origin, _get(plan.url, origin)))
        questions.append(Question("preflight", origin, _preflight(plan, origin)))
        if not plan.is_asked:
            questions.append(Question("safelisted", origin, _preflight(plan.simplest, origin)))
        questions.append(Question("error", origin, _get(_nowhere(plan.url), origin)))
        if send_unsafe and plan.fetch.method not in ("GET", "OPTIONS"):
            questions.append(Question("unsafe", origin, _call(plan, origin)))
    first = plan.origins[0]
    questions.append(Question("private", first, _preflight(plan, first, private=True)))
    # Neither the pages that are let in nor the server's own is a stranger.
    known = {*plan.origins, parse_url(plan.url).origin}
    for stranger in strangers_to(first):
        if stranger.origin in known:
            continue
        origin = stranger.origin
        questions.append(Question("get", origin, _get(plan.url, origin), stranger))
        questions.append(Question("preflight", origin, _preflight(plan, origin), stranger))
        if stranger.code == ANY_ORIGIN:
            private = _preflight(plan, origin, private=True)
            questions.append(Question("private", origin, private, stranger))
    return questions


def ask_all(
    plan: Plan,
    questions: Iterable[Question],
    send: Callable[[HttpRequest], HttpResponse],
    on_answer: Callable[[], object] = lambda: None,
) -> Answers:
    """Ask one after the other; `on_answer` is called after each.

    Raises `NotAskedError` where the server says that it is asked too much, since what it says then
    means nothing. What `send` raises passes.
    """
    answers = []
    for question in questions:
        response = send(question.request)
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise NotAskedError(f"{plan.url}: it is asked too fast (429); give a longer --delay")
        answers.append(Answer(question, response))
        on_answer()
    return Answers(plan, tuple(answers))


def _get(url: str, origin: str | None) -> HttpRequest:
    return HttpRequest("GET", url, (_ACCEPT, *_origin(origin)))


def _call(plan: Plan, origin: str) -> HttpRequest:
    headers = (_ACCEPT, *plan.fetch.headers, *_origin(origin))
    return HttpRequest(plan.fetch.method, plan.url, headers)


def _preflight(plan: Plan, origin: str, *, private: bool = False) -> HttpRequest:
    # https://fetch.spec.whatwg.org/#cors-preflight-fetch
    headers = [_ACCEPT, ("Access-Control-Request-Method", plan.fetch.method)]
    if plan.names:
        headers.append(("Access-Control-Request-Headers", ",".join(plan.names)))
    if private:
        headers.append(("Access-Control-Request-Private-Network", "true"))
    return HttpRequest("OPTIONS", plan.url, (*headers, *_origin(origin)))


def _origin(origin: str | None) -> tuple[tuple[str, str], ...]:
    return () if origin is None else (("Origin", origin),)


def _nowhere(url: str) -> str:
    # Beside the address, so that the same layers answer; of a name that nothing has.
    name = f"corekit-probe-{secrets.token_hex(4)}"
    return str(parse_url(name, parse_url(url)))
