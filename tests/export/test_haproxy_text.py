"""What an export for HAProxy is: a section for frontends, or a file that can be run."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit.export import TARGETS, Export, export_policy
from corekit.export.haproxy import MOST_CHARACTERS, MOST_INLINE
from tests.conformance.case import APP, UNTRUSTED, Case, actual, granted, preflight
from tests.export.haproxy import HAPROXY as PROXY
from tests.export.haproxy import command as command_of
from tests.export.haproxy import origin_regexes, rules
from tests.export.proxies import require, running, write_configuration
from tests.export.test_generated import ask_all
from tests.frameworks.client import Client
from tests.properties.strategies import Preflight

HAPROXY: Final = TARGETS["haproxy"]
UPSTREAM: Final = "http://127.0.0.1:9"

ALL: Final[dict[str, Any]] = {
    "allow_origins": [APP, "https://*.preview.example.com", "http://localhost:*"],
    "allow_credentials": True,
    "allow_methods": ["PUT", "DELETE"],
    "allow_headers": ["content-type"],
    "expose_headers": ["x-total"],
    "max_age": 600,
}

TEXT: Final = r"""# CORS policy {fingerprint} for HAProxy 2.6 or newer, written by:
#     corekit export haproxy cors.toml
# Level: exact.
# - Patterns also match origins that no browser sends: with a port above 65535 or the default port,
#   with a host of more than 254 characters, or with an IPv6 address in another spelling.

# Load this file before the frontends that the policy covers: frontend NAME from cors

defaults cors
    mode http

    # The origin, if it is allowed.
    acl cors_listed req.fhdr(origin) -m str https://app.example.com
    acl cors_listed req.fhdr(origin) -m reg '^https://([a-z0-9_-]{1,63}\.)+preview\.example\.com$'
    acl cors_listed req.fhdr(origin) -m reg '^http://localhost(:[1-9][0-9]{0,4})?$'
    http-request set-var(txn.cors_origin) req.fhdr(origin) if { req.fhdr_cnt(origin) 1 } cors_listed
    acl cors_allowed var(txn.cors_origin) -m found

    # Preflights do not reach the application.
    http-request set-var(txn.cors_preflight) bool(true) if METH_OPTIONS { req.fhdr(origin) -m found } { req.fhdr(access-control-request-method) -m found }
    acl cors_preflight var(txn.cors_preflight) -m found
    http-request return status 204 if cors_allowed cors_preflight
    http-request return status 403 content-type "text/plain; charset=utf-8" string "CORS: the origin is not allowed.\n" if cors_preflight

    # The headers of the application are replaced by those of the policy.
    http-after-response del-header access-control- -m beg
    http-after-response set-header Access-Control-Allow-Origin %[var(txn.cors_origin)] if cors_allowed
    http-after-response set-header Access-Control-Allow-Credentials true if cors_allowed
    http-after-response set-header Access-Control-Expose-Headers x-total if cors_allowed !cors_preflight
    http-after-response set-header Access-Control-Allow-Methods 'GET, HEAD, POST, PUT, DELETE' if cors_allowed cors_preflight
    http-after-response set-header Access-Control-Allow-Headers content-type if cors_allowed cors_preflight
    http-after-response set-header Access-Control-Max-Age 600 if cors_allowed cors_preflight
    http-after-response add-header Vary Origin unless { res.hdr(vary) -m str -i origin * }
