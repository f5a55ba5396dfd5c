"""The command `corekit explain`: why a page may read a response, by a policy or a live server."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from shlex import quote
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from corekit import CorsPolicy, CorsRoutes
from corekit.browser import ENGINES, BrowserModel, Fetch, Quirks
from corekit.browser.messages import CREDENTIALS_MODES, FETCH_MODES
from corekit.browser.urls import parse_url
from corekit.explain import Explanation, Step, explain, explain_outcome, find_error, read_origin
from corekit.explain.codes import Meaning, find_code

from .client import Client, Limits
from .options import header_option, limit_options, needing_django, read_call, require_policy
from .output import CommandError, json_option, make_console, print_json, print_wrapped

_API: Final = "https://api.example.com/"
_INDENT: Final = "   "
_ACTORS: Final = {"page": "magenta", "browser": "cyan", "server": "blue"}
_SCRIPT_ERRORS: Final = ("failed to fetch", "networkerror when attempting to fetch", "load failed")
# Chromium's messages contain both.
_find_url = re.compile(r" at '(https?://[^'\s]{1,2000})'").search
_find_check_id = re.compile(r"\b(?:corekit_django\.|^)([EW]\d{3})\b", re.IGNORECASE).search
_find_origin = re.compile(r" from origin '([^'\s]{1,400})'").search


@click.command("explain", short_help="Explain why a page may read a response or not.")
@click.argument("message", required=False)
@click.option("--origin", metavar="ORIGIN", help="Origin of the page that calls.")
@click.option("--method", metavar="METHOD", help="Method that the page calls.  [default: GET]")
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
@click.option("--url", metavar="URL", help="Live server to call.")
@click.option(
    "--api",
    metavar="URL",
    help=f"URL that the page calls, without a live server.  [default: {_API}]",
)
@click.option(
    "--engine",
    type=click.Choice(list(ENGINES)),
    default="standard",
    show_default=True,
    help="Browser engine whose quirks to apply.",
)
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
    url: str | None,
    api: str | None,
    engine: str,
    send_unsafe: bool,
    limits: Limits,
    as_json: bool,
) -> None:
    """Explain what a browser does with a request, step by step, and how to make it succeed.

    MESSAGE is the message of a browser's console, the name of a failure, a line of corekit's log,
    or a code such as max-age, ORIGIN_NOT_ALLOWED or corekit_django.W001. Without it, --origin
    is the page that calls, and --policy or --url the server that responds. With both, the response
    of the live server is compared with the policy. Only GET and OPTIONS are sent, unless
    --send-unsafe is given.

    \b
    Examples:
      corekit explain --policy cors.toml --origin https://app.example.com
      corekit explain --policy app.main:policy --method PUT \\
          --origin http://localhost:3000 --credentials include
      corekit explain --url https://api.example.com/items \\
          --origin https://app.example.com --header authorization
      corekit explain PreflightMissingAllowOriginHeader
      corekit explain \\
          "Reason: CORS header 'Access-Control-Allow-Origin' missing"

    \b
    Exit status:
      0  the page may read the response, or the message is known
      1  the page may not read it
      2  the command could not reach a verdict
    """
    if message is not None:
        _explain_message(message, is_alone=not (origin or policy or url), as_json=as_json)
        return
    if origin is None or not (policy or url):
        raise click.UsageError("Pass --origin and --policy or --url, or a browser's message.")
    if url is not None and api is not None:
        raise click.UsageError("Pass --url or --api, not both.")
    fetch = read_call(url or api or _API, method or "GET", headers, credentials, mode)
    quirks = ENGINES[engine]
    found = None if policy is None else require_policy(policy)
    try:
        if found is not None and url is None:
            explanation = explain(found, fetch, page=origin, quirks=quirks)
        else:
            with Client(limits, send_unsafe=send_unsafe) as client:
                explanation = _explain_server(client, fetch, origin, found, quirks)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--origin") from error
    if as_json:
        print_json(explanation.to_dict())
    else:
        _print_explanation(make_console(), explanation)
    raise SystemExit(0 if explanation.allowed else 1)


def _explain_server(
    client: Client, fetch: Fetch, page: str, policy: CorsPolicy | CorsRoutes | None, quirks: Quirks
) -> Explanation:
    model = BrowserModel(clock=time.monotonic, quirks=quirks)
    outcome = model.fetch(client.send, page, fetch)
    explanation = explain_outcome(outcome, fetch, page=page, policy=policy, quirks=quirks)
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


def _explain_message(message: str, *, is_alone: bool, as_json: bool) -> None:
    if not is_alone:
        raise click.UsageError("Pass a browser's message without other options.")
    meanings = _find_meanings(message)
    if not meanings:
        hint = "Pass --origin and --url to find out what the server responds."
        if any(text in message.lower() for text in _SCRIPT_ERRORS):
            hint = "Pass the message of the browser's console, or --origin and --url."
            raise CommandError("This is all that scripts learn about a failed request.", hint)
        raise CommandError("This is not a known message or code.", hint)
    command = _next_command(message)
    (name, text, hint), *others = meanings
    if as_json:
        further = [{"message": each.message, "hint": each.hint} for each in others]
        found = {"name": name, "message": text, "hint": hint, "others": further, "next": command}
        print_json(found)
        return
    console = make_console()
    console.print(Text(name, "bold"))
    if not others:
        print_wrapped(console, Text(text))
        _print_list(console, "How to fix it", filter(None, [hint]))
    else:
        print_wrapped(console, Text(f"It is reported for one of {len(meanings)} causes:"))
        for number, each in enumerate(meanings, 1):
            console.print()
            print_wrapped(console, Text(each.message), first=f"{number}. ", rest=_INDENT)
            if each.hint:
                print_wrapped(console, Text(each.hint, "green"), first=_INDENT, rest=_INDENT)
    if command is not None:
        console.print(Text("\nTo see what the server responds:", "bold"))
        console.print(Text(f"{_INDENT}{command}"), soft_wrap=True)


def _find_meanings(text: str) -> tuple[Meaning, ...]:
    info = find_error(text)
    if info is not None:
        return (Meaning(info.name, info.message, info.hint),)
    return find_code(text) or _find_check(text)


def _find_check(text: str) -> tuple[Meaning, ...]:
    """Return what a system check of Django means whose id is in a text."""
    found = _find_check_id(text)
    if found is None:
        return ()
    name = f"corekit_django.{found[1].upper()}"
    with needing_django(name):
        from .django_settings import describe_check  # noqa: PLC0415 - Django may be missing
    described = describe_check(found[1].upper())
    return () if described is None else (Meaning(name, *described),)


def _next_command(message: str) -> str | None:
    """Return the command that calls the server of a message; None if the message has no URL."""
    url, origin = _find_url(message), _find_origin(message)
    if url is None or origin is None or read_origin(origin[1])[1] is not None:
        return None
    try:
        # A message can come from anywhere; what is parsed is printable.
        parsed = parse_url(url[1])
    except ValueError:
        return None
    return f"corekit explain --url {quote(str(parsed))} --origin {quote(origin[1])}"


def _print_explanation(console: Console, explanation: Explanation) -> None:
    style = "bold green" if explanation.allowed else "bold red"
    print_wrapped(console, Text(explanation.summary, style))
    for number, step in enumerate(explanation.steps, 1):
        console.print()
        head = Text.assemble((step.actor, _ACTORS[step.actor]), ": ", (step.title, "bold"))
        print_wrapped(console, head, first=f"{number}. ", rest=_INDENT)
        for detail in step.details:
            print_wrapped(console, Text(detail), first=_INDENT, rest=f"{_INDENT}  ")
    _print_list(console, "Near misses", (near.message for near in explanation.near_misses))
    _print_list(console, "How to fix it", (fix.message for fix in explanation.fixes))


def _print_list(console: Console, title: str, messages: Iterable[str]) -> None:
    for number, message in enumerate(messages):
        if not number:
            console.print(Text(f"\n{title}:", "bold"))
        print_wrapped(console, Text(message), first=_INDENT, rest=_INDENT)
