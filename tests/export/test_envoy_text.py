"""What an export for Envoy is: one file to copy from, or one that runs; nothing is unescaped."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit.export import TARGETS, Export, export_policy
from corekit.export.envoy import MOST_BYTES
from tests.conformance.case import APP, Case, granted, preflight
from tests.export.envoy import ENVOY as PROXY
from tests.export.envoy import command as command_of
from tests.export.proxies import require, running, write_configuration
from tests.export.test_nginx_errors import ask as ask_actual
from tests.frameworks.client import Client

ENVOY: Final = TARGETS["envoy"]

ALL: Final[dict[str, Any]] = {
    "allow_origins": [APP, "https://*.preview.example.com", "http://localhost:*"],
    "allow_credentials": True,
    "allow_methods": ["PUT", "DELETE"],
    "allow_headers": ["content-type"],
    "expose_headers": ["x-total"],
    "max_age": 600,
}
PUBLIC: Final[dict[str, Any]] = {"allow_origins": ["*"], "allow_credentials": False}

TEXT: Final = r"""# CORS policy {fingerprint} for Envoy 1.36 or newer, written by:
#     corekit export envoy cors.toml
# Level: exact.
# - Patterns also match origins that no browser sends: with a port above 65535 or the default port,
#   with a host of more than 254 characters, or with an IPv6 address in another spelling.

# The filter is for http_filters, before all others. The routes are for each virtual host, before
# all others.
# The layer of runtime is for the bootstrap: without it, routes read only short regular expressions.

layered_runtime:
  layers:
  - name: cors
    static_layer:
      re2.max_program_size.error_level: 4294967295

http_filters:
# The headers of the application are replaced by those of the policy.
- name: cors
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher
    extension_config:
      name: composite
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.filters.http.composite.v3.Composite
    xds_matcher:
      matcher_list:
        matchers:
        - predicate:
            single_predicate:
              input:
                name: origin
                typed_config:
                  "@type": type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput
                  header_name: origin
              value_match:
                safe_regex:
                  google_re2: {}
                  regex: &cors_origins "\
                    https://app\\.example\\.com|\
                    https://([a-z0-9_-]{1,63}\\.)+preview\\.example\\.com|\
                    http://localhost(:[1-9][0-9]{0,4})?"
          on_match:
            action:
              name: allowed
              typed_config:
                "@type": {http}.composite.v3.ExecuteFilterAction
                typed_config:
                  name: allowed
                  typed_config:
                    "@type": {http}.header_mutation.v3.HeaderMutation
                    mutations:
                      response_mutations:
                      - &cors_remove {remove_on_match: {key_matcher: {prefix: access-control-}}}
                      - {append: {header: {key: Access-Control-Allow-Origin, value: "{origin}"}}}
                      - {append: {header: {key: Access-Control-Allow-Credentials, value: "true"}}}
                      - {append: {header: {key: Access-Control-Expose-Headers, value: "x-total"}}}
                      - &cors_vary {append: {header: {key: Vary, value: "{vary}"}}}
      on_no_match:
        action:
          name: denied
          typed_config:
            "@type": {http}.composite.v3.ExecuteFilterAction
            typed_config:
              name: denied
              typed_config:
                "@type": {http}.header_mutation.v3.HeaderMutation
                mutations:
                  response_mutations:
                  - *cors_remove
                  - *cors_vary

