"""The result of the browser model for a form of the playground."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit_cli.demo.api import Api
from corekit_cli.demo.form import FormError, Origins, fill, list_examples, read_form
from corekit_cli.demo.judging import judge_form

ORIGINS: Final = Origins("http://localhost:8000", "http://localhost:3000", "http://localhost:4000")
EXAMPLES: Final = {one.name: one.form for one in list_examples(ORIGINS, ORIGINS.page)}


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


def test_public_page_needs_a_permission_in_each_engine() -> None:
    result = judge_example("public-page")
    assert result["exchanges"] == []
    assert result["deviating"] == []
    assert judge_example("public-page", public_page=False)["allowed"]
    insecure = judge_example(
        "public-page", page="http://a.example", allow_origins="http://a.example"
    )
    assert insecure["failure"]["failure"] == "InsecureLocalNetwork"
