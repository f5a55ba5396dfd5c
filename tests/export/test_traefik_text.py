"""What an export for Traefik is: one middleware, or a file that runs, without unescaped values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from corekit import CorsPolicy
from corekit.export import TARGETS, Export, export_policy
from tests.conformance.case import APP, Case, Request, actual, granted, preflight
from tests.conformance.table import Observed
from tests.export.proxies import running, serving, write_configuration
from tests.export.traefik import TRAEFIK as PROXY
from tests.export.traefik import options
from tests.frameworks.client import Client

TRAEFIK: Final = TARGETS["traefik"]

ALL: Final[dict[str, Any]] = {
    "allow_origins": [APP, "https://*.preview.example.com", "http://localhost:*"],
    "allow_credentials": True,
    "allow_methods": ["PUT", "DELETE"],
    "allow_headers": ["content-type"],
    "expose_headers": ["x-total"],
    "max_age": 600,
}
PUBLIC: Final[dict[str, Any]] = {"allow_origins": ["*"], "allow_methods": ["*"]}

TEXT: Final = r"""# CORS policy {fingerprint} for Traefik 3.0 or newer, written by:
#     corekit export traefik cors.toml
# Level: browser-equal.
# - Preflights get status 200, also if the origin is not allowed, and no Vary: no cache may store
#   responses to OPTIONS.
# - All Access-Control-* headers but Access-Control-Allow-Origin are sent to every origin. Browsers
#   ignore them without it.
# - Of several lines of Vary, only the first is kept, and the middleware compress adds one before
#   those of the application. Origin may be named twice.
# - Of several Origin headers, the first is read. Browsers send one.
# - Patterns also match origins that no browser sends: with a port above 65535 or the default port,
#   with a host of more than 254 characters, or with an IPv6 address in another spelling.

# Name this middleware in each router that the policy covers, before all others.

http:
  middlewares:
    cors:
      headers:
        accessControlAllowOriginList:
          - 'https://app.example.com'
        accessControlAllowOriginListRegex:
          - '^https://([a-z0-9_-]{1,63}\.)+preview\.example\.com$'
          - '^http://localhost(:[1-9][0-9]{0,4})?$'
        accessControlAllowCredentials: true
        accessControlAllowMethods:
          - 'GET'
          - 'HEAD'
          - 'POST'
          - 'PUT'
          - 'DELETE'
        accessControlAllowHeaders:
          - 'content-type'
        accessControlExposeHeaders:
          - 'x-total'
        accessControlMaxAge: 600
        addVaryHeader: true
        # The headers of the application are removed.
        customResponseHeaders:
          Access-Control-Allow-Credentials: ''
          Access-Control-Allow-Headers: ''
          Access-Control-Allow-Methods: ''
          Access-Control-Allow-Origin: ''
          Access-Control-Allow-Private-Network: ''
          Access-Control-Expose-Headers: ''
          Access-Control-Max-Age: ''