routes:
# Preflights do not reach the application. If another filter refuses them, disable it here too.
- match:
    prefix: /
    headers:
    - {name: ":method", string_match: {exact: OPTIONS}}
    - {name: access-control-request-method, present_match: true}
    - {name: origin, string_match: {safe_regex: {regex: *cors_origins}}}
  direct_response: {status: 204}
  typed_per_filter_config:
    cors: {"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}
  response_headers_to_add:
  - header: {key: Access-Control-Allow-Origin, value: "%REQ(origin)%"}
  - header: {key: Access-Control-Allow-Credentials, value: "true"}
  - header: {key: Access-Control-Allow-Methods, value: "GET, HEAD, POST, PUT, DELETE"}
  - header: {key: Access-Control-Allow-Headers, value: "content-type"}
  - header: {key: Access-Control-Max-Age, value: "600"}
  - header: {key: Vary, value: "Origin"}
- match:
    prefix: /
    headers:
    - {name: ":method", string_match: {exact: OPTIONS}}
    - {name: access-control-request-method, present_match: true}
    - {name: origin, present_match: true}
  direct_response: {status: 403, body: {inline_string: "CORS: the origin is not allowed.\n"}}
  typed_per_filter_config:
    cors: {"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}
  response_headers_to_add:
  - header: {key: Vary, value: "Origin"}
"""

HTTP: Final = "type.googleapis.com/envoy.extensions.filters.http"
VARY: Final = r"""%CEL('vary' in response.headers && \
                        response.headers['vary'].matches('{regex}') ? '' : 'Origin')%""".replace(
    "{regex}", "(?i)(^|[[:space:],])(origin|[*])([[:space:],]|$)"
)


def export(
    command: str = "corekit export envoy cors.toml", standalone: str | None = None, **changes: Any
) -> Export:
    policy = CorsPolicy(**{**ALL, **changes})
    return export_policy(policy, ENVOY, command=command, standalone=standalone)


def values(text: str, name: str) -> list[str]:
    """Return the values of a header, without the folding of lines."""
    found = []
    for part in text.split(f"{{key: {name}, value: ")[1:]:
        lines = part.partition('"}')[0].split("\\\n")
        found.append("".join([lines[0], *(line.lstrip() for line in lines[1:])])[1:])
    return found


def test_text_is_what_a_person_would_write() -> None:
    expected = TEXT.replace("{fingerprint}", CorsPolicy(**ALL).fingerprint)
    expected = expected.replace("{http}", HTTP).replace("{vary}", VARY)
    expected = expected.replace("{origin}", "%REQ(origin)%")
    assert export().files == {"cors.yaml": expected}


def test_only_what_the_policy_needs_is_written() -> None:
    text = export(expose_headers=[], max_age=None, allow_headers=[]).text
    for each in ("Expose-Headers", "Max-Age", "Allow-Headers", "Private-Network"):
        assert each not in text
    public, nothing = export(**PUBLIC).text, export_policy(CorsPolicy.deny_all(), ENVOY).text
    for text in (public, nothing):
        assert text.count("direct_response: ") == 1
        for each in ("regex", "re2", "composite", "runtime", "*cors", "&cors", "Credentials"):
            assert each not in text
    assert "Vary" not in public
    assert "direct_response: {status: 403" in nothing
    assert "Access-Control-" not in nothing


METHOD: Final = "request.headers['access-control-request-method']"
HEADERS: Final = "request.headers['access-control-request-headers']"


@pytest.mark.parametrize(("headers", "listed"), [(["x-a", "*"], "x-a"), (["*"], "")])
def test_requested_names_are_named_with_credentials(headers: list[str], listed: str) -> None:
    exported = export(allow_methods=["X'%1", "*"], allow_headers=headers)
    assert len(exported.differences) == 2
    known = "'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'X\\\\'%1', '*'"
    is_new = (
        f"size({METHOD}) <= 64"
        rf" && {METHOD}.matches('^[!#$%&\\'*+.^_`|~0-9A-Za-z-]+$')"
        f" && !{METHOD}.matches('(?i)^(CONNECT|TRACE|TRACK)$')"
        f" && !({METHOD} in [{known}])"
    )
    requested = f"%CEL({is_new} ? ', ' : '')%%CEL({is_new} ? {METHOD} : '')%"
    assert values(exported.text, "Access-Control-Allow-Methods") == [
        f"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, X'%%1{requested}"
    ]
    name = r"[!#$%&\\'*+.^_`|~0-9a-z-]+"
    is_list = (
        f"size({HEADERS}) <= 4096 && {HEADERS}.matches('^{name}(, ?{name})*$')"
        f" && !{HEADERS}.matches('(^|[ ,])[*](,|$)')"
    )
    separator = f"%CEL({is_list} ? ', ' : '')%" if listed else ""
    assert values(exported.text, "Access-Control-Allow-Headers") == [
        f"{listed}{separator}%CEL({is_list} ? {HEADERS} : '')%"
    ]


@pytest.mark.parametrize(("changes", "first"), [({}, ["Origin"]), (PUBLIC, [])])
def test_preflights_vary_by_what_they_depend_on(changes: dict[str, Any], first: list[str]) -> None:
    text = export(**changes, allow_private_network=True).text
    vary = ", ".join([*first, "Access-Control-Request-Private-Network"])
    assert vary in values(text, "Vary")


STANDALONE: Final = {
    "http://127.0.0.1:8000": ("STATIC", "127.0.0.1", 8000),
    "http://[::1]": ("STATIC", "::1", 80),
    "http://app_1.internal:8000": ("STRICT_DNS", "app_1.internal", 8000),
    "https://app.internal": ("STRICT_DNS", "app.internal", 443),
    "https://192.0.2.1:8443": ("STATIC", "192.0.2.1", 8443),
}


@pytest.mark.parametrize("upstream", STANDALONE)
def test_standalone_is_valid(upstream: str, tmp_path: Path) -> None:
    kind, host, port = STANDALONE[upstream]
    text = export(standalone=upstream).files["envoy.yaml"]
    assert f"\n    type: {kind}\n" in text
    assert f'{{address: "{host}", port_value: {port}}}' in text
    assert (f'sni: "{host}"' in text) is upstream.startswith("https:")
    (tmp_path / "envoy.yaml").write_text(text)
    command = [*command_of(require(PROXY), tmp_path), "--mode", "validate"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr
    assert "eprecated" not in done.stderr


ODD_NAME: Final = "x-!#$%&'+.^_`|~%req%%cel%"


def ask(tmp_path: Path, method: str, headers: str | None = None, **changes: Any) -> dict[str, str]:
    """Return the headers of the response to a preflight, by names in lower case."""
    policy = CorsPolicy(**{"allow_origins": [APP], **changes})
    expected = granted(status=204, ran=False)
    with running(PROXY, write_configuration(PROXY, policy, "http://127.0.0.1:9"), tmp_path) as port:
        client = Client(port)
        seen = client.ask(Case("a preflight", policy, preflight(APP, method, headers), expected))
        client.close()
    assert seen.status == 204
    return {name.lower(): value for name, value in seen.headers}


def test_odd_names_are_sent_as_they_are(tmp_path: Path) -> None:
    origins = [APP, "myapp://a.b~c!$&'()+;=", "myapp://*"]
    methods = ["PUT", "X'%1", "%%"]
    found = ask(
        tmp_path,
        "PUT",
        allow_origins=origins,
        allow_methods=methods,
        allow_headers=[ODD_NAME],
        expose_headers=[ODD_NAME],
    )
    assert found["access-control-allow-methods"] == "GET, HEAD, POST, PUT, X'%1, %%"
    assert found["access-control-allow-headers"] == ODD_NAME


@pytest.mark.parametrize(
    ("method", "is_named"),
    [("X'%1", False), ("Y'%2%", True), ("%CEL", True), ("trAce", False), ("P\xe4", False)],
    ids=["listed", "odd", "command", "forbidden", "no-token"],
)
def test_odd_names_are_compared_as_they_are(method: str, is_named: bool, tmp_path: Path) -> None:
    found = ask(
        tmp_path,
        method,
        ODD_NAME,
        allow_credentials=True,
        allow_methods=["X'%1", "X%", "*"],
        allow_headers=["x-a%", "*"],
    )
    methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, X'%1, X%"
    named = f"{methods}, {method}" if is_named else methods
    assert found["access-control-allow-methods"] == named
    assert found["access-control-allow-headers"] == f"x-a%, {ODD_NAME}"


def test_exposed_headers_are_sent_as_they_are(tmp_path: Path) -> None:
    policy = CorsPolicy(allow_origins=[APP], expose_headers=[ODD_NAME])
    text = write_configuration(PROXY, policy, "http://127.0.0.1:9")
    with running(PROXY, text, tmp_path) as port:
        _, headers = ask_actual(port, "/200", APP)
    assert ("Access-Control-Expose-Headers", ODD_NAME) in headers


@pytest.mark.parametrize("argument", ["allow_methods", "allow_headers", "expose_headers"])
def test_list_is_as_long_as_envoy_reads_or_refused(argument: str, tmp_path: Path) -> None:
    room = MOST_BYTES - (len("GET, HEAD, POST, ") if argument == "allow_methods" else 0)
    changes: dict[str, Any] = {argument: ["X" * room]}
    policy = CorsPolicy(**{**ALL, **changes})
    with running(PROXY, write_configuration(PROXY, policy, "http://127.0.0.1:9"), tmp_path):
        pass
    for longer in ("X" * (room + 1), "X" * (room - 1) + "%"):
        changes = {argument: [longer]}
        refused = export(**changes)
        assert refused.files == {}
        assert [(each.code, each.subject) for each in refused.problems] == [
            ("list-too-long", argument)
        ]


def test_list_that_is_too_long_with_its_conditions_is_refused() -> None:
    assert export(allow_methods=["X" * (MOST_BYTES // 2), "*"]).problems
    assert export(allow_methods=["X" * (MOST_BYTES // 4), "*"]).problems == ()


LABEL: Final = "a" * 60
SIZES: Final = [
    pytest.param("https://*.{}.example.com", 650, id="patterns"),
    pytest.param(f"https://{LABEL}.{LABEL}.{{}}.example.com", 1900, id="exact"),
]
"""The form of an origin, and how many Envoy reads."""


def many(origin: str, count: int) -> list[str]:
    return [origin.format(f"shop-{number:04}") for number in range(count)]


@pytest.mark.parametrize(("origin", "most"), SIZES)
def test_many_origins_are_read(origin: str, most: int, tmp_path: Path) -> None:
    policy = CorsPolicy(**{**ALL, "allow_origins": many(origin, most)})
    with running(PROXY, write_configuration(PROXY, policy, "http://127.0.0.1:9"), tmp_path):
        pass


@pytest.mark.parametrize(("origin", "most"), SIZES)
def test_more_origins_than_envoy_reads_are_refused(origin: str, most: int) -> None:
    assert export(allow_origins=many(origin, most)).problems == ()
    refused = export(allow_origins=many(origin, most * 6 // 5))
    assert refused.files == {}
    assert [(each.code, each.subject) for each in refused.problems] == [
        ("too-many-origins", "allow_origins")
    ]
