"""CORS_GUARD: what reaches the view, and how the rest is refused. Through WSGI and ASGI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from corekit import CorsPolicy, CorsRoutes, DecisionEvent
from corekit.guard import CrossOriginGuard, GuardEvent
from corekit_django import get_guard, get_policy
from corekit_django.middleware import CorsMiddleware
from corekit_django.signals import check_request_enabled
from tests.core.reporting import logged
from tests.django.conftest import Ask, ask_wsgi
from tests.django.guard_urls import PARTNER, reached

HOST = "testserver"
OWN = f"https://{HOST}"
APP = "https://app.example.com"
EVIL = "https://evil.example"

SETTINGS: dict[str, Any] = {
    "ROOT_URLCONF": "tests.django.guard_urls",
    "MIDDLEWARE": ["corekit_django.middleware.CorsMiddleware"],
    "CORS_ALLOWED_ORIGINS": [APP],
    "CORS_ALLOW_CREDENTIALS": True,
    "CORS_GUARD": True,
}


@pytest.fixture(autouse=True)
def guarded() -> Iterator[None]:
    reached.clear()
    with override_settings(**SETTINGS):
        yield


def send(
    ask: Ask,
    path: str = "/write/",
    origin: str | None = None,
    site: str | None = None,
    method: str = "POST",
    **headers: str,
) -> Any:
    """Send a request; Sec-Fetch-Site is `site`."""
    given = {"Sec-Fetch-Site": site, **headers}
    values = {name.replace("_", "-"): value for name, value in given.items() if value is not None}
    return ask(method, path, origin=origin, headers=values)


WRITES = [
    (OWN, "same-origin", 200),
    ("null", "same-origin", 200),
    (None, "none", 200),
    (None, None, 200),
    (OWN, None, 200),
    (APP, "cross-site", 200),
    (APP, None, 200),
    (EVIL, "cross-site", 403),
    (EVIL, "same-site", 403),
    (EVIL, None, 403),
    ("null", "cross-site", 403),
    ("null", None, 403),
    (f"{APP},{APP}", None, 403),
    # The server knows that it has HTTPS.
    (f"http://{HOST}", None, 403),
]


class TestWrites:
    @pytest.mark.parametrize(("origin", "site", "status"), WRITES)
    @pytest.mark.parametrize("path", ["/write/", "/without-csrf/", "/protected/"])
    def test_page_writes_exactly_if_it_is_trusted(
        self, ask: Ask, path: str, origin: str | None, site: str | None, status: int
    ) -> None:
        assert send(ask, path, origin, site).status_code == status
        assert len(reached) == (status == 200)

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "POKE", "post"])
    def test_every_method_that_writes_is_judged(self, ask: Ask, method: str) -> None:
        assert send(ask, origin=EVIL, method=method).status_code == 403
        assert reached == []

    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "QUERY"])
    def test_methods_that_read_are_not_judged(self, ask: Ask, method: str) -> None:
        assert send(ask, origin=EVIL, method=method).status_code == 200

    def test_path_without_a_view_is_judged(self, ask: Ask) -> None:
        assert send(ask, "/nowhere/", origin=EVIL).status_code == 403
        assert send(ask, "/nowhere/", origin=OWN).status_code == 404

    def test_listed_page_can_read_a_refusal(self, ask: Ask) -> None:
        with override_settings(CORS_ALLOW_CREDENTIALS=False):
            response = send(ask, origin=APP, Cookie="sessionid=1")
        assert response.status_code == 403
        assert response.headers["Access-Control-Allow-Origin"] == APP
        assert response.content.startswith(b"Guard: the policy lists the origin")
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert "Access-Control-Allow-Origin" not in send(ask, origin=EVIL).headers

    def test_preflight_is_answered_as_without_a_guard(self, ask: Ask) -> None:
        with override_settings(CORS_GUARD={"hosts": ["other.example"]}):
            response = ask("OPTIONS", "/write/", origin=APP, asked="PUT")
        assert response.status_code == 204
        assert response.headers["Access-Control-Allow-Origin"] == APP

    @pytest.mark.parametrize(("origin", "is_done"), [(OWN, True), (APP, True), (None, False)])
    def test_other_csrf_checks_can_see_that_theirs_is_done(
        self, ask: Ask, origin: str | None, is_done: bool
    ) -> None:
        send(ask, origin=origin)
        assert getattr(reached[0], "csrf_processing_done", False) is is_done

    @pytest.mark.parametrize("value", [None, False])
    def test_setting_may_turn_the_guard_off(self, ask: Ask, value: object) -> None:
        with override_settings(CORS_GUARD=value):
            assert send(ask, origin=EVIL).status_code == 200


class TestPolicies:
    @pytest.mark.parametrize(
        ("path", "origin", "status"),
        [
            # The policy of a view replaces that of the settings.
            ("/own/", PARTNER, 200),
            ("/own/", APP, 403),
            ("/own/", OWN, 200),
            ("/write/", PARTNER, 403),
            # Any page may read what is public, but no other page may write.
            ("/public/", EVIL, 403),
            ("/public/", APP, 403),
            ("/public/", OWN, 200),
            # No policy applies to an exempt view.
            ("/exempt/", APP, 403),
            ("/exempt/", OWN, 200),
        ],
    )
    def test_policy_of_the_view_decides(
        self, ask: Ask, path: str, origin: str, status: int
    ) -> None:
        assert send(ask, path, origin).status_code == status
        assert len(reached) == (status == 200)

    def test_nothing_is_listed_outside_of_the_urls(self, ask: Ask) -> None:
        with override_settings(CORS_URLS_REGEX="^/hooks/"):
            assert send(ask, "/write/", APP).status_code == 403
            assert send(ask, "/write/", OWN).status_code == 200
            assert send(ask, "/hooks/a/", APP).status_code == 200
            assert send(ask, "/hooks/../write/", APP).status_code == 403

    def test_first_route_that_matches_decides(self, ask: Ask) -> None:
        policy = CorsPolicy(allow_origins=[PARTNER], allow_credentials=True)
        with override_settings(CORS_POLICY=CorsRoutes([("/hooks/", policy)])):
            from django.conf import settings

            del settings.CORS_ALLOWED_ORIGINS
            del settings.CORS_ALLOW_CREDENTIALS
            assert send(ask, "/hooks/a/", PARTNER).status_code == 200
            assert send(ask, "/write/", PARTNER).status_code == 403
            assert get_guard() == CrossOriginGuard(get_policy())


class TestSignal:
    @pytest.fixture
    def asked(self) -> Iterator[list[str]]:
        origins: list[str] = []

        def admit(sender: object, request: HttpRequest, **kwargs: object) -> bool:
            origins.append(request.headers["Origin"])
            return request.headers["Origin"] == PARTNER

        check_request_enabled.connect(admit)
        yield origins
        assert check_request_enabled.disconnect(admit)

    def test_admitted_origin_may_write(self, ask: Ask, asked: list[str]) -> None:
        response = send(ask, origin=PARTNER, site="cross-site")
        assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Origin"] == PARTNER
        assert send(ask, origin=EVIL, site="cross-site").status_code == 403
        # For each request once, although the guard and the response need the answer.
        assert asked == [PARTNER, EVIL]

    def test_receivers_are_asked_only_about_what_they_can_change(
        self, ask: Ask, asked: list[str]
    ) -> None:
        for origin in (OWN, APP, None):
            send(ask, origin=origin)
        send(ask, "/own/", origin=EVIL)
        send(ask, "/exempt/", origin=EVIL)
        # What the response to a page of the server needs is asked as without a guard.
        assert asked == [OWN]

    def test_receivers_allow_origins_outside_of_the_urls(self, ask: Ask, asked: list[str]) -> None:
        with override_settings(CORS_URLS_REGEX="^/hooks/"):
            assert send(ask, origin=PARTNER).status_code == 200
            assert send(ask, origin=EVIL).status_code == 403

    def test_admitted_origin_without_credentials_sends_none(
        self, ask: Ask, asked: list[str]
    ) -> None:
        with override_settings(CORS_ALLOW_CREDENTIALS=False):
            assert send(ask, origin=PARTNER, Cookie="a=b").status_code == 403
            assert send(ask, origin=PARTNER).status_code == 200


class TestArguments:
    def test_exempt_path_may_be_written_to(self, ask: Ask) -> None:
        with override_settings(CORS_GUARD={"exempt": ["/hooks/"]}):
            assert send(ask, "/hooks/a/", EVIL).status_code == 200
            assert send(ask, "/write/", EVIL).status_code == 403
            assert send(ask, f"/hooks/{'../' * 400}write/", EVIL).status_code == 403

    def test_host_is_compared_with_the_list(self, ask: Ask) -> None:
        # The asynchronous client adds another Host to its own.
        refused = 421 if ask is ask_wsgi else 400
        for hosts, status in (([HOST], 200), (["other.example"], 421)):
            with override_settings(CORS_GUARD={"hosts": hosts}):
                assert send(ask, method="GET").status_code == status
        with override_settings(CORS_GUARD={"hosts": [HOST]}):
            assert send(ask, method="GET", Host="rebind.example").status_code == refused
            assert send(ask, method="GET", Host="a,b").status_code == 400

    def test_preflight_of_an_exempt_view_is_judged(self, ask: Ask) -> None:
        for hosts, status in (([HOST], 200), (["other.example"], 421)):
            with override_settings(CORS_GUARD={"hosts": hosts}):
                assert ask("OPTIONS", "/exempt/", origin=EVIL, asked="PUT").status_code == status

    def test_own_origins_are_own_behind_a_proxy(self, ask: Ask) -> None:
        heard: list[DecisionEvent] = []
        shop = "https://shop.example.com"
        with override_settings(CORS_GUARD={"own_origins": [shop]}, CORS_ON_DECISION=heard.append):
            assert send(ask, origin=shop).status_code == 200
        # CORS does not apply to them either.
        assert [event.outcome for event in heard] == ["not_cors"]

    def test_reads_that_are_isolated_depend_on_fetch_metadata(self, ask: Ask) -> None:
        with override_settings(CORS_GUARD={"reads": "isolate"}):
            loaded = send(ask, method="GET", site="cross-site", Sec_Fetch_Dest="image")
            opened = send(ask, method="GET", site="cross-site", Sec_Fetch_Mode="navigate")
            embedded = send(
                ask,
                method="GET",
                site="cross-site",
                Sec_Fetch_Mode="navigate",
                Sec_Fetch_Dest="object",
            )
        assert [each.status_code for each in (loaded, opened, embedded)] == [403, 200, 403]
        for response in (loaded, opened):
            vary = response.headers["Vary"]
            assert vary == "Sec-Fetch-Site, Sec-Fetch-Mode, Sec-Fetch-Dest, Origin"

    def test_handshake_of_another_page_is_refused(self, ask: Ask) -> None:
        for origin, status in ((EVIL, 403), (OWN, 200), (APP, 200), (None, 200)):
            response = send(ask, origin=origin, method="GET", Upgrade="WebSocket")
            assert response.status_code == status

    def test_only_a_get_is_a_handshake(self, ask: Ask) -> None:
        with override_settings(CORS_GUARD={"websockets": "ignore"}):
            for method, status in (("GET", 200), ("POST", 403)):
                response = send(ask, origin=EVIL, method=method, Upgrade="websocket")
                assert response.status_code == status

    def test_password_that_the_server_checked_is_a_credential(self) -> None:
        middleware: Any = CorsMiddleware(lambda request: HttpResponse("written"))
        with override_settings(CORS_ALLOW_CREDENTIALS=False):
            for kind, status in (("", 200), ("Basic", 403)):
                headers = {"Host": HOST, "Origin": APP}
                request = RequestFactory(AUTH_TYPE=kind).post("/write/", headers=headers)
                assert middleware(request).status_code == status

    def test_http_page_of_the_same_host_is_refused_behind_a_proxy(self) -> None:
        middleware: Any = CorsMiddleware(lambda request: HttpResponse("written"))
        headers = {"Host": HOST, "Origin": f"http://{HOST}", "X-Forwarded-Proto": "https"}
        request = RequestFactory().post("/write/", headers=headers)
        assert middleware(request).status_code == 200
        with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
            assert middleware(request).status_code == 403

    def test_report_mode_refuses_nothing(self, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
        heard: list[GuardEvent] = []
        with override_settings(CORS_GUARD={"mode": "report"}, CORS_ON_VERDICT=heard.append):
            assert send(ask, origin=EVIL).status_code == 200
        assert [event.outcome for event in heard] == ["reported"]
        assert ("WARNING", "OTHER_ORIGIN") in logged(caplog, "corekit.django")


_heard: list[GuardEvent] = []


def hear(event: GuardEvent) -> None:
    """The function that CORS_ON_VERDICT names."""
    _heard.append(event)


async def hear_later(event: GuardEvent) -> None: ...


class TestReports:
    def test_every_verdict_is_reported_once(self, ask: Ask) -> None:
        heard: list[GuardEvent] = []
        with override_settings(CORS_ON_VERDICT=heard.append):
            send(ask, origin=APP)
            send(ask, "/own/", origin=EVIL)
            send(ask, origin=EVIL, method="GET")
            send(ask, origin=EVIL, method="GET", Upgrade="websocket")
        assert [(event.path, event.verdict.reason.name) for event in heard] == [
            ("/write/", "LISTED_ORIGIN"),
            ("/own/", "OTHER_ORIGIN"),
            ("/write/", "WEBSOCKET_ORIGIN"),
        ]
        assert {event.adapter for event in heard} == {"django"}
        assert [event.is_websocket for event in heard] == [False, False, True]
        assert (heard[1].method, heard[1].origin) == ("POST", EVIL)
        assert isinstance(heard[0].request, HttpRequest)

    def test_hints_name_the_settings(self, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
        with override_settings(CORS_GUARD={"writes": "browsers"}):
            send(ask, origin=EVIL)
            send(ask)
        lines = [each.getMessage() for each in caplog.records if each.name == "corekit.django"]
        lines = [line for line in lines if line.startswith("Guard: ")]
        assert f"Add '{EVIL}' to CORS_ALLOWED_ORIGINS." in lines[0]
        assert """Set CORS_GUARD["writes"] to 'judge'""" in lines[1]

    def test_dotted_path_is_imported(self, ask: Ask) -> None:
        with override_settings(CORS_ON_VERDICT="tests.django.test_guard.hear"):
            send(ask, origin=EVIL)
        from importlib import import_module

        # If the tests are imported by file, it names another copy of this module.
        found = import_module("tests.django.test_guard")._heard
        assert [event.outcome for event in found] == ["refused"]
        found.clear()


PROBLEMS: list[tuple[dict[str, Any], str]] = [
    ({"CORS_GUARD": 7}, "CORS_GUARD = 7: The value is of type int. Use True, or a dict"),
    ({"CORS_GUARD": {"exmpt": []}}, """CORS_GUARD["exmpt"] = []: A guard has no such argument."""),
    ({"CORS_GUARD": {"exempt": ["/"]}}, """CORS_GUARD["exempt"][0] = '/': This exempts"""),
    ({"CORS_GUARD": {"hosts": ["*"]}}, """or leave CORS_GUARD["hosts"] out."""),
    ({"CORS_ON_VERDICT": 7}, "on_verdict is of type int"),
    ({"CORS_ON_VERDICT": hear_later}, "on_verdict is a coroutine function"),
    ({"CORS_ON_VERDICT": "nowhere.hear"}, "No module named 'nowhere'. Use a function that takes"),
    ({"CORS_ON_VERDICT": hear, "CORS_GUARD": None}, "Set CORS_GUARD = True, or remove"),
]


class TestProblems:
    @pytest.mark.parametrize(("values", "text"), PROBLEMS)
    def test_problem_stops_the_server(self, values: dict[str, Any], text: str) -> None:
        from corekit_django.checks import check_problems

        with override_settings(**values):
            with pytest.raises(ImproperlyConfigured) as raised:
                CorsMiddleware(lambda request: None)
            (message,) = check_problems()
        assert text in str(raised.value)
        assert message.id == "corekit_django.E001"

    def test_problems_of_policy_and_guard_are_listed_together(self) -> None:
        from corekit_django.conf import read_settings

        with override_settings(CORS_ALLOWED_ORIGINS=[f"{APP}/"], CORS_GUARD={"mode": "x"}):
            subjects = [problem.subject for problem in read_settings()[1]]
        assert subjects == ["CORS_ALLOWED_ORIGINS[0]", 'CORS_GUARD["mode"]']

    def test_guard_that_is_not_there_cannot_be_had(self) -> None:
        assert get_guard() == CrossOriginGuard(get_policy())
        with override_settings(CORS_GUARD=None), pytest.raises(ImproperlyConfigured) as raised:
            get_guard()
        assert str(raised.value) == "CORS_GUARD is not set. Write CORS_GUARD = True."
