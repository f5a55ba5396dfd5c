"""`CORS` compared with flask-cors: the same options, and each intended difference."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import flask_cors
import pytest
from flask.testing import FlaskClient

import corekit_flask
from corekit import PolicyError, PolicyWarning
from corekit_flask.compat import CORS, cross_origin
from tests.flask.shop import ALLOW_ORIGIN, APP, UNTRUSTED, client_of, make_app, may_read, reads


def may_send(client: FlaskClient, origin: str, method: str, header: str) -> bool:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": header,
    }
    response = client.options("/", headers=asked)
    reported = response.headers
    methods = reported.get("Access-Control-Allow-Methods", "").split(", ")
    headers = reported.get("Access-Control-Allow-Headers", "").lower().split(", ")
    return (
        response.status_code == 200
        and reported.get(ALLOW_ORIGIN) in ("*", origin)
        and (method in methods or method in ("GET", "HEAD", "POST"))
        and (header in headers or "*" in headers)
    )


SETTINGS: dict[str, dict[str, Any]] = {
    "the defaults": {},
    "one origin as a string": {"origins": APP},
    "a list of origins": {"origins": [APP, "https://other.example"]},
    "any origin": {"origins": "*"},
    "any origin in a list": {"origins": ["*"]},
    "any origin as a regex": {"origins": ".*"},
    "a regex": {"origins": r"https://.*\.example\.com\Z"},
    "a compiled regex": {"origins": re.compile(r"https://.*\.example\.com\Z")},
    "a regex and an origin": {"origins": [UNTRUSTED, r"^https://app\.example\.com$"]},
    "an IPv6 address": {"origins": ["http://[::1]:3000"]},
    "credentials": {"origins": APP, "supports_credentials": True},
    "methods": {"origins": APP, "methods": ["GET", "PUT"]},
    "one method as a string": {"origins": APP, "methods": "PUT"},
    "methods in one string": {"origins": APP, "methods": "GET, PUT"},
    "methods in lower case": {"origins": APP, "methods": ["put"]},
    "headers": {"origins": APP, "allow_headers": ["X-Token"]},
    "one header as a string": {"origins": APP, "allow_headers": "X-Token"},
    "what is done anyway": {
        "origins": APP,
        "vary_header": True,
        "always_send": True,
        "intercept_exceptions": True,
        "automatic_options": True,
    },
    "the wildcard": {"origins": "*", "send_wildcard": True},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_same_options_allow_the_same_pages(settings: dict[str, Any]) -> None:
    ours, theirs = make_app(), make_app()
    CORS(ours, **settings)
    flask_cors.CORS(theirs, **settings)
    mine, peers = client_of(ours), client_of(theirs)
    if settings.get("origins") == ["http://[::1]:3000"]:
        # flask-cors takes the brackets for a regex, which matches nothing.
        assert may_read(mine, "http://[::1]:3000")
        assert not may_read(peers, "http://[::1]:3000")

    for origin in (APP, UNTRUSTED, "https://www.example.com", "https://app.example.com.evil.test"):
        assert may_read(mine, origin) == may_read(peers, origin)
        for method in ("PUT", "DELETE"):
            for header in ("x-token", "authorization"):
                sent = may_send(mine, origin, method, header)
                assert sent == may_send(peers, origin, method, header)


@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        ({"origins": APP, "max_age": 600}, "Access-Control-Max-Age", "600"),
        ({"origins": APP, "max_age": "600"}, "Access-Control-Max-Age", "600"),
        ({"origins": APP, "max_age": timedelta(minutes=10)}, "Access-Control-Max-Age", "600"),
        ({"origins": APP, "max_age": 0}, "Access-Control-Max-Age", "0"),
        (
            {"origins": APP, "supports_credentials": True},
            "Access-Control-Allow-Credentials",
            "true",
        ),
    ],
)
def test_preflight_response(settings: dict[str, Any], name: str, value: str) -> None:
    app = make_app()
    CORS(app, **settings)
    asked = {"Origin": APP, "Access-Control-Request-Method": "PUT"}

    assert client_of(app).options("/", headers=asked).headers[name] == value


@pytest.mark.parametrize("exposed", ["X-Request-Id", ["X-Request-Id"], "X-Request-Id, ETag"])
def test_exposed_headers_may_be_a_string_or_a_list(exposed: Any) -> None:
    app = make_app()
    CORS(app, origins=APP, expose_headers=exposed)

    reported = (
        client_of(app).get("/", headers={"Origin": APP}).headers["Access-Control-Expose-Headers"]
    )

    assert reported.split(", ")[0] == "x-request-id"


def test_any_header_allows_authorization_unlike_a_wildcard() -> None:
    app = make_app()
    CORS(app, origins=APP)
    asked = {"Origin": APP, "Access-Control-Request-Method": "GET"}

    reported = client_of(app).options("/", headers=asked).headers
    assert reported["Access-Control-Allow-Headers"] == "*, authorization"


def test_private_network_is_allowed_if_enabled() -> None:
    app = make_app()
    CORS(app, origins=APP, allow_private_network=True)
    asked = {
        "Origin": APP,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Private-Network": "true",
    }

    reported = client_of(app).options("/", headers=asked).headers
    assert reported["Access-Control-Allow-Private-Network"] == "true"


def test_keyword_arguments_override_the_configuration() -> None:
    app = make_app(CORS_ORIGINS=[APP], CORS_METHODS=["PUT"], CORS_MAX_AGE=600)
    CORS(app, max_age=60)
    asked = {"Origin": APP, "Access-Control-Request-Method": "PUT"}

    reported = client_of(app).options("/", headers=asked).headers

    assert reported[ALLOW_ORIGIN] == APP
    assert "DELETE" not in reported["Access-Control-Allow-Methods"]
    assert reported["Access-Control-Max-Age"] == "60"


def test_options_of_init_app_take_precedence() -> None:
    app = make_app()
    CORS(origins=UNTRUSTED).init_app(app, origins=APP)

    assert reads(client_of(app)) == APP


@pytest.mark.parametrize("key", sorted(corekit_flask.compat._APP_OPTIONS - {"accept_risks"}))
def test_key_without_a_value_is_unset(key: str) -> None:
    reported = []
    for extension in (CORS, flask_cors.CORS):
        app = make_app(**{f"CORS_{key.upper()}": None, "CORS_HEADERS": None})
        extension(app)
        reported.append(client_of(app).get("/", headers={"Origin": APP}).status_code)
        assert may_read(client_of(app), APP)
    assert reported == [200, 200]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: CORS(origin=APP),
            r"^origin: CORS\(\) has no such option\. Did you mean origins\?",
        ),
        (lambda: CORS().init_app(make_app(), headers="x"), r"Did you mean allow_headers\?"),
        (lambda: CORS(qqq=1), "The options are accept_risks, allow_headers"),
        (lambda: cross_origin(orgins=APP), r"cross_origin\(\) has no .*Did you mean origins\?"),
        (lambda: cross_origin(resources="/"), r"^resources: cross_origin\(\) has no such option"),
        (
            lambda: CORS(make_app(), resources={"/api/*": {"origin": APP}}),
            r"^origin: the resource '/api/\*' has no such option. Did you mean origins\?",
        ),
        (
            lambda: CORS(make_app(CORS_ORIGIN=APP)),
            r"^CORS_ORIGIN: app.config has no such option. Did you mean CORS_ORIGINS\?",
        ),
        (lambda: CORS(make_app(), resources=7), "resources: 7: {} is not a path"),
        (lambda: CORS(make_app(), resources=b"/"), "resources: b'/': {} is not a path"),
        (lambda: CORS(make_app(), resources=["/", 7]), "resources: 7: {} is not a path"),
        (lambda: CORS(make_app(), resources={"/": "x"}), "resources: '/': 'x' is not a path"),
    ],
)
def test_unknown_option_is_an_error(make: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


def test_mistakes_are_reported_at_once() -> None:
    with pytest.raises(TypeError) as unknown:
        CORS(
            make_app(), resources={"/a": {"orgins": APP, "headers": "x"}, "/b": {"methdos": "PUT"}}
        )
    assert [line.partition(":")[0] for line in str(unknown.value).splitlines()] == [
        "headers",
        "methdos",
        "orgins",
    ]
    with pytest.raises(TypeError) as keys:
        CORS(make_app(CORS_ORIGIN=APP, CORS_METHOD="PUT"))
    assert len(str(keys.value).splitlines()) == 2
    with pytest.raises(ValueError, match=r"^vary_header=.*\nalways_send=False is not"):
        CORS(make_app(), vary_header=False, always_send=False)
    with pytest.raises(PolicyError) as caught:
        CORS(make_app(), resources={"/a": {"origins": "x"}, "b": {}, "/(": {}}, origins=APP)
    assert [problem.subject for problem in caught.value.problems] == [
        "resources['/a']['origins']",
        "resources",
        "resources",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vary_header": False}, "vary_header=False is not supported: caches would"),
        ({"always_send": False}, "always_send=False is not supported"),
        ({"intercept_exceptions": False}, "intercept_exceptions=False is not supported"),
        ({"send_wildcard": "yes"}, "send_wildcard='yes' is not supported: it is a flag"),
        (
            {"resources": {"/api/*": {"always_send": False}}},
            r"^resources\['/api/\*'\]\['always_send'\]=False is not supported",
        ),
        ({"resources": "api/*"}, r"'api/\*': A path begins with a slash. Did you mean '/api/\*'"),
        ({"resources": "/api/("}, r"'/api/\(': .* does not compile: .*invalid-regex"),
        ({"resources": "/api/*/" + "x" * 10_000}, r"has 10007 characters.*\[invalid-regex"),
        ({"resources": "/api/" + "x" * 2_048}, r"has 2053 characters.*\[malformed-path"),
    ],
)
def test_unsupported_value_is_an_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CORS(make_app(), **options)


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ({"supports_credentials": True}, {"any-origin-with-credentials"}),
        ({"origins": [".*"], "supports_credentials": True}, {"any-origin-with-credentials"}),
        ({"origins": r"https?://.*", "supports_credentials": True}, None),
        ({"origins": [f"{APP}/"]}, {"non-canonical-origin"}),
        ({"origins": ["https://example.*"]}, {"malformed-origin"}),
        ({"origins": ["http://[::1]:3000/"]}, {"non-canonical-origin"}),
        ({"origins": ["null"]}, {"opaque-origin"}),
        ({"origins": [7]}, {"wrong-type"}),
        ({"origins": 7}, {"wrong-type"}),
        ({"origins": {APP: {}}}, {"string-not-collection"}),
        ({"origins": r"https://(.*\.example.com"}, {"invalid-regex"}),
        ({"origins": APP, "methods": 7}, {"wrong-type"}),
        ({"origins": APP, "methods": [7]}, {"wrong-type"}),
        ({"origins": APP, "allow_headers": b"x"}, {"string-not-collection"}),
        ({"origins": APP, "allow_headers": r"x-.*"}, {"invalid-header"}),
        ({"origins": APP, "supports_credentials": "false"}, {"wrong-type"}),
        ({"origins": APP, "max_age": "1.5"}, {"wrong-type"}),
        ({"origins": APP, "max_age": -1}, {"max-age"}),
    ],
)
def test_invalid_policy_fails_at_start(options: dict[str, Any], codes: set[str] | None) -> None:
    with pytest.raises(PolicyError) as caught:
        CORS(make_app(), **options)

    assert codes is None or {problem.code for problem in caught.value.problems} == codes


def test_problems_name_the_options_of_flask_cors() -> None:
    with pytest.raises(PolicyError) as caught:
        CORS(
            make_app(),
            origins=[APP, r"^https://.+example.com$", "https://Bad.example/"],
            supports_credentials=True,
            methods="put, a b",
        )

    assert [(problem.subject, problem.code) for problem in caught.value.problems] == [
        ("origins[2]", "non-canonical-origin"),
        ("origins[1]", "any-origin-with-credentials"),
        ("methods[1]", "invalid-method"),
    ]


def test_risk_can_be_accepted_by_name() -> None:
    app = make_app()
    CORS(app, origins=["null"], accept_risks=["opaque-origin"])

    assert reads(client_of(app), origin="null") == "null"


def test_origin_patterns_are_supported() -> None:
    app = make_app()
    CORS(app, origins=["https://*.example.com", "http://localhost:*"])
    client = client_of(app)

    assert reads(client) == APP
    assert reads(client, origin="http://localhost:3000") == "http://localhost:3000"
    assert reads(client, origin="https://app.example.com.evil.test") is None


def test_denied_preflight_is_403_without_headers() -> None:
    app = make_app()
    CORS(app, origins=APP)
    asked = {"Origin": UNTRUSTED, "Access-Control-Request-Method": "PUT"}

    response = client_of(app).options("/", headers=asked)

    assert response.status_code == 403
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_vary_is_sent_without_an_origin_too() -> None:
    app = make_app()
    CORS(app, origins=APP)

    response = client_of(app).get("/")

    assert response.headers["Vary"] == "Origin"
    assert ALLOW_ORIGIN not in response.headers


@pytest.mark.parametrize("path", ["/fail", "/missing"])
def test_error_responses_have_the_headers(path: str) -> None:
    app = make_app()
    CORS(app, origins=APP)

    assert reads(client_of(app), path) == APP


def test_every_flask_cors_option_is_known() -> None:
    from flask_cors import core

    theirs = {key.removeprefix("CORS_").lower() for key in core.CONFIG_OPTIONS}

    assert theirs <= corekit_flask.compat._APP_OPTIONS


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("CORS_OPTIONS", "If it was meant for CORS, pass the option to CORS"),
        ("CORS_ENABLED", "If it was meant for CORS, pass the option to CORS"),
        ("CORS_HEADERS", "Remove it: every request header is allowed by default"),
    ],
)
def test_key_of_the_application_is_a_warning(key: str, hint: str) -> None:
    with pytest.warns(UserWarning, match=rf"^{key}: .*{hint}") as caught:
        CORS(make_app(**{key: True}), origins=APP)
    assert caught[0].filename == __file__


def test_header_that_scripts_cannot_set_is_left_out() -> None:
    app = make_app()
    with pytest.warns(PolicyWarning, match=r"allow_headers\[1\] = 'Origin'") as seen:
        CORS(app, origins=APP, allow_headers=["X-Token", "Origin", "cookie"])
    assert seen[0].filename == __file__
    response = client_of(app).options(
        "/api/items", headers={"Origin": APP, "Access-Control-Request-Method": "PUT"}
    )
    assert response.headers["Access-Control-Allow-Headers"] == "x-token"
