"""Explanations of origins that are looked up, are not known, or were loaded."""

from __future__ import annotations

import operator
import re
from functools import partial
from typing import Any, Final

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.browser import Fetch
from corekit.decision import Decision
from corekit.explain import Explanation, explain, read_message
from corekit.explain.codes import find_code
from corekit.extended import extend_live
from corekit.guard import CrossOriginGuard
from corekit.snapshots import Loads, Rules, SnapshotReader
from corekit_lookups import OriginLookup
from tests.clock import Clock
from tests.explain.live import ANY, explain_live

API: Final = "https://api.example.com/items"
LISTED: Final = "https://listed.example"
PAGE: Final = "https://app.example.com"
POLICY: Final = CorsPolicy(allow_origins=[LISTED], allow_methods=["PUT"], allow_credentials=True)
NO_STORE: Final = ("Cache-Control", "no-store")
VARY: Final = ("Vary", "Accept, Origin")
LINE: Final = (
    "CORS: GET '/' from 'https://a.example' denied: the look-up of this origin failed, so it is not"
    " known whether it is allowed. [ORIGIN_UNKNOWN, policy 0123, look-up failed]"
)
UNKNOWN_PREFLIGHT: Final = (503, (NO_STORE, ("Retry-After", "1"), VARY))
GET: Final = Fetch(API)
PUT: Final = Fetch(API, "PUT")


def is_tenant(origin: str) -> bool:
    raise AssertionError("an explanation calls no function")


class Tenants:
    def __call__(self, origin: str) -> bool:
        raise AssertionError("an explanation calls no function")

    def has(self, origin: str) -> bool:
        raise AssertionError("an explanation calls no function")


LOOKUP: Final = OriginLookup(is_tenant)


def text(explanation: Explanation) -> str:
    return " ".join(str(explanation).split())


class TestLookUp:
    @pytest.mark.parametrize("fetch", [GET, PUT], ids=["actual", "preflight"])
    @pytest.mark.parametrize("guard", [None, CrossOriginGuard(POLICY)], ids=["", "guard"])
    def test_origin_that_is_not_listed(self, fetch: Fetch, guard: CrossOriginGuard | None) -> None:
        found = explain(POLICY, fetch, page=PAGE, lookup=LOOKUP, guard=guard)
        name = f"{__name__}.is_tenant()"
        assert (found.allowed, found.lookup) == (False, name)
        assert found.to_dict()["lookup"] == name
        assert found.summary.startswith(f"Unless {name} allows the origin: A page from {PAGE}")
        assert f"does not list the origin, so {name} is asked, which is not done here." in text(
            found
        )
        assert found.fixes[0].message == (
            f"Let {name} return True for {PAGE}, if its pages may read the responses."
        )

    @pytest.mark.parametrize(
        ("function", "name"),
        [
            (["https://a.example"].__contains__, "list.__contains__()"),
            ({"https://a.example"}.__contains__, "set.__contains__()"),
            ({"https://a.example": 1}.__contains__, "dict.__contains__()"),
            (re.compile("https://a.example").fullmatch, "Pattern.fullmatch()"),
            (partial(operator.eq, "https://a.example"), "the look-up"),
            (Tenants(), "the look-up"),
            (Tenants().has, f"{__name__}.Tenants.has()"),
        ],
        ids=["list", "set", "dict", "regex", "partial", "object", "method"],
    )
    def test_function_is_named_as_far_as_it_has_a_name(self, function: Any, name: str) -> None:
        found = explain(POLICY, GET, page=PAGE, lookup=OriginLookup(function))
        assert found.lookup == name
        assert f"so {name} is asked, which is not done here." in text(found)

    @pytest.mark.parametrize(
        ("page", "url", "policy"),
        [
            (LISTED, API, POLICY),
            ("null", API, POLICY),
            ("http://shop.example", API, POLICY),
            (PAGE, f"{PAGE}/items", POLICY),
            (PAGE, "http://api.example.com/", POLICY),
            (PAGE, API, CorsPolicy(allow_origins=["*"])),
            (PAGE, API, CorsRoutes([("/other/", POLICY)])),
            (PAGE, API, CorsRoutes([("/items", CorsPolicy.deny_all()), ("/", POLICY)])),
        ],
    )
    def test_origin_that_is_not_asked_for(self, page: str, url: str, policy: Any) -> None:
        found = explain(policy, Fetch(url), page=page, lookup=LOOKUP)
        assert found == explain(policy, Fetch(url), page=page)
        assert found.lookup is None

    def test_other_failure_of_a_listed_origin(self) -> None:
        fetch = Fetch(API, "DELETE")
        found = explain(POLICY, fetch, page=LISTED, lookup=LOOKUP)
        assert found == explain(POLICY, fetch, page=LISTED)
        assert not found.allowed

    def test_function_without_a_name(self) -> None:
        class Table:
            def __call__(self, origin: str) -> bool:
                raise AssertionError

        found = explain(POLICY, GET, page=PAGE, lookup=OriginLookup(Table()))
        assert found.lookup == "the look-up"


