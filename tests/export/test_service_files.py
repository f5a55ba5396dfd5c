"""What an export for a service is: one file that its API accepts, or a coded problem."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
import yaml

from corekit import CorsPolicy
from corekit.export import TARGETS, Export, Level, export_policy
from corekit.export.gateway_api import MOST_CHARACTERS, MOST_ENTRIES
from corekit.export.target import NOT_PROVEN
from tests.export.services import SERVICES, Service

APP: Final = "https://app.example.com"
ALL: Final[dict[str, Any]] = {
    "allow_origins": [APP],
    "allow_credentials": True,
    "allow_methods": ["PUT"],
    "allow_headers": ["content-type"],
    "expose_headers": ["x-total"],
    "max_age": 600,
}
ODD_NAME: Final = "x-!#$%&'+.^_`|~"

GATEWAY_API: Final = """\
# CORS policy {fingerprint} for Gateway API 1.5 or newer, written by:
#     corekit export gateway-api cors.toml
# Level: browser-equal. Not proven by running.
# - The status of preflights is chosen by the implementation. Denied ones have no text of corekit.
# - Vary is chosen by the implementation. If it lacks Origin, a cache may block an allowed page,
#   since it has the response for another origin, or for none.
# - Errors of the implementation itself may lack the headers. Pages do not see their status then.
# - An entry may also match the default port of its scheme, which no browser sends.

# Put this filter under `filters` of each rule of the HTTPRoute.
- type: CORS
  cors:
    allowOrigins:
      - "https://app.example.com"
    allowCredentials: true
    allowMethods:
      - "GET"
      - "HEAD"
      - "POST"
      - "PUT"
    allowHeaders:
      - "content-type"
    exposeHeaders:
      - "x-total"
    maxAge: 600
