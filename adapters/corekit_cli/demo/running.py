"""The demo, running: an API behind the middleware, a page that it allows, and a foreign page.

What is shown of it is `table`'s and `command`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from corekit import CorsPolicy

from .api import Api, serve_api
from .cases import Origins, make_policy
from .exchange import Exchange, Outcome, exchange_all
from .pages import describe, describe_case, serve_page, spell
from .servers import open_site
from .sessions import Sessions

__all__ = ["API_PORT", "FOREIGN_PORT", "PAGE_PORT", "Demo", "Ports", "run_demo"]


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports that were asked for; None is for the usual one, or a free one."""

    api: int | None = None
    page: int | None = None
    foreign: int | None = None


API_PORT: Final = 8000
PAGE_PORT: Final = 3000
FOREIGN_PORT: Final = 4000


@dataclass(frozen=True, slots=True)
class Demo:
    """What is running, and what it answered."""

    policy: CorsPolicy
    origins: Origins
    outcomes: list[Outcome]

    @property
    def contradictions(self) -> list[str]:
        """Where an answer was not what the policy says, in sentences."""
        return [
            f"{outcome.case.title}: {sentence}"
            for outcome in self.outcomes
            for sentence in outcome.contradictions
        ]

    def describe(self) -> dict[str, Any]:
        """Tell all of it, ready for JSON."""
        return {
            "api": self.origins.api,
            "page": self.origins.page,
            "foreign": self.origins.foreign,
            "policy": spell(self.policy),
            "agrees": not self.contradictions,
            "cases": [self._describe_outcome(outcome) for outcome in self.outcomes],
        }

    def _describe_outcome(self, outcome: Outcome) -> dict[str, Any]:
        return {
            **describe_case(self.policy, outcome.case, outcome.origin),
            "preflight": _describe_exchange(outcome.preflight),
            "actual": _describe_exchange(outcome.actual),
            "contradictions": list(outcome.contradictions),
        }


@contextmanager
def run_demo(ports: Ports) -> Iterator[Demo]:
    """Serve the three sites for as long as the block lasts, and make the calls once.

    Raises OSError where a port that was asked for is taken.
    """
    with ExitStack() as stack:
        api = stack.enter_context(closing(open_site(ports.api, API_PORT)))
        page = stack.enter_context(closing(open_site(ports.page, PAGE_PORT)))
        foreign = stack.enter_context(closing(open_site(ports.foreign, FOREIGN_PORT)))
        origins = Origins(api.origin, page.origin, foreign.origin)
        policy = make_policy(origins.page)
        shop, sessions = Api(), Sessions()
        api.start(serve_api(policy, api=shop, sessions=sessions))
        for site in (page, foreign):
            site.start(serve_page(describe(origins, site.origin), api=shop, sessions=sessions))
        yield Demo(policy, origins, exchange_all(policy, origins, ("127.0.0.1", api.port)))


def _describe_exchange(exchange: Exchange | None) -> dict[str, Any] | None:
    if exchange is None:
        return None
    return {
        "method": exchange.method,
        "status": exchange.status,
        "headers": list(exchange.headers),
        "body": exchange.body.decode("utf-8", "replace"),
    }
