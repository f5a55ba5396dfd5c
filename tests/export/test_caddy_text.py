"""What an export for Caddy is: one file to import, or one that runs, without unescaped values."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit.export import TARGETS, Export, export_policy
from tests.conformance.case import APP, Case, Expected, Request, actual, granted, preflight
from tests.conformance.table import Observed
from tests.export.caddy import CADDY as PROXY
from tests.export.caddy import rows, tokens
from tests.export.proxies import require, running, serving, write_configuration
from tests.frameworks.client import Client

CADDY: Final = TARGETS["caddy"]

ALL: Final[dict[str, Any]] = {
    "allow_origins": [APP, "https://*.preview.example.com", "http://localhost:*"],
    "allow_credentials": True,
    "allow_methods": ["PUT", "DELETE"],
    "allow_headers": ["content-type"],
    "expose_headers": ["x-total"],
    "max_age": 600,
}
PUBLIC: Final[dict[str, Any]] = {**ALL, "allow_origins": ["*"], "allow_credentials": False}
ANY_NAME: Final[dict[str, Any]] = {
    **ALL,
    "allow_methods": ["X$1", "*"],
    "allow_headers": ["x-a", "*"],
    "allow_private_network": True,
}

TEXT: Final = r"""# CORS policy {fingerprint} for Caddy 2.6 or newer, written by:
#     corekit export caddy cors.toml
# Level: exact.
# - Patterns also match origins that no browser sends: with a port above 65535 or the default port,
#   with a host of more than 254 characters, or with an IPv6 address in another spelling.

# Import this file into each block that the policy covers: a site, handle or route.