"""  # noqa: E501


def export(
    command: str = "corekit export haproxy cors.toml", standalone: str | None = None, **changes: Any
) -> Export:
    policy = CorsPolicy(**{**ALL, **changes})
    return export_policy(policy, HAPROXY, command=command, standalone=standalone)


def section(**changes: Any) -> str:
    return export(**changes).files["cors.cfg"]


def sent(text: str) -> dict[str, list[str]]:
    """Return the words after each header that is set, by its name."""
    found = rules(text, "http-after-response")
    return {rule[1]: rule[2:] for rule in found if rule[0] in ("set-header", "add-header")}


def test_section_is_what_a_person_would_write() -> None:
    assert export().files == {
        "cors.cfg": TEXT.replace("{fingerprint}", CorsPolicy(**ALL).fingerprint)
    }


def test_any_origin_needs_no_variable_for_it() -> None:
    text = section(allow_origins=["*"], allow_credentials=False)
    assert "txn.cors_origin" not in text
    assert "403" not in text
    assert sent(text)["Access-Control-Allow-Origin"] == ["*"]
    assert sent(text)["Access-Control-Max-Age"] == ["600", "if", "cors_preflight"]
    assert "Vary" not in sent(text)


def test_policy_that_allows_nothing_has_no_grants() -> None:
    text = export_policy(CorsPolicy.deny_all(), HAPROXY).text
    assert "cors_allowed" not in text
    assert [*sent(text)] == ["Vary"]
    assert [rule[:2] for rule in rules(text, "http-request", "return")] == [["status", "403"]]


def test_only_what_the_policy_needs_is_written() -> None:
    text = section(expose_headers=[], max_age=None, allow_headers=[], allow_credentials=False)
    assert [*sent(text)] == ["Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Vary"]


@pytest.mark.parametrize(("headers", "separator"), [(["x-a", "*"], ", "), (["*"], "")])
def test_requested_names_are_named_with_credentials(headers: list[str], separator: str) -> None:
    exported = export(allow_methods=["X%1", "*"], allow_headers=headers)
    text = exported.files["cors.cfg"]
    assert len(exported.differences) == 2
    method, names = "req.fhdr(access-control-request-method)", "access-control-request-headers"
    token = "[!#$%&'*+.^_`|~0-9A-Za-z-]"
    assert [*rules(text, "acl", "cors_no_method", method, "-m", "reg")] == [
        [r"^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|X%1|\*)$"],
        ["-i", "^(CONNECT|TRACE|TRACK)$"],
    ]
    assert [*rules(text, "acl", "cors_method", method)] == [["-m", "reg", f"^{token}{{1,64}}$"]]
    assert [*rules(text, "acl", "cors_no_headers")] == [
        [f"req.hdr({names})", "-m", "str", "*"],
        [f"req.fhdr({names})", "-m", "len", "4097:"],
    ]
    assert [*rules(text, "acl", "cors_headers", f"req.fhdr({names})")] == [
        ["-m", "reg", f"^{token}+(, ?{token}+)*$"]
    ]
    assert [rule[:2] for rule in rules(text, "http-request") if "-fmt" in rule[0]] == [
        ["set-var-fmt(txn.cors_method)", f", %[{method}]"],
        ["set-var-fmt(txn.cors_headers)", f"{separator}%[req.fhdr({names}),lower]"],
    ]
    assert sent(text)["Access-Control-Allow-Methods"][0] == (
        "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, X%%1%[var(txn.cors_method)]"
    )
    listed = ", ".join(headers[:-1])
    conditions = [] if listed else ["{", "var(txn.cors_headers)", "-m", "found", "}"]
    assert sent(text)["Access-Control-Allow-Headers"] == [
        *(f"{listed}%[var(txn.cors_headers)]", "if", "cors_allowed", "cors_preflight", *conditions)
    ]


@pytest.mark.parametrize(
    ("origins", "vary"),
    [
        ([APP], "Origin, Access-Control-Request-Private-Network"),
        (["*"], "Access-Control-Request-Private-Network"),
    ],
)
def test_vary_names_what_a_preflight_depends_on(origins: list[str], vary: str) -> None:
    text = section(allow_origins=origins, allow_credentials=False, allow_private_network=True)
    first = next(rules(text, "http-after-response", "add-header", "Vary"))
    assert (first[0], first[-1]) == (vary, "cors_preflight")


@pytest.mark.parametrize(
    ("upstream", "server"),
    [
        ("http://app", "app:80"),
        ("http://[::1]:8000", "[::1]:8000"),
        (
            "https://app.internal",
            "app.internal:443 ssl verify required ca-file @system-ca sni str(app.internal)",
        ),
        (
            "https://[::1]:8443",
            "[::1]:8443 ssl verify required ca-file @system-ca sni str(::1)",
        ),
    ],
)
def test_upstream_is_a_server(upstream: str, server: str) -> None:
    text = export(standalone=upstream).files["haproxy.cfg"]
    assert text.endswith(f"\nbackend application\n    server application {server}\n")


@pytest.mark.parametrize("upstream", ["http://[::1]:8000", "http://localhost"])
def test_standalone_is_valid(upstream: str, tmp_path: Path) -> None:
    (tmp_path / "haproxy.cfg").write_text(export(standalone=upstream).text)
    command = [*command_of(require(PROXY), tmp_path), "-c"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=20
    )
    assert (done.returncode, "warning" in done.stderr.lower()) == (0, False), done.stderr


ODD_NAME: Final = "x-!#$%&'+.^_`|~$home%b"


def test_odd_names_are_sent_as_they_are(tmp_path: Path) -> None:
    odd_origin = "myapp://a.b~c!$&'()+;="
    policy = CorsPolicy(
        allow_origins=[APP, odd_origin, "myapp://*"],
        allow_methods=["X$HOME", "-i", "%T"],
        allow_headers=[ODD_NAME],
        expose_headers=["if", "unless", ODD_NAME],
    )
    expected = granted(
        odd_origin,
        status=204,
        methods="GET, HEAD, POST, X$HOME, -i, %T",
        headers=ODD_NAME,
        ran=False,
    )
    with running(PROXY, write_configuration(PROXY, policy, UPSTREAM), tmp_path) as port:
        client = Client(port)
        seen = client.ask(Case("odd names", policy, preflight(odd_origin), expected))
        other = client.ask(Case("odd names", policy, actual(odd_origin), expected))
        client.close()
    headers = {name.lower(): value for name, value in seen.headers}
    assert headers.items() >= expected.headers.items()
    assert ("access-control-expose-headers", f"if, unless, {ODD_NAME}") in other.headers


# Not listed, but in one character like one that is.
OTHER_ORIGINS: Final = [
    *("https://app-0.example.co", "https://app-0.example.comx", "https://App-0.example.com"),
    *("http://app-0.example.com", "https://app-00.example.com", "https://app-.example.com"),
    *("app-0.example.com", "# Level: exact.", "defaults", UNTRUSTED, "null"),
]


def origins(number: int) -> list[str]:
    return [f"https://app-{each}.example.com" for each in range(number)]


def test_long_list_of_exact_origins_is_a_file() -> None:
    patterns = ["https://*.example.org", "http://localhost:*"]
    few = export(allow_origins=[*origins(MOST_INLINE), *patterns])
    assert [*few.files] == ["cors.cfg"]
    many = export(allow_origins=[patterns[0], *origins(MOST_INLINE + 1), patterns[1]])
    assert [*many.files] == ["cors.cfg", "cors_origins.lst"]
    assert next(rules(many.files["cors.cfg"], "acl", "cors_listed")) == [
        *("req.fhdr(origin)", "-m", "str", "-f", "cors_origins.lst")
    ]
    assert len(origin_regexes(many)) == MOST_INLINE + 3
    head, _, listed = many.files["cors_origins.lst"].partition("\n\n")
    assert listed.splitlines() == origins(MOST_INLINE + 1)
    assert head == many.files["cors.cfg"].partition("\n\n")[0]
    assert [*export(allow_origins=origins(30), standalone=UPSTREAM).files] == [
        *("haproxy.cfg", "cors_origins.lst")
    ]


def test_100_000_exact_origins(tmp_path: Path) -> None:
    listed = origins(100_000)
    exported = export(allow_origins=[*listed, "https://*.example.org"], standalone=UPSTREAM)
    (tmp_path / "cors_origins.lst").write_text(exported.files["cors_origins.lst"])
    asked = [*random.Random(0).sample(listed, 1000), listed[-1], "https://a.example.org"]
    with running(PROXY, exported.files["haproxy.cfg"], tmp_path) as port:
        requests = [Preflight(each, "PUT", None, None) for each in [*asked, *OTHER_ORIGINS]]
        seen = [*ask_all(port, requests)]
    assert [status for status, _ in seen] == [204] * len(asked) + [403] * len(OTHER_ORIGINS)
    found = [headers["access-control-allow-origin"] for _, headers in seen[: len(asked)]]
    assert found == [[each] for each in asked]


@pytest.mark.parametrize("argument", MOST_CHARACTERS)
def test_list_that_is_too_long_is_refused(argument: str) -> None:
    # Other names are sent, too.
    room = MOST_CHARACTERS[argument] - len("GET, HEAD, POST, ") * (argument == "allow_methods")
    longest: dict[str, Any] = {argument: ["x" * room]}
    longer: dict[str, Any] = {argument: ["x" * (room + 1)]}
    assert export(**longest).problems == ()
    refused = export(**longer)
    assert refused.files == {}
    assert [(each.code, each.subject) for each in refused.problems] == [("list-too-long", argument)]
