"""The form of the playground: reading its fields, reporting problems, filling it in."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit.arguments import SETTINGS
from corekit.browser import BrowserModel, HttpResponse
from corekit.compat import RegexCorsPolicy
from corekit.diagnostics import Diagnostic
from corekit.guard import CrossOriginGuard
from corekit_cli.demo.form import (
    EMPTY,
    FormError,
    describe_arguments,
    fill,
    fill_policy,
    policy_settings,
    read_form,
)

PAGE: Final = "https://app.example.com"
API: Final = "http://localhost:8000"
GOOD: Final = {"allow_origins": PAGE, "page": PAGE}


def find_problems(**fields: object) -> list[tuple[str, str]]:
    """Return the subject and code of each problem of a form that is valid except for `fields`."""
    with pytest.raises(FormError) as raised:
        read_form({**GOOD, **fields})
    return [(problem.subject, problem.code) for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("field", "text", "read"),
    [
        ("allow_origins", f"{PAGE}\n http://localhost:* \n", (PAGE, "http://localhost:*")),
        ("allow_origins", f"{PAGE}, https://b.example", (PAGE, "https://b.example")),
        ("allow_methods", "PUT, DELETE PATCH,", ("PUT", "DELETE", "PATCH")),
        ("allow_headers", "X-A,x-b", ("x-a", "x-b")),
        ("expose_headers", "", ()),
        ("max_age", " 600 ", 600),
        ("max_age", "", None),
        ("preflight_status", "200", 200),
        ("preflight_status", "", 204),
        ("allow_private_network", True, True),
    ],
)
def test_policy_is_read(field: str, text: object, read: object) -> None:
    assert getattr(read_form({**GOOD, field: text}).policy, field) == read


def test_accepted_risk_is_read() -> None:
    form = fill({"allow_origins": ["null"], "accept_risks": ["opaque-origin"]}, page="null")
    assert read_form(form).policy.accept_risks == ("opaque-origin",)


def test_call_is_read() -> None:
    call = read_form(
        {
            **GOOD,
            "method": " put ",
            "path": "/items/1?a=b",
            "headers": "Content-Type: application/json\n\n x-empty:\n",
            "credentials": "include",
            "body": "\u00fc",
        }
    )
    fetch = call.fetch(API)
    assert (call.page, fetch.method, fetch.url) == (PAGE, "put", f"{API}/items/1?a=b")
    assert fetch.headers == (("Content-Type", "application/json"), ("x-empty", ""))
    assert (fetch.credentials, fetch.body) == ("include", b"\xc3\xbc")


@pytest.mark.parametrize("value", ["a\x0bb", "a\x0cy: b", "a\x1cb", "a\x85y: b", "\x85"], ids=ascii)
def test_header_lines_end_as_in_the_browser(value: str) -> None:
    form = {"allow_origins": PAGE, "page": PAGE, "headers": f"x-a: {value}\r\nx-b: 1"}
    assert read_form(form).headers == (("x-a", value), ("x-b", "1"))


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"allow_origins": ""}, [("allow_origins", "no-origins")]),
        ({"allow_origins": f"{PAGE}/"}, [("allow_origins[0]", "non-canonical-origin")]),
        (
            {"allow_origins": "*", "allow_credentials": True},
            [("allow_origins[0]", "any-origin-with-credentials")],
        ),
        ({"allow_methods": "PUT put"}, [("allow_methods[1]", "method-case")]),
        ({"allow_headers": "x:y"}, [("allow_headers[0]", "invalid-header")]),
        ({"accept_risks": "opaque-origin"}, [("accept_risks", "unknown-risk")]),
        ({"max_age": "-1"}, [("max_age", "max-age")]),
        ({"max_age": "ten"}, [("max_age", "wrong-type")]),
        ({"max_age": "1" * 5000}, [("max_age", "wrong-type")]),
        ({"preflight_status": "302"}, [("preflight_status", "preflight-status")]),
        ({"page": ""}, [("page", "malformed-origin")]),
        ({"page": f"{PAGE}/"}, [("page", "non-canonical-origin")]),
        ({"page": "https://*.example.com"}, [("page", "malformed-origin")]),
        ({"page": "*"}, [("page", "malformed-origin")]),
        ({"method": "GET it"}, [("method", "invalid-method")]),
        ({"method": ""}, [("method", "invalid-method")]),
        ({"method": "trace"}, [("method", "forbidden-method")]),
        ({"path": "items"}, [("path", "malformed-path")]),
        ({"path": "//evil.example/"}, [("path", "malformed-path")]),
        ({"path": "/\\evil.example/"}, [("path", "malformed-path")]),
        ({"path": "/items#1"}, [("path", "malformed-path")]),
        ({"path": "/a b"}, [("path", "malformed-path")]),
        ({"credentials": "maybe"}, [("credentials", "wrong-type")]),
        ({"body": "{}"}, [("body", "wrong-type")]),
        ({"body": "{}", "method": "head"}, [("body", "wrong-type")]),
        ({"headers": "a: 1\nno colon"}, [("headers[1]", "invalid-header")]),
        ({"headers": "a b: 1"}, [("headers[0]", "invalid-header")]),
        ({"headers": ": 1"}, [("headers[0]", "invalid-header")]),
        ({"headers": "a: \u20ac"}, [("headers[0]", "invalid-header")]),
        ({"headers": "a: \0"}, [("headers[0]", "invalid-header")]),
        (
            {"allow_methods": "put", "max_age": "x", "method": "", "page": "x y"},
            [
                ("allow_methods[0]", "method-case"),
                ("max_age", "wrong-type"),
                ("page", "malformed-origin"),
                ("method", "invalid-method"),
            ],
        ),
    ],
)
def test_problems_name_their_field(
    fields: dict[str, object], problems: list[tuple[str, str]]
) -> None:
    assert find_problems(**fields) == problems


def test_problem_has_a_hint() -> None:
    with pytest.raises(FormError) as raised:
        read_form({**GOOD, "page": "app.example.com"})
    [problem] = raised.value.problems
    assert problem.hint == "Did you mean 'https://app.example.com'?"


@pytest.mark.parametrize(
    "form",
    [None, [], "x", {"allow_everything": "x"}, {"allow_origins": []}, {"allow_credentials": "true"},
     {"body": None}, {"allow_credentials": 1}],
)  # fmt: skip
def test_other_json_is_rejected(form: object) -> None:
    with pytest.raises(ValueError, match="field") as raised:
        read_form(form)
    assert not isinstance(raised.value, FormError)


text = st.text(max_size=30) | st.sampled_from(
    ["*", "null", PAGE, "http://localhost:*", "GET", "put", "x-a", "x-a: 1", "600", "/items"]
)
forms = st.fixed_dictionaries(
    {},
    optional={
        name: st.booleans() if isinstance(empty, bool) else text for name, empty in EMPTY.items()
    },
)


@given(forms)
def test_any_text_is_a_call_or_a_problem_of_a_field(form: dict[str, Any]) -> None:
    problems: tuple[Diagnostic, ...] = ()
    try:
        call = read_form(form)
    except FormError as error:
        problems = error.problems
    if problems:
        assert {problem.subject.partition("[")[0] for problem in problems} <= EMPTY.keys()
        return
    model = BrowserModel(clock=lambda: 0.0)
    model.fetch(lambda request: HttpResponse(200), call.page, call.fetch(API))


@pytest.mark.parametrize(
    "policy",
    [
        CorsPolicy(allow_origins=["*"], allow_methods=["*"], preflight_status=200),
        CorsPolicy(
            allow_origins=[PAGE, "http://x.example"],
            allow_credentials=True,
            allow_methods=["PUT", "DELETE"],
            allow_headers=["x-a"],
            expose_headers=["x-b", "x-c"],
            max_age=0,
            allow_private_network=True,
            accept_risks=["insecure-origin"],
        ),
        RegexCorsPolicy(allow_origin_regexes=[r"https://pr-\d{1,4}\.example\.com", "app://x[0-9]"]),
        RegexCorsPolicy(allow_origins=["https://a.example"], allow_origin_regexes=["app://x[0-9]"]),
    ],
)
def test_policy_survives_the_form(policy: CorsPolicy) -> None:
    assert read_form(fill(policy_settings(policy), page=PAGE)).policy == policy


def test_changed_arguments_fill_only_their_fields() -> None:
    assert fill_policy(
        {"allow_origins": ["a", "b"], "allow_credentials": True, "max_age": None}
    ) == {
        "allow_origins": "a\nb",
        "allow_credentials": True,
        "max_age": "",
    }


def test_every_argument_of_a_policy_is_a_field() -> None:
    described = {argument["name"]: argument for argument in describe_arguments()}
    assert list(described) == list(SETTINGS)
    assert described["allow_credentials"]["kind"] == "flag"
    assert "opaque-origin" in described["accept_risks"]["options"]
    assert all(argument["hint"] for argument in described.values())


def test_guard_has_the_policy_of_the_form() -> None:
    call = read_form({**GOOD, "guard": True})
    assert call.guard == CrossOriginGuard(call.policy)
    assert read_form({**GOOD, "guard": False}).guard is read_form(GOOD).guard is None


@pytest.mark.parametrize(("is_public", "space"), [(True, "public"), (False, None)])
def test_public_page_has_an_address_space(is_public: bool, space: str | None) -> None:
    assert read_form({**GOOD, "public_page": is_public}).address_space == space
