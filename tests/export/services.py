"""Every target that does not run in the tests, as its documentation says that it reads a file.

Not a test. The facts and their sources:

- Gateway API 1.6.1, standard channel: config/crd/standard/gateway.networking.k8s.io_httproutes.yaml
  and HTTPCORSFilter in apis/v1/httproute_types.go of
  https://github.com/kubernetes-sigs/gateway-api, with the rules in CEL;
- the models of the services in botocore, which the commands of AWS read too;
- https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html;
- https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html;
- https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

import yaml
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from jsonschema import Draft202012Validator

from corekit import CorsPolicy
from corekit.export import TARGETS, Export, Target, export_policy
from tests.properties.strategies import build

ANY: Final = "*"

_INSTEAD: Final[dict[str, Any]] = {
    "allow_credentials": True,
    "allow_private_network": False,
    "max_age": None,
}


class Grants(NamedTuple):
    """What a file says."""

    origins: Sequence[str]
    credentials: bool
    methods: Sequence[str]
    headers: Sequence[str]
    exposed: Sequence[str]
    max_age: int | None


@dataclass(frozen=True, repr=False)
class Service:
    """A target: `read` returns what a file says, and `validate` fails if it would not be accepted.

    `is_reflecting` has what may be the case for ``*`` in a list of requested names: whether these
    are reflected, or ``*`` is sent. If `is_strict` is true, a preflight is denied as a whole.
    `matchable` are the entries of test_origins.py that can be exported.
    """

    target: Target
    read: Callable[[Export], Grants]
    validate: Callable[[Export], None]
    is_reflecting: Sequence[bool]
    is_strict: bool
    matchable: frozenset[str]

    def __repr__(self) -> str:
        return self.target.name


def matcher_of(entry: str) -> str:
    """Return the regular expression of an origin: the ``*`` matches any characters.

    For Gateway API, it "will include any number of period characters". For CloudFront, it is the
    widest reading of the documentation.
    """
    return re.escape(entry).replace(r"\*", ".*")


def without_refused(arguments: Mapping[str, Any], target: Target) -> CorsPolicy:
    """Return a policy without what a target cannot have, which has a code each."""
    given = {name: value for name, value in arguments.items() if name != "accept_risks"}
    while True:
        policy = build(dict(given)).policy
        problems = export_policy(policy, target).problems
        if not problems:
            return policy
        before = dict(given)
        for each in problems:
            name = each.subject.partition("[")[0]
            if name in _INSTEAD:
                given[name] = _INSTEAD[name]
            else:
                given[name] = [value for value in given.get(name, ()) if value != each.value]
        given["allow_origins"] = given["allow_origins"] or [ANY]
        if ANY in given["allow_origins"]:
            given["allow_credentials"] = False
        assert given != before, problems


def _only(export: Export) -> str:
    (text,) = export.files.values()
    return text


# Gateway API

_METHODS: Final = "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH *".split()
_NAMES: Final = {
    "type": "array",
    "maxItems": 64,
    "uniqueItems": True,
    "items": {
        "type": "string",
        "minLength": 1,
        "maxLength": 256,
        "pattern": r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$",
    },
}
_FILTER: Final = {
    "type": "object",
    "required": ["type"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["CORS"]},
        "cors": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "allowOrigins": {
                    "type": "array",
                    "maxItems": 64,
                    "uniqueItems": True,
                    "items": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 253,
                        "pattern": (
                            r"(^\*$)|(^(http(s)?):\/\/"
                            r"(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)"
                        ),
                    },
                },
                "allowCredentials": {"type": "boolean"},
                "allowMethods": {
                    "type": "array",
                    "maxItems": 9,
                    "uniqueItems": True,
                    "items": {"type": "string", "enum": _METHODS},
                },
                "allowHeaders": _NAMES,
                "exposeHeaders": _NAMES,
                "maxAge": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
            },
        },
    },
}
"""The facts about one filter of a rule."""


def _read_filter(export: Export) -> dict[str, Any]:
    (found,) = yaml.safe_load(_only(export))
    filter_: dict[str, Any] = found
    return filter_


def _validate_gateway_api(export: Export) -> None:
    filter_ = _read_filter(export)
    Draft202012Validator(_FILTER).validate(filter_)
    cors = filter_["cors"]
    # The rule in CEL for each of these lists: "cannot contain '*' alongside other ..."
    for field in ("allowOrigins", "allowMethods", "allowHeaders"):
        assert not (ANY in cors.get(field, ()) and len(cors[field]) > 1)
    # With credentials, * would reflect every origin.
    assert not (ANY in cors["allowOrigins"] and cors.get("allowCredentials"))


def _read_gateway_api(export: Export) -> Grants:
    cors = _read_filter(export)["cors"]
    return Grants(
        cors["allowOrigins"],
        cors.get("allowCredentials", False),
        cors["allowMethods"],
        cors.get("allowHeaders", []),
        cors.get("exposeHeaders", []),
        cors.get("maxAge", 5),
    )


# AWS


@cache
def _model(service: str) -> Any:
    return ServiceModel(Loader().load_service_model(service, "service-2"))


def _validate_model(export: Export, service: str, operation: str, member: str) -> Any:
    """Validate a file as the value of a parameter, and return it."""
    value = json.loads(_only(export))
    shape = _model(service).operation_model(operation).input_shape.members[member]
    report = ParamValidator().validate(value, shape)
    assert not report.has_errors(), report.generate_report()
    _validate_limits(value, shape)
    return value


def _validate_limits(value: Any, shape: Any) -> None:
    # ParamValidator reads neither of these.
    if shape.type_name == "structure":
        for name, each in value.items():
            _validate_limits(each, shape.members[name])
    elif shape.type_name == "list":
        for each in value:
            _validate_limits(each, shape.member)
    elif shape.type_name == "integer":
        assert value <= shape.metadata.get("max", value)
    else:
        assert not getattr(shape, "enum", ()) or value in shape.enum


def _validate_apigateway(export: Export) -> None:
    value = _validate_model(export, "apigatewayv2", "UpdateApi", "CorsConfiguration")
    assert value["AllowOrigins"]
    # "allow-credentials is not supported if 'allow-origin' is *"
    assert not (value["AllowCredentials"] and ANY in value["AllowOrigins"])
    assert all(1 <= len(each) <= 64 for each in value["AllowMethods"])
    assert all(ANY not in each or each == ANY for each in value["AllowOrigins"])


def _read_apigateway(export: Export) -> Grants:
    value = json.loads(_only(export))
    return Grants(
        value["AllowOrigins"],
        value["AllowCredentials"],
        value["AllowMethods"],
        value["AllowHeaders"],
        value["ExposeHeaders"],
        value.get("MaxAge"),
    )


def _validate_s3(export: Export) -> None:
    value = _validate_model(export, "s3", "PutBucketCors", "CORSConfiguration")
    (rule,) = value["CORSRules"]
    assert rule["AllowedOrigins"]
    assert len(rule["ID"]) <= 255
    assert {"GET", "PUT", "POST", "DELETE", "HEAD"}.issuperset(rule["AllowedMethods"])
    for each in (*rule["AllowedOrigins"], *rule.get("AllowedHeaders", ())):
        assert each.count(ANY) <= 1
    # "We currently do not support wildcard for ExposeHeader."
    assert not any(ANY in each for each in rule.get("ExposeHeaders", ()))


def _read_s3(export: Export) -> Grants:
    (rule,) = json.loads(_only(export))["CORSRules"]
    return Grants(
        rule["AllowedOrigins"],
        # No field is for credentials: responses to all but * allow them.
        ANY not in rule["AllowedOrigins"],
        rule["AllowedMethods"],
        rule.get("AllowedHeaders", []),
        rule.get("ExposeHeaders", []),
        rule.get("MaxAgeSeconds"),
    )


def _validate_cloudfront(export: Export) -> None:
    value = _validate_model(
        export, "cloudfront", "CreateResponseHeadersPolicy", "ResponseHeadersPolicyConfig"
    )
    assert len(value["Comment"]) <= 128
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,128}", value["Name"])
    cors = value["CorsConfig"]
    for each in (*cors.values(), value["RemoveHeadersConfig"]):
        if isinstance(each, dict):
            assert each["Quantity"] == len(each["Items"]) >= 1
    for each in cors["AccessControlAllowOrigins"]["Items"]:
        assert each.count(ANY) <= 1
    if cors["AccessControlAllowCredentials"]:
        # "The parameter ... cannot contain * when allowCredentials is true."
        lists = (each["Items"] for each in cors.values() if isinstance(each, dict))
        assert not any(ANY in items for items in lists)
    assert cors["OriginOverride"] is True


def _read_cloudfront(export: Export) -> Grants:
    cors = json.loads(_only(export))["CorsConfig"]

    def items(name: str) -> list[str]:
        found: list[str] = cors.get(f"AccessControl{name}", {"Items": []})["Items"]
        return found

    return Grants(
        items("AllowOrigins"),
        cors["AccessControlAllowCredentials"],
        items("AllowMethods"),
        items("AllowHeaders"),
        items("ExposeHeaders"),
        cors.get("AccessControlMaxAgeSec"),
    )


_EXACT: Final = frozenset(
    {
        "https://app.example.com",
        "https://app.example.com:8443",
        "https://xn--bcher-kva.example",
        "http://127.0.0.1:8000",
    }
)
_SUBDOMAINS: Final = frozenset({"https://*.example.com", "https://*.example.com:8443"})
_ODD_HOSTS: Final = frozenset({"https://example.com.", "https://a_b.example.com", "http://[::1]"})
_ODD_SUBDOMAINS: Final = frozenset({"https://*.example.com.", "https://*.example_1.com"})
_ANY_PORT: Final = frozenset({"http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"})

SERVICES: Final = (
    Service(
        TARGETS["gateway-api"],
        _read_gateway_api,
        _validate_gateway_api,
        is_reflecting=(False, True),
        is_strict=False,
        matchable=_EXACT | _SUBDOMAINS,
    ),
    Service(
        TARGETS["aws-apigateway"],
        _read_apigateway,
        _validate_apigateway,
        is_reflecting=(False, True),
        is_strict=False,
        matchable=_EXACT | _ODD_HOSTS,
    ),
    Service(
        TARGETS["aws-s3"],
        _read_s3,
        _validate_s3,
        is_reflecting=(True,),
        is_strict=True,
        matchable=_EXACT | _ODD_HOSTS | _SUBDOMAINS | _ODD_SUBDOMAINS | _ANY_PORT,
    ),
    Service(
        TARGETS["aws-cloudfront"],
        _read_cloudfront,
        _validate_cloudfront,
        is_reflecting=(False, True),
        is_strict=False,
        matchable=_EXACT | _ODD_HOSTS | _SUBDOMAINS | _ODD_SUBDOMAINS | _ANY_PORT,
    ),
)