"""
AWS: Final[dict[str, dict[str, Any]]] = {
    "aws-apigateway": {
        "AllowOrigins": [APP],
        "AllowCredentials": True,
        "AllowMethods": ["GET", "HEAD", "POST", "PUT"],
        "AllowHeaders": ["content-type"],
        "ExposeHeaders": ["x-total"],
        "MaxAge": 600,
    },
    "aws-s3": {
        "CORSRules": [
            {
                "ID": "CORS policy {fingerprint}",
                "AllowedOrigins": [APP],
                "AllowedMethods": ["GET", "HEAD", "POST", "PUT"],
                "AllowedHeaders": ["content-type"],
                "ExposeHeaders": ["x-total"],
                "MaxAgeSeconds": 600,
            }
        ]
    },
    "aws-cloudfront": {
        "Name": "cors-{fingerprint}",
        "Comment": "CORS policy {fingerprint}, written by corekit export aws-cloudfront",
        "CorsConfig": {
            "AccessControlAllowOrigins": {"Quantity": 1, "Items": [APP]},
            "AccessControlAllowCredentials": True,
            "AccessControlAllowMethods": {
                "Quantity": 4,
                "Items": ["GET", "HEAD", "POST", "PUT"],
            },
            "AccessControlAllowHeaders": {"Quantity": 1, "Items": ["content-type"]},
            "AccessControlExposeHeaders": {"Quantity": 1, "Items": ["x-total"]},
            "AccessControlMaxAgeSec": 600,
            "OriginOverride": True,
        },
        "RemoveHeadersConfig": {
            "Quantity": 7,
            "Items": [
                {"Header": f"access-control-{name}"}
                for name in (
                    "allow-credentials",
                    "allow-headers",
                    "allow-methods",
                    "allow-origin",
                    "allow-private-network",
                    "expose-headers",
                    "max-age",
                )
            ],
        },
    },
}

every_service = pytest.mark.parametrize("service", SERVICES, ids=str)


def export(name: str, **changes: Any) -> Export:
    policy = CorsPolicy(**{**ALL, **changes})
    return export_policy(policy, TARGETS[name], command=f"corekit export {name} cors.toml")


def test_every_target_that_does_not_run_is_here() -> None:
    assert [each.target for each in SERVICES] == [
        each for each in TARGETS.values() if not each.is_runnable
    ]


def test_filter_is_what_a_person_would_write() -> None:
    expected = GATEWAY_API.replace("{fingerprint}", CorsPolicy(**ALL).fingerprint)
    assert export("gateway-api").files == {"cors_filter.yaml": expected}


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("aws-apigateway", "cors_api.json"),
        ("aws-s3", "cors_s3.json"),
        ("aws-cloudfront", "cors_cloudfront.json"),
    ],
)
def test_json_is_what_a_person_would_write(name: str, file: str) -> None:
    expected = json.dumps(AWS[name], indent=2).replace(
        "{fingerprint}", CorsPolicy(**ALL).fingerprint
    )
    assert export(name).files == {file: f"{expected}\n"}


@every_service
def test_target_is_not_proven(service: Service) -> None:
    exported = export(service.target.name)
    assert (exported.level, service.target.limits[0]) == (Level.BROWSER_EQUAL, NOT_PROVEN)
    first, second, third = exported.head.splitlines()[:3]
    assert f"CORS policy {CorsPolicy(**ALL).fingerprint} for {service.target.requires}," in first
    assert second.endswith(f"    corekit export {service.target.name} cors.toml")
    assert third.endswith("Level: browser-equal. Not proven by running.")
    assert exported.to_dict()["fingerprint"] == CorsPolicy(**ALL).fingerprint
    assert exported.text.startswith(exported.head) is (service.target.comment == "# ")


@every_service
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"allow_headers": [], "expose_headers": [], "max_age": None},
        {"allow_headers": [ODD_NAME], "expose_headers": [ODD_NAME]},
        {"allow_origins": ["*"], "allow_credentials": False},
        {"max_age": 86400},
    ],
    ids=["all", "few", "odd-names", "public", "longest"],
)
def test_file_is_accepted(service: Service, changes: dict[str, Any]) -> None:
    exported = export(service.target.name, **changes)
    assert exported.problems == ()
    service.validate(exported)
    given = {**ALL, **changes}
    found = service.read(exported)
    assert [*found.origins] == given["allow_origins"]
    assert found.credentials is given["allow_credentials"]
    assert [*found.methods] == ["GET", "HEAD", "POST", "PUT"]
    assert [*found.exposed] == given["expose_headers"]
    if given["allow_headers"] or service.target.name != "aws-cloudfront":
        assert [*found.headers] == given["allow_headers"]
    else:
        # One has to be named, and no page can set this one.
        assert [*found.headers] == ["origin"]
        assert any("No page can set it" in each for each in exported.differences)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("gateway-api", {"allow_methods": ["PUT", "*"], "allow_headers": ["x-a", "*"]}),
        ("aws-s3", {"allow_headers": ["x-a", "*"]}),
    ],
)
def test_any_name_is_alone(name: str, changes: dict[str, Any]) -> None:
    (service,) = (each for each in SERVICES if each.target.name == name)
    exported = export(name, **changes)
    service.validate(exported)
    found = service.read(exported)
    assert [*found.headers] == ["*"]
    assert ([*found.methods] == ["*"]) is ("allow_methods" in changes)
    assert any("itself named *" in each for each in exported.differences)


def test_any_name_is_in_the_list_of_an_http_api() -> None:
    names = ["x-a", "authorization", "*"]
    public = {"allow_origins": ["*"], "allow_credentials": False}
    exported = export("aws-apigateway", **public, allow_methods=["*"], allow_headers=names)
    data = json.loads(exported.text)
    assert (data["AllowMethods"][-1], data["AllowHeaders"]) == ("*", names)


PUBLIC: Final[dict[str, Any]] = {"allow_origins": ["*"], "allow_credentials": False}
REFUSED: Final[list[tuple[str, dict[str, Any], str, str]]] = [
    ("gateway-api", {"max_age": 0}, "max-age-not-exported", "max_age"),
    ("gateway-api", {"allow_methods": ["PROPFIND"]}, "method-not-exported", "allow_methods"),
    (
        "gateway-api",
        {**PUBLIC, "allow_headers": ["*", "authorization"]},
        "any-name-not-exported",
        "allow_headers",
    ),
    ("aws-apigateway", {"allow_methods": ["*"]}, "any-name-not-exported", "allow_methods"),
    ("aws-apigateway", {"allow_headers": ["*"]}, "any-name-not-exported", "allow_headers"),
    ("aws-apigateway", {"allow_methods": ["A" * 65]}, "method-not-exported", "allow_methods"),
    (
        "aws-apigateway",
        {**PUBLIC, "allow_headers": ["*"]},
        "authorization-not-named",
        "allow_headers",
    ),
    ("aws-s3", {"allow_credentials": False}, "credentials-not-exported", "allow_credentials"),
    ("aws-s3", {"allow_methods": ["PATCH"]}, "method-not-exported", "allow_methods"),
    ("aws-s3", {"allow_methods": ["PATCH", "*"]}, "any-name-not-exported", "allow_methods"),
    ("aws-s3", {**PUBLIC, "allow_headers": ["*"]}, "authorization-not-named", "allow_headers"),
    ("aws-s3", {**PUBLIC, "expose_headers": ["*"]}, "any-name-not-exported", "expose_headers"),
    ("aws-cloudfront", {"allow_methods": ["*"]}, "any-name-not-exported", "allow_methods"),
    ("aws-cloudfront", {"allow_methods": ["REPORT"]}, "method-not-exported", "allow_methods"),
    ("aws-cloudfront", {"allow_headers": ["*"]}, "any-name-not-exported", "allow_headers"),
    (
        "aws-cloudfront",
        {**PUBLIC, "allow_headers": ["*"]},
        "authorization-not-named",
        "allow_headers",
    ),
    *(
        (
            each.target.name,
            {"allow_private_network": True},
            "private-network-not-exported",
            "allow_private_network",
        )
        for each in SERVICES
    ),
]


@pytest.mark.parametrize(("name", "changes", "code", "subject"), REFUSED)
def test_refused(name: str, changes: dict[str, Any], code: str, subject: str) -> None:
    exported = export(name, **changes)
    assert [(each.code, each.severity, each.subject) for each in exported.problems] == [
        (code, "error", subject)
    ]
    assert (exported.files, exported.head, exported.fingerprint) == ({}, "", None)


def test_refused_origins_have_their_places() -> None:
    origins = [APP, "https://pr-*.example.com", "https://b.example.com", "capacitor://localhost"]
    exported = export("aws-s3", allow_origins=origins)
    assert [(each.subject, each.value) for each in exported.problems] == [
        ("allow_origins[1]", origins[1]),
        ("allow_origins[3]", origins[3]),
    ]


@pytest.mark.parametrize("argument", ["allow_origins", "allow_headers", "expose_headers"])
def test_filter_has_as_many_entries_as_are_accepted(argument: str) -> None:
    start = "https://a" if argument == "allow_origins" else "x-"
    names = [f"{start}{number}" for number in range(MOST_ENTRIES + 1)]
    assert export("gateway-api", **{argument: names[1:]}).problems == ()
    (problem,) = export("gateway-api", **{argument: names}).problems
    assert (problem.code, problem.subject) == ("too-many-entries", argument)
    assert "65 entries, and Gateway API takes at most 64" in problem.message


@pytest.mark.parametrize("argument", ["allow_headers", "expose_headers"])
def test_filter_has_names_as_long_as_are_accepted(argument: str) -> None:
    gateway = SERVICES[0]
    longest = export("gateway-api", **{argument: ["x" * MOST_CHARACTERS]})
    gateway.validate(longest)
    (problem,) = export("gateway-api", **{argument: ["x" * (MOST_CHARACTERS + 1)]}).problems
    assert (problem.code, problem.subject) == ("list-too-long", argument)


def test_filter_has_origins_as_long_as_are_accepted() -> None:
    longest = f"https://{'a' * 60}.{'b' * 60}.{'c' * 61}.{'d' * 61}"
    assert len(longest) == 253
    SERVICES[0].validate(export("gateway-api", allow_origins=[longest]))
    (problem,) = export("gateway-api", allow_origins=[f"{longest}d"]).problems
    assert problem.code == "origin-not-exported"


def test_filter_names_what_depends_on_the_implementation() -> None:
    public = export("gateway-api", **PUBLIC, max_age=None).differences
    assert "The response may have the origin of the request instead of *." in public
    assert "Access-Control-Max-Age is 5, which is the default of browsers too." in public


@every_service
def test_complete_configuration_is_refused(service: Service) -> None:
    with pytest.raises(ValueError, match=f"{service.target.name} has no complete configuration"):
        export_policy(CorsPolicy(**ALL), service.target, standalone="http://127.0.0.1:8000")


def test_odd_names_are_quoted_in_yaml() -> None:
    names = ["x-#", "null", "true", "1e3", "~", "&a", "!b", "%c"]
    text = export("gateway-api", allow_headers=names).text
    (filter_,) = yaml.safe_load(text)
    assert filter_["cors"]["allowHeaders"] == names