class TestIgnorance:
    @pytest.mark.parametrize("policy", [None, POLICY])
    def test_preflight(self, policy: CorsPolicy | None) -> None:
        found = explain_live(PUT, UNKNOWN_PREFLIGHT, policy=policy)
        shown = text(found)
        assert "Status 503 with Retry-After means that the server does not know for now" in shown
        assert "(ORIGIN_UNKNOWN)" in shown
        assert "comes from a proxy" not in shown
        (fix,) = found.fixes
        assert fix.message.startswith('See the errors that "corekit.lookups" has logged')
        assert fix.changes == {}

    def test_preflight_through_a_proxy(self) -> None:
        status, headers = UNKNOWN_PREFLIGHT
        found = explain_live(PUT, (status, (*headers, ("Server", "nginx"))))
        assert found.fixes[0].message.startswith("See the errors that")

    @pytest.mark.parametrize("policy", [None, POLICY])
    def test_other_response_may_be_a_denial(self, policy: CorsPolicy | None) -> None:
        found = explain_live(GET, (200, (NO_STORE, VARY)), policy=policy)
        assert "it may be that the server did not know whether the origin is allowed" in text(found)
        assert found.fixes[0].message.startswith("If the server looks origins up: see the errors")
        assert found.fixes[1].changes["allow_origins"][-1] == PAGE

    @pytest.mark.parametrize(
        ("fetch", "answer"),
        [
            (PUT, (503, (VARY, NO_STORE))),
            (PUT, (403, (VARY, NO_STORE, ("Retry-After", "1")))),
            (GET, (200, (VARY,))),
            (GET, (200, (NO_STORE,))),
            (GET, (200, (("Cache-Control", "no-store, max-age=0"), VARY))),
            (GET, (200, (NO_STORE, ("Vary", "Accept")))),
            (GET, (200, (NO_STORE, VARY, ("Access-Control-Allow-Origin", LISTED)))),
            (PUT, (503, (VARY, NO_STORE, ("Retry-After", "1"), ANY))),
        ],
    )
    def test_other_failures_are_not_ignorance(self, fetch: Fetch, answer: Any) -> None:
        assert "ORIGIN_UNKNOWN" not in text(explain_live(fetch, answer))

    def test_origin_that_the_policy_lists_is_not_looked_up(self) -> None:
        policy = POLICY.replace(allow_origins=[PAGE])
        found = explain_live(GET, (200, (NO_STORE, VARY)), policy=policy)
        assert not any("look" in fix.message for fix in found.fixes)

    @pytest.mark.parametrize(
        "line",
        [
            "ORIGIN_UNKNOWN",
            "CORS: it is not known whether the origin is allowed.",
            LINE,
        ],
    )
    def test_words_of_the_server(self, line: str) -> None:
        (meaning,) = find_code(line)
        assert meaning.name == "ORIGIN_UNKNOWN"
        assert meaning.hint.startswith('See the errors that "corekit.lookups" has logged')

    @pytest.mark.parametrize(
        ("message", "is_named"),
        [
            ("(Reason: CORS preflight response did not succeed). Status code: 503.", True),
            ("Preflight response is not successful. Status code: 503", True),
            ("Preflight response is not successful. Status code: 500", False),
            ("PreflightInvalidStatus", False),
        ],
    )
    def test_message_of_a_console(self, message: str, is_named: bool) -> None:
        found = read_message(message)
        assert found is not None
        assert found.has_preflight
        start = "Status 503 may mean that the server does not know whether the origin is allowed"
        assert found.hint.startswith(f"{start} (ORIGIN_UNKNOWN). If so: see the err") is is_named
        assert found.hint.endswith(found.error.hint)

    def test_line_of_a_policy_that_can_be_replaced(self) -> None:
        line = (
            "CORS: GET '/' from 'https://a.example' denied: the policy does not allow this origin."
            " Add 'https://a.example' to allow_origins. [ORIGIN_NOT_ALLOWED, policy 0123456789ab,"
            " snapshot 12 s old]"
        )
        (meaning,) = find_code(line)
        assert meaning.name == "ORIGIN_NOT_ALLOWED"
        assert meaning.hint == "Add 'https://a.example' to allow_origins."


@pytest.mark.parametrize(
    ("outcome", "hint"),
    [
        ("failed", 'See the errors that "corekit.lookups" has logged.'),
        ("backed_off", 'See the errors that "corekit.lookups" has logged.'),
        ("timed_out", "Make the function of the look-up faster, or raise its timeout."),
        ("overloaded", "Make the function of the look-up faster, or raise its concurrency."),
    ],
)
def test_hint_of_a_decision_depends_on_the_outcome(outcome: str, hint: str) -> None:
    engine = POLICY.engine.looked_up(outcome, allowed=None)
    decision = Decision(engine.actual(PAGE), engine, PAGE)
    assert (decision.reason.name, decision.hint) == ("ORIGIN_UNKNOWN", hint)


class TestSnapshot:
    @pytest.fixture
    def live(self) -> LivePolicy:
        clock = Clock()
        loads = Loads(clock)
        reader = SnapshotReader(Rules.of(POLICY), loads=loads)
        reader.read([PAGE, "https://shop-1.example"])
        loads.note()
        clock.now = 12
        live = LivePolicy(POLICY)
        extend_live(live, reader.finish())
        return live

    def test_row_that_allows_an_origin(self, live: LivePolicy) -> None:
        found = explain(live, GET, page=PAGE)
        rule = f"by the row '{PAGE}' of a snapshot of 2 rows (12 seconds old)."
        assert f"The policy allows the origin {rule}" in text(found)

    def test_rows_without_an_origin(self, live: LivePolicy) -> None:
        found = explain(live, GET, page="https://other.example")
        rows = "and a snapshot of 2 rows (12 seconds old) does not have it."
        assert f"The policy does not allow https://other.example, {rows}" in text(found)

    def test_rule_of_the_policy_itself(self, live: LivePolicy) -> None:
        found = explain(live, GET, page=LISTED)
        assert f"by the exact origin '{LISTED}'." in text(found)
        assert "snapshot" not in text(found)

    def test_fix_has_no_rows(self, live: LivePolicy) -> None:
        found = explain(live, GET, page="https://other.example")
        assert found.fixes[0].changes == {"allow_origins": (LISTED, "https://other.example")}
