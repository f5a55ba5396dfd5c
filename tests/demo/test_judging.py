"""The result of the browser model for a form of the playground."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit.browser import HttpResponse
from corekit.guard import GuardReason
from corekit_cli.demo.api import Api
from corekit_cli.demo.form import FormError, Origins, fill, list_examples, read_form
from corekit_cli.demo.judging import judge_form

ORIGINS: Final = Origins("http://localhost:8000", "http://localhost:3000", "http://localhost:4000")
EXAMPLES: Final = {one.name: one.form for one in list_examples(ORIGINS, ORIGINS.page)}


WRITE: Final = {"method": "POST", "path": "/session", "headers": "content-type: text/plain"}
"""A write that needs no preflight."""

EVIL: Final = "https://evil.example"


class RecordingApi(Api):
    """Records the methods of the requests that reach it."""

    def __init__(self) -> None:
        super().__init__()
        self.methods: list[str] = []

    def reply(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> HttpResponse:
        self.methods.append(method)
        return super().reply(method, path, headers, body)


def judge_guarded(cookie: str = "", **fields: Any) -> tuple[dict[str, Any], list[str]]:
    """Judge a write of the allowed page, or another call; return what reached the API too."""
    form = {**EXAMPLES["simple-get"], **WRITE, "guard": True, **fields}
    api = RecordingApi()
    return judge_form(read_form(form), api, ORIGINS.api, cookie), api.methods


def judge_example(name: str, **changes: Any) -> dict[str, Any]:
    return judge_form(read_form({**EXAMPLES[name], **changes}), Api(), ORIGINS.api)


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("any-origin", None),
        ("credentials-not-allowed", "InvalidAllowCredentials"),
        ("sandboxed", "MissingAllowOriginHeader"),
        ("sandboxed-allowed", None),
        ("authorization-under-wildcard", "HeaderDisallowedByPreflightResponse"),
        ("method-in-lower-case", "MethodDisallowedByPreflightResponse"),
        ("scheme-differs", "MissingAllowOriginHeader"),
        ("public-page", "LocalNetworkAccessPermissionDenied"),
    ],
)
def test_examples_end_as_their_titles_say(name: str, failure: str | None) -> None:
    result = judge_example(name)
    assert (result["failure"] and result["failure"]["failure"]) == failure
    assert result["allowed"] == (failure is None)
    assert bool(result["fixes"]) == (failure is not None)


@pytest.mark.parametrize("name", ["any-origin-with-credentials", "trailing-slash"])
def test_some_examples_have_invalid_policies(name: str) -> None:
    with pytest.raises(FormError):
        read_form(EXAMPLES[name])


def test_names_and_titles_are_unique() -> None:
    listed = list_examples(ORIGINS, ORIGINS.page)
    for key in ("name", "title"):
        assert len({getattr(one, key) for one in listed}) == len(listed)


def test_untrusted_page_makes_the_examples_itself() -> None:
    listed = {one.name: one.form for one in list_examples(ORIGINS, ORIGINS.untrusted)}
    assert set(EXAMPLES) - set(listed) == {"untrusted-get", "untrusted-put"}
    assert listed["put-json"]["page"] == ORIGINS.untrusted
    assert listed["put-json"]["allow_origins"] == ORIGINS.page
    assert listed["any-origin"]["page"] == ORIGINS.untrusted


def test_deviating_engines_are_named() -> None:
    result = judge_example("authorization-under-wildcard")
    assert result["deviating"] == ["chromium", "firefox", "webkit"]


def test_exchanges_are_included() -> None:
    result = judge_example("put-json")
    preflight, actual = result["exchanges"]
    assert preflight["request"]["is_preflight"]
    assert preflight["request"]["url"] == f"{ORIGINS.api}/items/1"
    assert ["Access-Control-Request-Headers", "content-type"] in preflight["request"]["headers"]
    assert ["Access-Control-Max-Age", "600"] in preflight["response"]["headers"]
    assert actual["response"]["status"] == 200
    assert ["Access-Control-Allow-Origin", ORIGINS.page] in actual["response"]["headers"]


def test_fix_of_the_policy_allows_the_call() -> None:
    for name in ("method-not-allowed", "header-not-allowed", "untrusted-put", "scheme-differs"):
        applicable = [fix for fix in judge_example(name)["fixes"] if fix["fields"]]
        assert applicable, name
        for fix in applicable:
            fixed = judge_example(name, **fix["fields"])
            assert fixed["allowed"], (name, fix)


def test_fix_of_the_call_fills_its_fields() -> None:
    result = judge_example("method-in-lower-case")
    methods = [fix["fields"]["method"] for fix in result["fixes"] if "method" in fix["fields"]]
    assert methods == ["PATCH"]


def test_cookie_is_sent_only_with_credentials() -> None:
    api = Api()
    cookie = dict(api.reply("POST", "/session", {}, b"").headers)["Set-Cookie"].partition(";")[0]
    statuses = {}
    for credentials in ("include", "omit"):
        form = {**EXAMPLES["get-with-cookies"], "credentials": credentials}
        result = judge_form(read_form(form), api, ORIGINS.api, cookie)
        statuses[credentials] = result["exchanges"][-1]["response"]["status"]
    assert statuses == {"include": 200, "omit": 401}


def test_same_origin_call_needs_no_preflight() -> None:
    form = fill({"allow_origins": [ORIGINS.page]}, page=ORIGINS.api, method="PUT", path="/items/1")
    result = judge_form(read_form(form), Api(), ORIGINS.api)
    assert result["allowed"]
    assert [exchange["request"]["method"] for exchange in result["exchanges"]] == ["PUT"]


def test_policy_of_the_form_applies() -> None:
    nothing = CorsPolicy(allow_origins=["https://elsewhere.example"])
    result = judge_example("simple-get", allow_origins=nothing.allow_origins[0])
    assert not result["allowed"]


def test_path_is_decoded_as_by_the_server() -> None:
    result = judge_example("put-json", path="/items/%31?x=%31")
    assert [exchange["response"]["status"] for exchange in result["exchanges"]] == [204, 200]


@pytest.mark.parametrize(
    ("fields", "allowed", "reason"),
    [
        ({}, True, "LISTED_ORIGIN"),
        ({"page": ORIGINS.untrusted}, False, "SAME_SITE"),
        ({"page": EVIL}, False, "CROSS_SITE"),
        ({"page": "null"}, False, "CROSS_SITE"),
        ({"page": ORIGINS.api}, True, "SAME_ORIGIN"),
        ({"allow_origins": "*", "allow_credentials": False}, True, "SAME_SITE"),
        ({"page": ORIGINS.untrusted, "method": "GET"}, False, "SAFE"),
        ({"page": EVIL, "method": "HEAD"}, False, "SAFE"),
        ({"method": "DELETE", "path": "/items/1"}, True, "LISTED_ORIGIN"),
        ({"allow_credentials": False, "credentials": "include"}, False, "CREDENTIALS_NOT_ALLOWED"),
        ({"allow_credentials": False}, True, "LISTED_ORIGIN"),
    ],
)
def test_guard_and_policy_decide_separately(
    fields: dict[str, Any], allowed: bool, reason: str
) -> None:
    result, reached = judge_guarded(cookie="a=b", **fields)
    guard, passes = result["guard"], GuardReason[reason].status is None
    assert (result["allowed"], guard["reason"]) == (allowed, reason)
    assert (guard["allowed"], guard["message"]) == (passes, GuardReason[reason].value)
    assert bool(guard["hint"]) == (not passes)
    assert (result["exchanges"][-1]["response"]["status"] == 403) == (not passes)
    assert bool(reached) == passes, "a refused request does not reach the API"
    assert [step["kind"] for step in result["steps"]].count("guard") == 1
    end = " ".join(result["steps"][-1]["details"])
    processed = "The server received and processed the request" in end
    assert processed == (passes and not allowed)
    assert (" refuses " in result["summary"]) == (not passes)


def test_request_that_is_not_sent_is_not_judged() -> None:
    result, reached = judge_guarded(page=EVIL, method="PUT", path="/items/1")
    assert (result["guard"], reached) == (None, [])
    assert [exchange["response"]["status"] for exchange in result["exchanges"]] == [403]


def test_api_without_the_guard_gets_the_write() -> None:
    result, reached = judge_guarded(guard=False, page=EVIL)
    assert result["guard"] is None
    assert set(reached) == {"POST"}
    assert not result["allowed"]


def test_fix_of_a_refused_write_lets_it_pass() -> None:
    result, _ = judge_guarded(page=EVIL)
    [fields] = [fix["fields"] for fix in result["fixes"] if fix["fields"]]
    fixed, _ = judge_guarded(**{"page": EVIL, **fields})
    assert (fixed["allowed"], fixed["guard"]["reason"]) == (True, "LISTED_ORIGIN")


@given(
    page=st.sampled_from([ORIGINS.page, ORIGINS.untrusted, ORIGINS.api, EVIL, "null"]),
    allow_origins=st.sampled_from([ORIGINS.page, f"{ORIGINS.page} {EVIL}", "*"]),
    allow_credentials=st.booleans(),
    credentials=st.sampled_from(["omit", "same-origin", "include"]),
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH"]),
    cookie=st.sampled_from(["", "a=b"]),
)
def test_page_changes_something_exactly_if_own_or_listed(cookie: str, **fields: Any) -> None:
    if fields["allow_origins"] == "*":
        fields["allow_credentials"] = False
    result, reached = judge_guarded(cookie, **fields, path="/items/1")
    writes = set(reached) - {"GET", "HEAD"}
    page = fields["page"]
    has_cookie = bool(cookie) and (
        fields["credentials"] == "include"
        or (fields["credentials"] == "same-origin" and page == ORIGINS.api)
    )
    is_listed = page in fields["allow_origins"].split()
    may_write = page == ORIGINS.api or (
        is_listed and (fields["allow_credentials"] or not has_cookie)
    )
    is_sent = not result["exchanges"][-1]["request"]["is_preflight"]
    is_write = fields["method"] not in ("GET", "HEAD")
    assert bool(writes) == (is_sent and is_write and may_write)
    assert (result["guard"] is not None) == is_sent


def test_public_page_needs_a_permission_in_each_engine() -> None:
    result = judge_example("public-page")
    assert result["exchanges"] == []
    assert result["deviating"] == []
    assert judge_example("public-page", public_page=False)["allowed"]
    insecure = judge_example(
        "public-page", page="http://a.example", allow_origins="http://a.example"
    )
    assert insecure["failure"]["failure"] == "InsecureLocalNetwork"