""".replace("{fingerprint}", CorsPolicy(**ALL).fingerprint)


def export(
    arguments: dict[str, Any] | None = ALL,
    command: str = "corekit export traefik cors.toml",
    standalone: str | None = None,
) -> Export:
    policy = CorsPolicy.deny_all() if arguments is None else CorsPolicy(**arguments)
    return export_policy(policy, TRAEFIK, command=command, standalone=standalone)


def test_text_is_what_a_person_would_write() -> None:
    assert export().files == {"cors.yml": TEXT}


def test_only_what_the_policy_needs_is_written() -> None:
    public = options(export(PUBLIC).text)
    assert [*public] == [
        *("accessControlAllowOriginList", "accessControlAllowMethods", "accessControlMaxAge"),
        "customResponseHeaders",
    ]
    assert public["accessControlAllowOriginList"] == ["*"]
    assert public["accessControlAllowMethods"][-1] == "*"
    nothing = options(export(None).text)
    assert not {"accessControlAllowOriginList", "accessControlAllowOriginListRegex"} & set(nothing)
    assert nothing["addVaryHeader"] is True


@pytest.mark.parametrize(("max_age", "written"), [(None, 5), (0, 0), (600, 600)])
def test_max_age_is_written(max_age: int | None, written: int) -> None:
    # Without it, Traefik before 3.7 sends 0.
    exported = export({**ALL, "max_age": max_age})
    assert options(exported.text)["accessControlMaxAge"] == written
    assert any("Max-Age is 5" in each for each in exported.differences) is (max_age is None)


def test_differences_of_a_policy_for_any_origin() -> None:
    first, second = export(PUBLIC).differences
    assert first.startswith("Preflights get status 200")
    assert second.startswith("Access-Control-Max-Age is 5")


@pytest.mark.parametrize(
    ("changes", "code", "subject"),
    [
        ({"allow_methods": ["PUT", "*"]}, "any-name-not-exported", "allow_methods"),
        ({"allow_headers": ["x-a", "*"]}, "any-name-not-exported", "allow_headers"),
        ({"allow_private_network": True}, "private-network-not-exported", "allow_private_network"),
    ],
)
def test_refused(changes: dict[str, Any], code: str, subject: str) -> None:
    exported = export({**ALL, **changes})
    assert exported.files == {}
    assert [(each.code, each.severity, each.subject) for each in exported.problems] == [
        (code, "error", subject)
    ]


@pytest.mark.parametrize("upstream", ["http://[::1]:8000", "https://app_1.internal"])
def test_upstream_is_written(upstream: str) -> None:
    text = export(standalone=upstream).files["dynamic.yml"]
    (server,) = yaml.safe_load(text)["http"]["services"]["application"]["loadBalancer"]["servers"]
    assert server == {"url": upstream}


def ask(arguments: dict[str, Any], folder: Path, *requests: Request) -> Sequence[Observed]:
    """Return the responses of Traefik in front of an application."""
    policy = CorsPolicy(**arguments)
    with serving() as application:
        text = write_configuration(PROXY, policy, application.url)
        with running(PROXY, text, folder) as port:
            client = Client(port)
            seen = [client.ask(Case("", policy, each, granted())) for each in requests]
            client.close()
    return seen


def value(seen: Observed, name: str) -> str | None:
    headers = {name.lower(): value for name, value in seen.headers}
    return headers.get(f"access-control-{name}")


ODD_NAME: Final = "x-!#$%&'+.^_`|~$host$"
ODD_ORIGIN: Final = "myapp://a.b~c!$&'()+;="


def test_odd_names_are_sent_as_they_are(tmp_path: Path) -> None:
    names = ["~", "null", "1e3", "&a", "-", ODD_NAME]
    arguments = {
        "allow_origins": [APP, ODD_ORIGIN, "myapp://*"],
        "allow_methods": ["PUT", "X$1", "`'"],
        "allow_headers": names,
        "expose_headers": names,
    }
    requests = preflight(), preflight(ODD_ORIGIN), preflight("myapp://a'b"), actual(path="/404")
    first, *others, last = ask(arguments, tmp_path, *requests)
    assert value(first, "allow-methods") == "GET,HEAD,POST,PUT,X$1,`'"
    assert value(first, "allow-headers") == value(last, "expose-headers") == ",".join(names)
    assert [value(each, "allow-origin") for each in others] == [ODD_ORIGIN, "myapp://a'b"]


@pytest.mark.parametrize("action", ["{{ fail `x` }}", "{{", "{{{{ . }}}}"])
def test_command_is_not_an_action_of_a_template(action: str, tmp_path: Path) -> None:
    text = export(command=f"corekit export traefik '{action}.toml'").text
    assert "{{" not in text
    standalone = write_configuration(PROXY, CorsPolicy(**ALL), "http://127.0.0.1:9")
    with running(PROXY, text.partition("\n\n")[0] + "\n" + standalone, tmp_path):
        pass


@pytest.mark.parametrize("argument", ["allow_methods", "allow_headers", "expose_headers"])
def test_lists_may_be_very_long(argument: str, tmp_path: Path) -> None:
    name = "X" * 60_000  # the client of the test reads no longer line
    assert export({**ALL, argument: [name]}).problems == ()
    seen = ask({**ALL, argument: [name]}, tmp_path, preflight(), actual(path="/404"))
    assert any(name.lower() in value.lower() for each in seen for _, value in each.headers)


def test_origins_may_be_very_many(tmp_path: Path) -> None:
    origins = [f"https://shop-{number}.example" for number in range(5000)]
    asked = origins[0], origins[-1], "https://shop-5000.example"
    seen = ask({"allow_origins": origins}, tmp_path, *map(preflight, asked))
    assert [value(each, "allow-origin") for each in seen] == [*asked[:2], None]
