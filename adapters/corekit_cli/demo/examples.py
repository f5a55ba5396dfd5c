"""The examples of the playground: the calls of the demo, and what people stumble over, as forms.

The page fills its form with one, and makes all of them where it is asked to. What is expected of
each is not said here: the page compares what the model says with what its browser did.
"""

from __future__ import annotations

from typing import Any

from .cases import CASES, Case, Origins, make_policy
from .form import POLICY_FIELDS, Form, fill

__all__ = ["list_examples"]


def list_examples(origins: Origins, here: str) -> list[dict[str, Any]]:
    """List the examples for a page of the origin `here`: each a name, a title and a form."""
    cases = [case for case in CASES if case.page == "page" or here == origins.page]
    return [
        *(_example(case.name, case.title, _fill_case(case, origins, here)) for case in cases),
        *(_example(name, title, form) for name, title, form in _list_others(here)),
    ]


def _example(name: str, title: str, form: Form) -> dict[str, Any]:
    return {"name": name, "title": title, "form": form}


def _fill_case(case: Case, origins: Origins, here: str) -> Form:
    policy = make_policy(origins.page)
    return fill(
        {name: getattr(policy, name) for name in POLICY_FIELDS},
        page=origins.foreign if case.page == "foreign" else here,
        method=case.method,
        path=case.path,
        headers="\n".join(f"{name}: {value}" for name, value in case.headers),
        credentials="include" if case.credentials else "omit",
        body=case.body or "",
    )


def _list_others(here: str) -> list[tuple[str, str, Form]]:
    elsewhere = "https://app.example.com"
    public = {"allow_origins": ["*"], "expose_headers": ["*"]}
    credentials = {"allow_credentials": True}
    put = {"method": "PUT", "path": "/items/1", "body": '{"name": "lamp"}'}
    return [
        ("any-origin", "A public API", fill(public, page=here)),
        (
            "any-origin-with-credentials",
            "Any origin with credentials",
            fill({**public, **credentials}, page=here, credentials="include"),
        ),
        (
            "credentials-not-granted",
            "Credentials that are not granted",
            fill({"allow_origins": [here]}, page=here, path="/me", credentials="include"),
        ),
        ("sandboxed", "A sandboxed frame", fill({"allow_origins": [here]}, page="null")),
        (
            "sandboxed-granted",
            "A sandboxed frame that is granted",
            fill({"allow_origins": ["null"], "accept_risks": ["opaque-origin"]}, page="null"),
        ),
        (
            "authorization-under-wildcard",
            "Authorization under *",
            fill(
                {"allow_origins": [here], "allow_headers": ["*"]},
                page=here,
                headers="authorization: Bearer demo",
            ),
        ),
        (
            "method-in-lower-case",
            "patch in lower case",
            fill(
                {"allow_origins": [here], "allow_methods": ["PATCH"]},
                page=here,
                **{**put, "method": "patch"},
            ),
        ),
        (
            "trailing-slash",
            "A policy with a slash too many",
            fill({"allow_origins": [f"{here}/"]}, page=here),
        ),
        (
            "scheme-differs",
            "http instead of https",
            fill({"allow_origins": [elsewhere]}, page="http://app.example.com"),
        ),
    ]
