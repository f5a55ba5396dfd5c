"""What an export for nginx is: two files, or one that can be run, without unescaped values."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit.export import TARGETS, Export, export_policy
from corekit.export.nginx import MOST_CHARACTERS
from tests.conformance.case import APP, Case, granted, preflight
from tests.export.nginx import NGINX as PROXY
from tests.export.nginx import command as command_of
from tests.export.nginx import rows
from tests.export.proxies import require, running, write_configuration
from tests.frameworks.client import Client

NGINX: Final = TARGETS["nginx"]

ALL: Final[dict[str, Any]] = {
    "allow_origins": [APP, "https://*.preview.example.com", "http://localhost:*"],
    "allow_credentials": True,
    "allow_methods": ["PUT", "DELETE"],
    "allow_headers": ["content-type"],
    "expose_headers": ["x-total"],
    "max_age": 600,
}

MAPS: Final = r"""# CORS policy {fingerprint} for nginx 1.23 or newer, written by:
#     corekit export nginx cors.toml
# Level: exact.
# - An empty Origin or Access-Control-Request-Method header is a missing one.
# - Patterns also match origins that no browser sends: with a port above 65535 or the default port,
#   with a host of more than 254 characters, or with an IPv6 address in another spelling.

# Include this file in http { }, and cors_location.conf in each location { }.

# The origin, if it is allowed.
map $http_origin $cors_origin {
    "~^https://app\.example\.com\z"                            $http_origin;
    "~^https://(?:[a-z0-9_-]{1,63}\.)+preview\.example\.com\z" $http_origin;
    "~^http://localhost(?::[1-9][0-9]{0,4})?\z"                $http_origin;
}

map $cors_origin $cors_verdict {
    ""      denied;
    default granted;
}

# Whether a preflight is granted or denied; empty for other requests.
map "$request_method $http_access_control_request_method $http_origin" $cors_preflight {
    "~^OPTIONS [^ ]+ ." $cors_verdict;
}

map $cors_origin $cors_credentials {
    ""      "";
    default true;
}

map "$cors_origin $cors_preflight" $cors_expose {
    "~^[^ ]+ \z" "x-total";
}

map $cors_preflight $cors_methods {
    granted "GET, HEAD, POST, PUT, DELETE";
}

map $cors_preflight $cors_headers {
    granted "content-type";
}

map $cors_preflight $cors_max_age {
    granted 600;
}