route {
	# Whether the origin is allowed: the variable has it, so that the map is read once.
	map {header.Origin} {cors_verdict} {
		https://app.example.com allowed
		"~^https://([a-z0-9_-]{1,63}\.)+preview\.example\.com$" allowed
		"~^http://localhost(:[1-9][0-9]{0,4})?$" allowed
	}
	vars cors_verdict {cors_verdict}
	@cors_allowed vars cors_verdict allowed

	@cors_preflight {
		method OPTIONS
		header Origin *
		header Access-Control-Request-Method *
	}

	# Errors of Caddy itself have these headers too.
	header +Vary Origin
	header @cors_allowed {
		Access-Control-Allow-Origin {header.Origin}
		Access-Control-Allow-Credentials true
	}

	# Preflights do not reach the application.
	route @cors_preflight {
		route @cors_allowed {
			header {
				Access-Control-Allow-Methods "GET, HEAD, POST, PUT, DELETE"
				Access-Control-Allow-Headers content-type
				Access-Control-Max-Age 600
			}
			respond 204
		}
		respond "CORS: the origin is not allowed.
" 403
	}

	header @cors_allowed Access-Control-Expose-Headers x-total

	# The application's Vary is kept, and has Origin once, or an asterisk instead.
	map {http.response.header.Vary} {cors_vary} {
		"~(?i)^(.*,)?origin,((.*[\s,])?(origin|\*)([\s,].*)?)$" "${1}${2}"
		"~(?i)^(.*[\s,])?(origin|\*)([\s,].*)?$" "${0}"
		"~.+" "Origin, ${0}"
		default Origin
	}
	header {
		Vary {cors_vary}
		defer
	}

	# The headers of the application are replaced by those of the policy.
	header @cors_allowed {
		Access-Control-Allow-Origin {header.Origin}
		Access-Control-Allow-Credentials true
		Access-Control-Expose-Headers x-total
		defer
	}
	header -Access-Control-*
}
""".replace("{fingerprint}", CorsPolicy(**ALL).fingerprint)


def export(
    arguments: dict[str, Any] | None = ALL,
    command: str = "corekit export caddy cors.toml",
    standalone: str | None = None,
) -> Export:
    policy = CorsPolicy.deny_all() if arguments is None else CorsPolicy(**arguments)
    return export_policy(policy, CADDY, command=command, standalone=standalone)


def directives(text: str) -> Iterator[str]:
    """Yield the first two tokens of each line, if there are two."""
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            yield " ".join(tokens(line)[:2])


def test_text_is_what_a_person_would_write() -> None:
    assert export().files == {"cors.caddy": TEXT}


@pytest.mark.parametrize(
    "arguments",
    [ALL, PUBLIC, ANY_NAME, None, {"allow_origins": [APP]}],
    ids=["all", "public", "any-name", "nothing", "origin"],
)
def test_text_is_formatted_as_caddy_does_it(
    arguments: dict[str, Any] | None, tmp_path: Path
) -> None:
    program = require(PROXY)
    for standalone in (None, "http://127.0.0.1:8000"):
        text = export(arguments, standalone=standalone).text
        (tmp_path / "Caddyfile").write_text(text)
        command = [program, "fmt", str(tmp_path / "Caddyfile")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
        assert done.stdout == text


def test_only_what_the_policy_needs_is_written() -> None:
    assert [*directives(export(PUBLIC).text)][:7] == [
        *("route {", "@cors_preflight {", "method OPTIONS", "header Origin"),
        *("header Access-Control-Request-Method", "}", "header Access-Control-Allow-Origin"),
    ]
    assert not {"map", "vars", "Vary"} & set(export(PUBLIC).text.split())
    nothing = export(None).text
    assert "@cors_allowed" not in nothing
    assert 'respond @cors_preflight "CORS: the origin is not allowed.\n" 403\n' in nothing
    assert [line for line in directives(nothing) if line.startswith("header ")] == [
        *("header Origin", "header Access-Control-Request-Method", "header +Vary"),
        *("header {", "header -Access-Control-*"),
    ]


@pytest.mark.parametrize("listed", ["x-a, ", ""])
def test_requested_names_are_named_with_credentials(listed: str) -> None:
    headers = ["x-a", "*"] if listed else ["*"]
    exported = export({**ANY_NAME, "allow_headers": headers})
    assert len(exported.differences) == 2
    assert [*rows(exported.text, "cors_requested_method")] == [
        (r"~^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|X\$1|\*)$", ""),
        ("~(?i)^(CONNECT|TRACE|TRACK)$", ""),
        (r"~^[!#$%&'*+.^_\x60|~0-9A-Za-z-]{1,64}$", ", ${0}"),
    ]
    name = r"[!#$%&'*+.^_\x60|~0-9a-z-]+"
    assert [*rows(exported.text, "cors_requested_headers")] == [
        (r"~(^|[ ,])\*(,|$)", ""),
        (f"~^{name}(, ?{name})*$", "allowed"),
    ]
    lines = [line.strip() for line in exported.text.splitlines()]
    named = listed + "{header.Access-Control-Request-Headers}"
    value = f'"{named}"' if listed else named
    assert f"header @cors_requested_headers Access-Control-Allow-Headers {value}" in lines
    readable = "{cors_requested_headers} == 'allowed'"
    length = "size({header.Access-Control-Request-Headers})"
    assert f'@cors_requested_headers "{readable} && {length} <= 4096"' in lines
    (vary,) = (line for line in lines if line.startswith("Vary ") and "{" not in line)
    fields = ("Origin", *("Access-Control-Request-" + each for each in ("Method", "Headers")))
    expected = ", ".join((*fields, "Access-Control-Request-Private-Network"))
    assert tokens(vary) == ["Vary", expected]


def test_public_response_varies_only_by_the_private_network() -> None:
    text = export({**PUBLIC, "allow_private_network": True}).text
    assert text.count("Vary") == 1
    assert "Vary Access-Control-Request-Private-Network\n" in text


@pytest.mark.parametrize("upstream", ["http://[::1]:8000", "https://app_1.internal"])
def test_standalone_is_valid(upstream: str, tmp_path: Path) -> None:
    text = export(standalone=upstream).files["Caddyfile"]
    assert f"\treverse_proxy {upstream}\n" in text
    (tmp_path / "Caddyfile").write_text(text)
    command = [require(PROXY), "validate", "--config", str(tmp_path / "Caddyfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr


def ask(arguments: dict[str, Any], folder: Path, *requests: Request) -> Sequence[Observed]:
    """Return the responses of Caddy in front of an application."""
    policy = CorsPolicy(**arguments)
    with serving() as application:
        text = write_configuration(PROXY, policy, application.url)
        with running(PROXY, text, folder) as port:
            client = Client(port)
            seen = [client.ask(Case("", policy, each, granted())) for each in requests]
            client.close()
    return seen


def has(seen: Observed, expected: Expected) -> bool:
    headers = {name.lower(): value for name, value in seen.headers}
    return seen.status == expected.status and headers.items() >= expected.headers.items()


ODD_NAME: Final = "x-!#$%&'+.^_`|~$host$"
ODD_ORIGIN: Final = "myapp://a.b~c!$&'()+;="


def test_odd_names_are_sent_as_they_are(tmp_path: Path) -> None:
    arguments = {
        "allow_origins": [APP, ODD_ORIGIN, "myapp://*"],
        "allow_methods": ["PUT", "X$1"],
        "allow_headers": [ODD_NAME],
        "expose_headers": [ODD_NAME],
    }
    requests = preflight(), preflight(ODD_ORIGIN), actual(path="/404")
    first, second, third = ask(arguments, tmp_path, *requests)
    grant: dict[str, Any] = {"methods": "GET, HEAD, POST, PUT, X$1", "headers": ODD_NAME}
    assert has(first, granted(status=204, **grant))
    assert has(second, granted(ODD_ORIGIN, status=204, **grant))
    assert has(third, granted(status=404, exposed=ODD_NAME))


def test_odd_names_are_named_with_credentials(tmp_path: Path) -> None:
    arguments = {**ANY_NAME, "allow_methods": ["X$1", "*"], "allow_headers": [ODD_NAME, "*"]}
    request = preflight(APP, "a`b$1", "x-`$1,x-{header.Origin}"), preflight(APP, "X$1", "*b,x-`$1")
    first, second = ask(arguments, tmp_path, *request)
    common = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, X$1"
    grant: dict[str, Any] = {"status": 204, "credentials": True, "max_age": 600}
    assert has(first, granted(methods=f"{common}, a`b$1", headers=ODD_NAME, **grant))
    assert has(second, granted(methods=common, headers=f"{ODD_NAME}, *b,x-`$1", **grant))


@pytest.mark.parametrize("argument", ["allow_methods", "allow_headers", "expose_headers"])
def test_lists_may_be_very_long(argument: str, tmp_path: Path) -> None:
    name = "X" * 60_000  # the client of the test reads no longer line
    assert export({**ALL, argument: [name]}).problems == ()
    seen = ask({**ALL, argument: [name]}, tmp_path, preflight(), actual(path="/404"))
    assert any(name.lower() in value.lower() for each in seen for _, value in each.headers)


def test_list_of_requested_headers_is_as_long_as_that_of_the_policy(tmp_path: Path) -> None:
    arguments = {**ANY_NAME, "allow_headers": ["x" * 3000, "*"]}
    most = CorsPolicy(**arguments).engine.max_request_headers
    requests = [preflight(APP, "PUT", "a" * length) for length in (most, most + 1)]
    seen = ask(arguments, tmp_path, *requests)
    sent = [dict(each.headers)["Access-Control-Allow-Headers"] for each in seen]
    assert [len(each) for each in sent] == [3000 + 2 + most, 3000]


def test_origins_may_be_very_many(tmp_path: Path) -> None:
    origins = [f"https://shop-{number}.example" for number in range(5000)]
    first, last, other = ask(
        {"allow_origins": origins},
        tmp_path,
        *map(preflight, (origins[0], origins[-1], "https://shop-5000.example")),
    )
    methods = "GET, HEAD, POST"
    assert has(first, granted(origins[0], status=204, methods=methods))
    assert has(last, granted(origins[-1], status=204, methods=methods))
    assert other.status == 403
