"""`observe`: reports what a policy would change for an application that has another CORS layer.

Responses pass unchanged: status, headers and body go to the server as the application sends them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from corekit.adapter import Observer, Policies, check_application, check_policy, policy_source

from .guard import decode_path

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from corekit.shadow import OnDifference, Shadow

_LOGGER: Final = logging.getLogger("corekit.wsgi")


def observe(
    app: WSGIApplication,
    candidate: Policies,
    *,
    on_difference: OnDifference | None = None,
    sample: float = 1.0,
) -> Observed:
    """Wrap an application, and report which responses would change with a policy.

    `app` is a WSGI application with any CORS layer, or none. Its responses are not changed. What
    browsers would treat otherwise with `candidate` is logged by "corekit.wsgi", and passed to
    `on_difference`, a plain function of a `corekit.shadow.ShadowEvent`. `candidate` is a
    `CorsPolicy`, a `CorsRoutes` or a `LivePolicy`; `sample` is that of a `LivePolicy`.

    Wrap it last, around all of its middleware. Raise TypeError if `app` is not callable, and
    otherwise TypeError and ValueError as `LivePolicy` does.

    >>> from corekit import CorsPolicy
    >>> def hello(environ, start_response): ...
    >>> app = observe(hello, CorsPolicy(allow_origins=["https://app.example.com"]))
    """
    from corekit.shadow import Shadow  # noqa: PLC0415 - importing the adapter stays fast

    check_application(app)
    check_policy(candidate, "candidate")
    shadow = Shadow(policy_source(candidate), on_difference=on_difference, sample=sample)
    return Observed(app, shadow)


class Observed:
    """An application whose responses are compared with those of a candidate; see `observe`."""

    def __init__(self, app: WSGIApplication, shadow: Shadow) -> None:
        self.app = app
        self._shadow = shadow
        self._reporter = Observer("wsgi", _LOGGER)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle a request, as a WSGI application."""
        origin: str | None = environ.get("HTTP_ORIGIN")
        if origin is None:
            return self.app(environ, start_response)
        # An application may change the environ, so it is read before.
        fields = {
            "method": environ["REQUEST_METHOD"],
            "path": decode_path(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")),
            "origin": origin,
            "request_method": environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"),
            "request_headers": environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
            "host": environ.get("HTTP_HOST"),
            "sec_fetch_site": environ.get("HTTP_SEC_FETCH_SITE"),
        }
        routed = decode_path(environ.get("PATH_INFO", ""))

        def start_and_compare(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            self._shadow.observe_response(
                self._reporter,
                lambda: (int(status[:3]), tuple(headers)),
                **fields,
                request=environ,
                find_policy=lambda policies: policies.policy_for(routed),
            )
            return start_response(status, headers, exc_info)

        return self.app(environ, start_and_compare)