map $upstream_http_vary $cors_vary {
    "~*(?:^|[\s,])(?:origin|\*)\s*(?:,|\z)" "";
    default                                 Origin;
}
"""


def export(
    command: str = "corekit export nginx cors.toml", standalone: str | None = None, **changes: Any
) -> Export:
    policy = CorsPolicy(**{**ALL, **changes})
    return export_policy(policy, NGINX, command=command, standalone=standalone)


def test_maps_are_what_a_person_would_write() -> None:
    expected = MAPS.replace("{fingerprint}", CorsPolicy(**ALL).fingerprint)
    assert export().files["cors.conf"] == expected


def test_location_has_the_other_directives() -> None:
    text = export().files["cors_location.conf"]
    directives = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert directives[:2] == [
        "if ($cors_preflight = granted) { return 204; }",
        r'if ($cors_preflight = denied) { return 403 "CORS: the origin is not allowed.\n"; }',
    ]
    assert {line.split()[0] for line in directives[2:]} == {"proxy_hide_header", "add_header"}
    assert all(line.endswith(" always;") for line in directives if line.startswith("add_header"))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"allow_origins": ["*"], "allow_credentials": False}, {"expose", "headers", "max_age"}),
        (
            {"expose_headers": [], "max_age": None, "allow_headers": []},
            {"origin", "verdict", "credentials", "vary"},
        ),
    ],
)
def test_only_what_the_policy_needs_is_written(changes: dict[str, Any], names: set[str]) -> None:
    text = export(**changes).files["cors.conf"]
    found = {
        line.split()[-2].removeprefix("$cors_") for line in text.splitlines() if line[:4] == "map "
    }
    assert found == {*names, "preflight", "methods"}


REQUESTED_METHOD: Final = [
    (r"~^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|X\$1|\*)\z", ""),
    (r"~*^(?:CONNECT|TRACE|TRACK)\z", ""),
    (r"~^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}\z", ", $http_access_control_request_method"),
]


@pytest.mark.parametrize(("headers", "separator"), [(["x-a", "*"], ", "), (["*"], "")])
def test_requested_names_are_named_with_credentials(headers: list[str], separator: str) -> None:
    exported = export(allow_methods=["X$1", "*"], allow_headers=headers, allow_private_network=True)
    text = exported.files["cors.conf"]
    assert len(exported.differences) == 3
    assert 'geo $cors_dollar {\n    default "$";\n}\n' in text
    assert [*rows(text, "cors_methods")] == [
        (
            "granted",
            "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, X${cors_dollar}1$cors_requested_method",
        )
    ]
    assert [*rows(text, "cors_requested_method")] == REQUESTED_METHOD
    name = "[!#$%&'*+.^_`|~0-9a-z-]+"
    assert [*rows(text, "cors_requested_headers")] == [
        ("~.{4097}", ""),
        (r"~(?:^|[ ,])\*(?:,|\z)", ""),
        (rf"~^{name}(?:, ?{name})*+\z", f"{separator}$http_access_control_request_headers"),
    ]
    assert [*rows(text, "cors_private_network")] == [(r"~^granted true\z", "true")]
    fields = ("Origin", *("Access-Control-Request-" + each for each in ("Method", "Headers")))
    assert next(rows(text, "cors_vary")) == (
        "~^granted ",
        ", ".join((*fields, "Access-Control-Request-Private-Network")),
    )


def test_public_response_varies_only_by_the_private_network() -> None:
    public: dict[str, Any] = {"allow_origins": ["*"], "allow_credentials": False}
    text = export(**public, allow_private_network=True).files["cors.conf"]
    assert [*rows(text, "cors_vary")] == [("granted", "Access-Control-Request-Private-Network")]
    assert "cors_vary" not in export(**public).text


def test_order_of_origins_is_that_of_the_policy() -> None:
    keys = [key for key, _ in rows(export().files["cors.conf"], "cors_origin")]
    assert keys[0] == r"~^https://app\.example\.com\z"
    assert len(keys) == 3


@pytest.mark.parametrize("upstream", ["http://[::1]:8000", "https://app_1.internal"])
def test_standalone_is_valid(upstream: str, tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(export(standalone="http://127.0.0.1").text)
    command = [*command_of(require(PROXY), tmp_path), "-t"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr
    assert f"proxy_pass {upstream};" in export(standalone=upstream).text


ODD_NAME: Final = "x-!#$%&'+.^_`|~$host$"


def test_odd_names_are_sent_as_they_are(tmp_path: Path) -> None:
    policy = CorsPolicy(
        allow_origins=[APP, "myapp://a.b~c!$&'()+;=", "myapp://*"],
        allow_methods=["PUT", "X$1"],
        allow_headers=[ODD_NAME],
        expose_headers=[ODD_NAME],
    )
    expected = granted(status=204, methods="GET, HEAD, POST, PUT, X$1", headers=ODD_NAME, ran=False)
    with running(PROXY, write_configuration(PROXY, policy, "http://127.0.0.1:9"), tmp_path) as port:
        client = Client(port)
        seen = client.ask(Case("odd names", policy, preflight(), expected))
        client.close()
    headers = {name.lower(): value for name, value in seen.headers}
    assert headers.items() >= expected.headers.items()


def test_list_that_is_too_long_once_it_is_escaped_is_refused(tmp_path: Path) -> None:
    half = MOST_CHARACTERS // 2
    for character in ("$", "."):
        assert export(allow_methods=[character * half, "*"]).problems
    policy = CorsPolicy(**{**ALL, "allow_methods": ["." * (half - 100), "*"]})
    with running(PROXY, write_configuration(PROXY, policy, "http://127.0.0.1:9"), tmp_path):
        pass


@pytest.mark.parametrize("argument", ["allow_methods", "allow_headers", "expose_headers"])
def test_list_is_as_long_as_nginx_reads_or_refused(argument: str, tmp_path: Path) -> None:
    empty = export(allow_methods=[], allow_headers=[], expose_headers=[])
    assert empty.problems == ()
    room = MOST_CHARACTERS - (len("GET, HEAD, POST, ") if argument == "allow_methods" else 0)
    longest, longer = "X" * room, "X" * (room + 1)
    policy = CorsPolicy(**{**ALL, argument: [longest]})
    with running(PROXY, write_configuration(PROXY, policy, "http://127.0.0.1:9"), tmp_path):
        pass
    changes: dict[str, Any] = {argument: [longer]}
    refused = export(**changes)
    assert refused.files == {}
    assert [(each.code, each.subject) for each in refused.problems] == [("list-too-long", argument)]
