"""What the model says to a form: the same as the served API and a browser by the standard would."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit_cli.demo.api import Api
from corekit_cli.demo.cases import CASES, Origins, judge, make_policy
from corekit_cli.demo.examples import list_examples
from corekit_cli.demo.form import FormError, fill, read_form
from corekit_cli.demo.judging import judge_form

ORIGINS: Final = Origins("http://localhost:8000", "http://localhost:3000", "http://localhost:4000")
EXAMPLES: Final = {one["name"]: one["form"] for one in list_examples(ORIGINS, ORIGINS.page)}


def judge_example(name: str, **changes: Any) -> dict[str, Any]:
    return judge_form(read_form({**EXAMPLES[name], **changes}), Api(), ORIGINS.api)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_model_says_of_the_demos_calls_what_the_policy_says(case: Any) -> None:
    origin = ORIGINS.page if case.page == "page" else ORIGINS.foreign
    expected = judge(make_policy(ORIGINS.page), case, origin)
    told = judge_example(case.name)
    assert told["allowed"] == expected.allowed
    methods = [exchange["request"]["method"] for exchange in told["exchanges"]]
    assert methods == ["OPTIONS"] * case.needs_preflight + [case.method] * expected.sent
    assert told["departing"] == []


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("any-origin", None),
        ("credentials-not-granted", "InvalidAllowCredentials"),
        ("sandboxed", "MissingAllowOriginHeader"),
        ("sandboxed-granted", None),
        ("authorization-under-wildcard", "HeaderDisallowedByPreflightResponse"),
        ("method-in-lower-case", "MethodDisallowedByPreflightResponse"),
        ("scheme-differs", "MissingAllowOriginHeader"),
    ],
)
def test_the_other_examples_end_as_their_titles_say(name: str, failure: str | None) -> None:
    told = judge_example(name)
    assert (told["failure"] and told["failure"]["name"]) == failure
    assert told["allowed"] == (failure is None)
    assert bool(told["fixes"]) == (failure is not None)


@pytest.mark.parametrize("name", ["any-origin-with-credentials", "trailing-slash"])
def test_some_examples_are_of_policies_that_cannot_be(name: str) -> None:
    with pytest.raises(FormError):
        read_form(EXAMPLES[name])


def test_each_example_has_a_name_and_a_title_of_its_own() -> None:
    listed = list_examples(ORIGINS, ORIGINS.page)
    for key in ("name", "title"):
        assert len({one[key] for one in listed}) == len(listed)


def test_the_foreign_page_has_the_examples_as_its_own_calls() -> None:
    listed = {one["name"]: one["form"] for one in list_examples(ORIGINS, ORIGINS.foreign)}
    assert set(EXAMPLES) - set(listed) == {"foreign-get", "foreign-put"}
    assert listed["put-json"]["page"] == ORIGINS.foreign
    assert listed["put-json"]["allow_origins"] == ORIGINS.page
    assert listed["any-origin"]["page"] == ORIGINS.foreign


def test_engines_that_depart_from_the_standard_are_named() -> None:
    told = judge_example("authorization-under-wildcard")
    assert told["departing"] == ["chromium", "firefox", "webkit"]


def test_the_exchanges_are_told_as_they_go_over_the_wire() -> None:
    told = judge_example("put-json")
    preflight, actual = told["exchanges"]
    assert preflight["request"]["is_preflight"]
    assert preflight["request"]["url"] == f"{ORIGINS.api}/items/1"
    assert ["Access-Control-Request-Headers", "content-type"] in preflight["request"]["headers"]
    assert ["Access-Control-Max-Age", "600"] in preflight["response"]["headers"]
    assert actual["response"]["status"] == 200
    assert ["Access-Control-Allow-Origin", ORIGINS.page] in actual["response"]["headers"]


def test_a_mend_fills_the_fields_of_the_form_and_then_the_page_may_read() -> None:
    for name in ("method-not-granted", "header-not-granted", "foreign-put", "scheme-differs"):
        applicable = [mend for mend in judge_example(name)["fixes"] if mend["fields"]]
        assert applicable, name
        for mend in applicable:
            mended = judge_example(name, **mend["fields"])
            assert mended["allowed"], (name, mend)


def test_a_mend_of_the_call_fills_the_fields_of_the_call() -> None:
    told = judge_example("method-in-lower-case")
    methods = [mend["fields"]["method"] for mend in told["fixes"] if "method" in mend["fields"]]
    assert methods == ["PATCH"]


def test_the_cookie_goes_with_credentials_only() -> None:
    api = Api()
    cookie = dict(api.reply("POST", "/session", {}, b"").headers)["Set-Cookie"].partition(";")[0]
    statuses = {}
    for credentials in ("include", "omit"):
        form = {**EXAMPLES["get-with-cookies"], "credentials": credentials}
        told = judge_form(read_form(form), api, ORIGINS.api, cookie)
        statuses[credentials] = told["exchanges"][-1]["response"]["status"]
    assert statuses == {"include": 200, "omit": 401}


def test_a_call_to_the_api_by_the_api_is_no_matter_of_cors() -> None:
    form = fill({"allow_origins": [ORIGINS.page]}, page=ORIGINS.api, method="PUT", path="/items/1")
    told = judge_form(read_form(form), Api(), ORIGINS.api)
    assert told["allowed"]
    assert [exchange["request"]["method"] for exchange in told["exchanges"]] == ["PUT"]


def test_the_policy_of_the_form_answers_and_no_other() -> None:
    nothing = CorsPolicy(allow_origins=["https://elsewhere.example"])
    told = judge_example("simple-get", allow_origins=nothing.allow_origins[0])
    assert not told["allowed"]


def test_a_path_is_decoded_as_the_served_api_has_it() -> None:
    told = judge_example("put-json", path="/items/%31?x=%31")
    assert [exchange["response"]["status"] for exchange in told["exchanges"]] == [204, 200]
