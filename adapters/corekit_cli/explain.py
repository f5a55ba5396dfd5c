"""The command `corekit explain`: why a page may read a response, by a policy or a live server."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from corekit import CorsPolicy, CorsRoutes
from corekit.browser import ENGINES, BrowserModel, Fetch, LocalNetwork, Quirks
from corekit.browser.messages import CREDENTIALS_MODES, FETCH_MODES
from corekit.browser.sites import is_trustworthy
from corekit.browser.urls import parse_url
from corekit.explain import (
    Explanation,
    Fix,
    Step,
    explain,
    explain_handshake,
    explain_outcome,
)
from corekit.explain.call import path_of
from corekit.explain.guarding import WEBSOCKET_SCHEMES
from corekit.guard import CrossOriginGuard
from corekit.lookups import Lookup

from .client import Client, Limits
from .explain_message import explain_message
from .options import (
    Networks,
    django_option,
    header_option,
    limit_options,
    network_options,
    read_call,
)
from .output import json_option, make_console, print_list, print_report, print_wrapped
from .sources import names_application, needing_django, reading, require_file, requiring

_API: Final = "https://api.example.com/"
_INDENT: Final = "   "
_WITHOUT_HEADERS: Final = {"MissingAllowOriginHeader", "PreflightMissingAllowOriginHeader"}
_NOTE_ON_HANDLERS: Final = (
    "The policies of single handlers, set with cors(), are not known to this command. If the"
    " handler has one, call it with corekit_testing.Browser instead of following the fixes."
)
_NOTE_ON_VIEWS: Final = (
    "The policies of single views, set with cors(), are not known to this command. If the view has"
    " one, use 'manage.py cors' instead of following the fixes."
)
_NOTE_ON_WEBSOCKETS: Final = (
    "CORS_GUARD judges a WebSocket if its application is wrapped in corekit_asgi.GuardMiddleware,"
    " with corekit_django.get_guard()."
)
_NOTE_ON_GUARD: Final = (
    "The guard of the policy is not compared with the live server. Pass --api instead of --url to"
    " explain it."
)
_ACTORS: Final = {"page": "magenta", "browser": "cyan", "server": "blue"}


@click.command("explain", short_help="Explain why a page may read a response or not.")
@click.argument("message", required=False)
@click.option("--origin", metavar="ORIGIN", help="Origin of the page that calls.")
@click.option(
    "-X", "--method", metavar="METHOD", help="Method that the page calls.  [default: GET]"
)
@header_option
@click.option(
    "--credentials",
    type=click.Choice(CREDENTIALS_MODES),
    default="same-origin",
    show_default=True,
    help="As in fetch().",
)
@click.option(
    "--mode",
    type=click.Choice(FETCH_MODES),
    default="cors",
    show_default=True,
    help="As in fetch().",
)
@click.option("--policy", metavar="FILE|IMPORT_PATH|-", help="Policy of the server.")
@django_option
@click.option("--url", metavar="URL", help="Live server to call.")
@click.option(
    "--api",
    metavar="URL",
    help="URL that the page calls, without a live server.  [default: the first of the guard's"
    f" hosts, or {_API}]",
)
@click.option("--host", metavar="HOST", help="Host that the guard sees.  [default: that of --api]")
@click.option(
    "--engine",
    type=click.Choice(list(ENGINES)),
    default="standard",
    show_default=True,
    help="Browser engine whose quirks to apply.",
)
@network_options
@click.option("--send-unsafe", is_flag=True, help="Send PUT, DELETE and the like to --url.")
@limit_options
@json_option
def explain_call(
    *,
    message: str | None,
    origin: str | None,
    method: str | None,
    headers: Sequence[str],
    credentials: str,
    mode: str,
    policy: str | None,
    settings: str | None,
    url: str | None,
    api: str | None,
    host: str | None,
    engine: str,
    networks: Networks,
    send_unsafe: bool,
    limits: Limits,
    as_json: bool,
) -> None:
    """Explain what a browser does with a request, step by step, and how to make it succeed.

    MESSAGE is the message of a browser's console, the name of a failure, a line of corekit's log,
    or a code such as max-age, ORIGIN_NOT_ALLOWED or corekit_django.W001. Without it, --origin
    is the page that calls, and --policy, --django or --url the server that responds. With a policy
    and --url, the response of the live server is compared with the policy. Only GET and OPTIONS are
    sent, unless --send-unsafe is given.

    If the policy has a guard, the output also shows whether that lets the request pass. If the URL
    of --api begins with wss://, the page opens a WebSocket.

    \b
    Examples:
      corekit explain --policy cors.toml --origin https://app.example.com
      corekit explain --policy app.main:policy --method PUT \\
          --origin http://localhost:3000 --credentials include
      corekit explain --django shop.settings \\
          --origin http://localhost:3000 --api http://localhost:8000/api/
      corekit explain --url https://api.example.com/items \\
          --origin https://app.example.com --header authorization
      corekit explain --policy cors.toml --api http://localhost:8000/ \\
          --origin https://app.example.com --address-space public
      corekit explain --policy cors.toml --api wss://api.example.com/live \\
          --origin https://app.example.com
      corekit explain PreflightMissingAllowOriginHeader
      corekit explain \\
          "Reason: CORS header 'Access-Control-Allow-Origin' missing"

    \b
    Exit status:
      0  the page may read the response, or the message is known
      1  the page may not read it, or the guard refuses the request
      2  the command could not reach a verdict, for example since a
         look-up decides about the origin
    """
    if message is not None:
        if origin or policy or url or settings is not None:
            raise click.UsageError("Pass a browser's message without other options.")
        explain_message(message, as_json=as_json)
        return
    handshake = api if api and api.partition(":")[0].lower() in WEBSOCKET_SCHEMES else None
    origin = _check_usage(origin, policy, settings, url, api)
    if handshake is not None and (method or headers):
        raise click.UsageError("Pass a WebSocket's URL without --method and --header.")
    fetch = read_call(
        url or api or _API if handshake is None else f"http{handshake[2:]}",
        method or "GET",
        headers,
        credentials,
        mode,
        target_address_space=networks.target,
    )
    quirks = ENGINES[engine]
    path = None if handshake else path_of(fetch.url)
    found, guard, lookup, special = _find_policy(policy, settings, path)
    if url is None and api is None:
        fetch = replace(fetch, url=_find_api(guard))
    network = networks.read(fetch.url)
    if host is not None and (guard is None or url is not None):
        raise click.UsageError("Pass --host with a policy that has a guard, and without --url.")
    try:
        if handshake is not None:
            cookies = credentials != "omit"
            explanation = explain_handshake(
                guard, handshake, page=origin, cookies=cookies, host=host
            )
        elif found is not None and url is None:
            explanation = explain(
                found,
                fetch,
                page=origin,
                quirks=quirks,
                address_space=network,
                guard=guard,
                host=host,
                lookup=lookup,
            )
        else:
            with Client(limits, send_unsafe=send_unsafe) as client:
                explanation = _explain_server(
                    client, fetch, origin, found, quirks=quirks, network=network
                )
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--origin") from error
    if special and not explanation.allowed:
        explanation = _fix_special(explanation, special, is_live=url is not None)
    is_unjudged = guard is not None and url is not None
    note = (
        _NOTE_ON_GUARD
        if is_unjudged
        else _find_note(policy, settings, is_handshake=handshake is not None)
    )
    if as_json:
        print_report({**explanation.to_dict(), "note": note})
    else:
        _print_explanation(make_console(), explanation, note)
    raise SystemExit(0 if explanation.succeeds else 1 if explanation.lookup is None else 2)


def _check_usage(
    origin: str | None, policy: str | None, settings: str | None, url: str | None, api: str | None
) -> str:
    """Return the origin of the page; raises `click.UsageError` if the options do not fit."""
    if origin is None or (policy is None and settings is None and url is None):
        raise click.UsageError(
            "Pass --origin and --policy, --django or --url, or a browser's message."
        )
    if policy is not None and settings is not None:
        raise click.UsageError("Pass --policy or --django, not both.")
    if url is not None and api is not None:
        raise click.UsageError("Pass --url or --api, not both.")
    return origin


def _find_api(guard: CrossOriginGuard | None) -> str:
    """Return the URL that a page calls by default: one under which the guard knows the server."""
    hosts = () if guard is None or guard.hosts is None else guard.hosts
    host = next((each for each in hosts if "*" not in each), None)
    if host is None:
        return _API
    is_local = is_trustworthy(parse_url(f"http://{host}/"))
    return f"{'http' if is_local else 'https'}://{host}/"


def _fix_special(explanation: Explanation, special: str, *, is_live: bool) -> Explanation:
    """Return an explanation with the fix for a path that no policy of Django covers."""
    failure = explanation.failure
    is_uncovered = not is_live or (failure is not None and failure.name in _WITHOUT_HEADERS)
    fix = Fix(
        f"Change CORS_URLS_REGEX, or call another path: {special}."
        if is_uncovered
        else f"Look for what writes the headers of the response, since {special}. 'manage.py"
        " cors' shows the policy of the view, which may have its own."
    )
    return replace(explanation, near_misses=(), fixes=(fix,))


def _find_policy(
    policy: str | None, settings: str | None, path: str | None
) -> tuple[CorsPolicy | CorsRoutes | None, CrossOriginGuard | None, Lookup | None, str]:
    """Return the policy to explain, its guard, its look-up, and why it excludes a path, if so."""
    if policy is not None:
        file = require_file(policy)
        return file.require(), file.guard, file.lookup, ""
    if settings is None:
        return None, None, None, ""
    with needing_django("--django"):
        from .django_settings import find_policy_of_path  # noqa: PLC0415 - Django may be missing
    how = f"--django {settings}".strip()
    with reading(), requiring(settings or "--django", how):
        return find_policy_of_path(settings, path)


def _find_note(policy: str | None, settings: str | None, *, is_handshake: bool) -> str | None:
    """Return which policies the command does not know, if there may be some."""
    if settings is not None:
        return _NOTE_ON_WEBSOCKETS if is_handshake else _NOTE_ON_VIEWS
    return _NOTE_ON_HANDLERS if names_application(policy or "") else None


def _explain_server(
    client: Client,
    fetch: Fetch,
    page: str,
    policy: CorsPolicy | CorsRoutes | None,
    *,
    quirks: Quirks,
    network: LocalNetwork | None,
) -> Explanation:
    model = BrowserModel(clock=time.monotonic, quirks=quirks, address_space=network)
    outcome = model.fetch(client.send, page, fetch)
    explanation = explain_outcome(
        outcome, fetch, page=page, policy=policy, quirks=quirks, address_space=network
    )
    if not client.assumed:
        return explanation
    last = max(at for at, step in enumerate(explanation.steps) if step.kind == "response")
    step = Step(
        "response",
        "server",
        f"Did not receive the request: {fetch.method} is sent only with --send-unsafe",
        ("Its response is assumed to allow what the preflight response allows.",),
    )
    return replace(
        explanation,
        summary=f"According to the preflight: {explanation.summary}",
        steps=(*explanation.steps[:last], step),
        outcome=replace(explanation.outcome, exchanges=explanation.outcome.exchanges[:-1]),
    )


def _print_explanation(console: Console, explanation: Explanation, note: str | None) -> None:
    style = "bold green" if explanation.allowed else "bold red"
    print_wrapped(console, Text(explanation.summary, style))
    for number, step in enumerate(explanation.steps, 1):
        console.print()
        head = Text.assemble((step.actor, _ACTORS[step.actor]), ": ", (step.title, "bold"))
        print_wrapped(console, head, first=f"{number}. ", rest=_INDENT)
        for detail in step.details:
            print_wrapped(console, Text(detail), first=_INDENT, rest=f"{_INDENT}  ")
    print_list(console, "Near misses", (near.message for near in explanation.near_misses))
    print_list(console, "How to fix it", (fix.message for fix in explanation.fixes))
    print_list(console, "Note", filter(None, [note]))
