"""The guard in front of a WSGI application, checked by the validator of the standard library."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any, Final
from wsgiref.validate import validator

import pytest

from corekit import CorsPolicy, CorsRoutes, DecisionEvent
from corekit.adapter import GuardObserver
from corekit.guard import CrossOriginGuard, GuardEvent
from corekit_wsgi import CorsMiddleware, GuardMiddleware
from corekit_wsgi.guard import Gate
from tests.wsgi.test_middleware import APP, PLAIN, UNTRUSTED, Exchange, policy, unreachable

OWN: Final = "http://127.0.0.1"
"""The origin of Host in the environ of `Exchange`."""

WITHOUT: Final = CorsPolicy(allow_origins=[APP])
REFUSED: Final = ("Content-Type", "text/plain; charset=utf-8")

guard = CrossOriginGuard(policy)


def hello(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [PLAIN])
    return [b"hello"]


def behind(guard: CrossOriginGuard, app: Any = hello, **options: Any) -> Callable[..., Any]:
    """Return the application in both layers, each between validators."""
    return validator(CorsMiddleware(validator(app), guard.policy, guard=guard, **options))


def alone(guard: CrossOriginGuard, app: Any = hello, **options: Any) -> Callable[..., Any]:
    return validator(GuardMiddleware(validator(app), guard, **options))


@pytest.mark.parametrize("more", [{"guard": guard}, {"on_verdict": print}])
def test_gate_excludes_guard_and_on_verdict(more: dict[str, Any]) -> None:
    gate = Gate(guard, GuardObserver("wsgi", logging.getLogger("corekit.tests")))
    with pytest.raises(TypeError, match="gate replaces guard"):
        CorsMiddleware(unreachable, policy, gate=gate, **more)


@pytest.mark.parametrize("wrap", [behind, alone])
class TestBoth:
    def test_refused_write_does_not_reach_the_application(self, wrap: Any) -> None:
        exchange = Exchange(wrap(guard, unreachable), "POST", origin=UNTRUSTED)
        assert exchange.status == "403 Forbidden"
        assert exchange.headers[0] == REFUSED
        assert exchange.headers[1] == ("Content-Length", str(len(exchange.body)))
        assert exchange.body.startswith(b"Guard: the page has another origin")

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"origin": APP},
            {"origin": OWN},
            {"origin": "null", "sec_fetch_site": "same-origin"},
            {"sec_fetch_site": "none"},
        ],
    )
    def test_allowed_write_reaches_the_application(
        self, wrap: Any, headers: dict[str, str]
    ) -> None:
        exchange = Exchange(wrap(guard), "POST", **headers)
        assert (exchange.status, exchange.body) == ("200 OK", b"hello")

    @pytest.mark.parametrize(
        ("value", "status"),
        [
            ("websocket", "403 Forbidden"),
            ("WebSocket", "403 Forbidden"),
            ("h2c, websocket", "403 Forbidden"),
            ("h2c", "200 OK"),
        ],
    )
    def test_upgrade_to_websocket_is_a_handshake(self, wrap: Any, value: str, status: str) -> None:
        assert Exchange(wrap(guard), "GET", origin=UNTRUSTED, upgrade=value).status == status
        assert Exchange(wrap(guard), "GET", origin=APP, upgrade=value).status == "200 OK"
        assert Exchange(wrap(guard), "GET", upgrade=value).status == "200 OK"

    def test_only_a_get_is_a_handshake(self, wrap: Any) -> None:
        ignoring = CrossOriginGuard(policy, websockets="ignore")
        asked = {"origin": UNTRUSTED, "upgrade": "websocket"}
        assert Exchange(wrap(ignoring), "GET", **asked).status == "200 OK"
        assert Exchange(wrap(ignoring), "POST", **asked).status == "403 Forbidden"

    def test_host_is_compared_for_every_method(self, wrap: Any) -> None:
        hosts = CrossOriginGuard(policy, hosts=["shop.example.com"])
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            assert Exchange(wrap(hosts), method, host="shop.example.com").status == "200 OK"
            exchange = Exchange(wrap(hosts, unreachable), method, host="rebind.example")
            assert exchange.status == "421 Misdirected Request"
            exchange = Exchange(wrap(hosts, unreachable), method, host="a.example,b.example")
            assert exchange.status == "400 Bad Request"

    def test_response_to_head_has_no_body(self, wrap: Any) -> None:
        exchange = Exchange(wrap(CrossOriginGuard.local(policy)), "HEAD", host="rebind.example")
        assert exchange.status == "421 Misdirected Request"
        assert exchange.body == b""
        assert int(dict(exchange.headers)["Content-Length"]) > 0

    def test_exemption_is_of_the_decoded_path_below_the_mount(self, wrap: Any) -> None:
        exempting = CrossOriginGuard(policy, exempt=["/caf\xe9"])
        path = "/caf\xe9".encode().decode("latin-1")
        for mount in ("", "/shop"):
            assert Exchange(wrap(exempting), "POST", path, mount, origin="null").status == "200 OK"
        exchange = Exchange(wrap(exempting), "POST", "/other", path, origin="null")
        assert exchange.status == "403 Forbidden"

    def test_policy_is_that_of_the_path(self, wrap: Any) -> None:
        routes = CorsRoutes([("/api/", policy)])
        by_path = CrossOriginGuard(routes)
        assert Exchange(wrap(by_path), "POST", "/api/x", "/v1", origin=APP).status == "200 OK"
        for path, mount in (("/x", ""), ("/x", "/api")):
            assert Exchange(wrap(by_path), "POST", path, mount, origin=APP).status[:3] == "403"

    @pytest.mark.parametrize(
        ("name", "value", "status"),
        [
            ("cookie", "session=1", "403"),
            ("authorization", "Basic dTpw", "403"),
            ("authorization", "Bearer x", "200"),
        ],
    )
    def test_ambient_credentials_are_read(
        self, wrap: Any, name: str, value: str, status: str
    ) -> None:
        exchange = Exchange(wrap(CrossOriginGuard(WITHOUT)), "POST", origin=APP, **{name: value})
        assert exchange.status[:3] == status

    def test_isolated_reads_vary_and_are_refused(self, wrap: Any) -> None:
        isolating = CrossOriginGuard(policy, reads="isolate")

        def varying(environ: Any, start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", [PLAIN, ("Vary", "Accept")])
            return [b"hello"]

        fields = ("Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest")
        image = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"}
        click = {**image, "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
        embed = {**image, "sec_fetch_mode": "navigate", "sec_fetch_dest": "embed"}
        own = {"sec_fetch_site": "same-origin"}
        for headers, status in (
            (image, "403"),
            (embed, "403"),
            (click, "200"),
            (own, "200"),
            ({}, "200"),
        ):
            exchange = Exchange(wrap(isolating, varying), "GET", **headers)
            assert exchange.status[:3] == status
            (vary,) = [value for name, value in exchange.headers if name == "Vary"]
            assert set(fields) <= set(vary.split(", "))
            assert ("Accept" in vary) == (status == "200")

    def test_report_mode_refuses_nothing(self, wrap: Any, caplog: pytest.LogCaptureFixture) -> None:
        reporting = CrossOriginGuard(policy, mode="report", hosts=["shop.example.com"])
        with caplog.at_level(logging.WARNING, "corekit.wsgi"):
            assert Exchange(wrap(reporting), "POST", origin=UNTRUSTED).status == "200 OK"
        (line,) = [record.getMessage() for record in caplog.records]
        assert line.startswith(f"Guard: POST '/' from '{UNTRUSTED}' reported:")

    def test_scheme_of_the_server_counts(self, wrap: Any) -> None:
        def secure(app: Any) -> Any:
            def over_https(environ: Any, start_response: Any) -> Any:
                return app({**environ, "wsgi.url_scheme": "https"}, start_response)

            return over_https

        for page, status in ((OWN, "403"), (OWN.replace("http:", "https:"), "200")):
            assert Exchange(secure(wrap(guard)), "POST", origin=page).status[:3] == status

    def test_verdicts_are_passed_to_the_function(self, wrap: Any) -> None:
        events: list[GuardEvent] = []
        app = wrap(guard, on_verdict=events.append)
        Exchange(app, "GET", origin=UNTRUSTED)
        assert events == []
        Exchange(app, "POST", "/x", "/shop", origin=APP)
        Exchange(app, "GET", "/feed", origin=UNTRUSTED, upgrade="websocket")
        first, second = events
        assert (first.outcome, first.adapter, first.method) == ("allowed", "wsgi", "POST")
        assert (first.path, first.origin, first.is_websocket) == ("/shop/x", APP, False)
        assert first.request["PATH_INFO"] == "/x"
        assert (second.outcome, second.origin, second.is_websocket) == ("refused", UNTRUSTED, True)

    def test_function_must_be_plain(self, wrap: Any) -> None:
        with pytest.raises(TypeError, match="on_verdict"):
            wrap(guard, on_verdict=1)

    def test_guard_of_another_type(self, wrap: Any) -> None:
        with pytest.raises(TypeError, match="guard is of type str"):
            GuardMiddleware(hello, "*")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="guard is of type str"):
            CorsMiddleware(hello, policy, guard="*")  # type: ignore[arg-type]


class TestInsideTheCorsLayer:
    def test_allowed_page_can_read_the_refusal(self) -> None:
        app = behind(CrossOriginGuard(WITHOUT), unreachable)
        exchange = Exchange(app, "POST", origin=APP, cookie="session=1")
        assert exchange.status == "403 Forbidden"
        assert ("Access-Control-Allow-Origin", APP) in exchange.headers

    def test_preflight_is_answered_first(self) -> None:
        app = behind(CrossOriginGuard.local(policy), unreachable)
        asked = {"access_control_request_method": "PUT", "host": "rebind.example"}
        assert Exchange(app, "OPTIONS", origin=APP, **asked).status == "204 No Content"

    def test_exception_of_the_application_keeps_its_response(self) -> None:
        def fail(environ: Any, start_response: Any) -> Iterable[bytes]:
            raise LookupError

        app = CorsMiddleware(fail, policy, guard=guard, answers_exceptions=True)
        with pytest.raises(LookupError):
            Exchange(app, "POST", origin=APP)
        assert Exchange(app, "POST", origin=UNTRUSTED).status == "403 Forbidden"

    def test_own_origins_are_not_denials(self, caplog: pytest.LogCaptureFixture) -> None:
        events: list[DecisionEvent] = []
        own = CrossOriginGuard(policy, own_origins=["https://shop.example.com"])
        app = behind(own, on_decision=events.append)
        exchange = Exchange(app, "POST", origin="https://shop.example.com", host="10.0.0.1:8000")
        assert exchange.status == "200 OK"
        (event,) = events
        assert event.decision.reason.name == "SAME_ORIGIN"

    def test_guard_with_another_policy(self) -> None:
        with pytest.raises(ValueError, match="another policy"):
            CorsMiddleware(hello, WITHOUT, guard=guard)

    def test_equal_policy_is_the_same(self) -> None:
        app = CorsMiddleware(hello, guard=CrossOriginGuard(WITHOUT), allow_origins=[APP])
        assert Exchange(app, "POST", origin=UNTRUSTED).status == "403 Forbidden"

    def test_function_needs_a_guard(self) -> None:
        with pytest.raises(TypeError, match="Pass guard too"):
            CorsMiddleware(hello, policy, on_verdict=print)

    def test_misspelled_argument_is_named(self) -> None:
        with pytest.raises(TypeError, match="Did you mean guard"):
            CorsMiddleware(hello, policy, gaurd=guard)  # type: ignore[call-arg]


GUARDS: Final = [
    CrossOriginGuard(around, **options)
    for around in (policy, WITHOUT, CorsPolicy(allow_origins=["*"]))
    for options in ({}, {"writes": "browsers"}, {"writes": "ignore"}, {"hosts": ["127.0.0.1"]})
]


@pytest.mark.parametrize("guard", GUARDS, ids=repr)
def test_write_is_judged_as_by_the_guard_itself(guard: CrossOriginGuard) -> None:
    # Without a function for verdicts, not all headers are read for each request.
    for origin, site, cookie, host in product(
        [None, APP, OWN, UNTRUSTED, "null", f"{APP},{APP}"],
        [None, "same-origin", "none", "cross-site", "none,none", "x"],
        [None, "session=1"],
        ["127.0.0.1", "rebind.example"],
    ):
        fields = {"origin": origin, "sec_fetch_site": site, "cookie": cookie, "host": host}
        headers: dict[str, Any] = {name: each for name, each in fields.items() if each is not None}
        verdict = guard.judge("POST", "/", **headers)
        for app in (behind(guard), alone(guard)):
            assert Exchange(app, "POST", **headers).status[:3] == str(verdict.status or 200)


class TestAlone:
    def test_response_has_no_cors_headers(self) -> None:
        exchange = Exchange(alone(CrossOriginGuard(WITHOUT)), "POST", origin=APP, cookie="a=1")
        assert [name for name, _ in exchange.headers] == ["Content-Type", "Content-Length"]

    def test_skipped_request_is_passed_on_unchanged(self) -> None:
        received: list[object] = []

        def keep(environ: Any, start_response: Any) -> Iterable[bytes]:
            received.extend((environ, start_response))
            return [b""]

        environ, start_response = {"REQUEST_METHOD": "GET"}, lambda *_: lambda _: None
        GuardMiddleware(keep, guard)(environ, start_response)
        assert received[0] is environ
        assert received[1] is start_response

    def test_guard_cannot_be_replaced(self) -> None:
        app = GuardMiddleware(hello, guard)
        assert app.guard is guard
        with pytest.raises(AttributeError):
            app.guard = guard  # type: ignore[misc]

    def test_observer_replaces_the_function(self) -> None:
        observer = GuardObserver("mine", logging.getLogger("corekit.mine"))
        with pytest.raises(TypeError, match="observer replaces on_verdict"):
            GuardMiddleware(hello, guard, on_verdict=print, observer=observer)
        app = GuardMiddleware(hello, guard, observer=observer)
        assert Exchange(app, "POST", origin=UNTRUSTED).status == "403 Forbidden"

    def test_missing_host_is_a_bad_request(self) -> None:
        app = GuardMiddleware(hello, CrossOriginGuard.local())

        def without_host(environ: Any, start_response: Any) -> Iterable[bytes]:
            del environ["HTTP_HOST"]
            return app(environ, start_response)

        assert Exchange(without_host).status == "400 Bad Request"
